package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/zvonok/zvonok/api/signin"
	"github.com/zvonok/zvonok/cmd/zvonok/demo"
	"github.com/zvonok/zvonok/cmd/zvonok/lancert"
)

// greeting is what --json prints; tests and scripts read it.
type greeting struct {
	URL    string       `json:"url"`
	HTTPS  string       `json:"https"`
	Links  []demo.Link  `json:"links"`
	Lesson *demo.Lesson `json:"lesson"`
	Setup  *string      `json:"setup"`
}

// welcome tells people where to click, once everything answers.
func (s *server) welcome(ctx context.Context) error {
	g := greeting{URL: s.web.plainURL(), HTTPS: s.web.secureURL(), Links: []demo.Link{}}
	base := s.settings.PublicURL
	for _, candidate := range []string{g.URL, g.HTTPS} {
		if base == "" {
			base = candidate
		}
	}
	control, err := openControl(ctx, s.settings.Data, s.catalog, base)
	if err != nil {
		// A very long path, say. The server does without; zvonok admin will say that nobody answers.
		s.log.Warn("no control socket", "err", err)
	}
	s.control = control
	schools, err := s.catalog.SchoolCount(ctx)
	if err != nil {
		return fmt.Errorf("count schools: %w", err)
	}
	if s.key.fresh && schools > 0 {
		s.log.Error("the master key is new although there is a school already: recordings made with another key cannot be opened until it is back")
	}
	fmt.Fprintf(s.out, "\nZvonok is ready: %s\n", base)
	s.tellNetwork(g.HTTPS, base)
	switch {
	case s.settings.demo:
		made, err := demo.Make(ctx, s.catalog, base, time.Now())
		if err != nil {
			return fmt.Errorf("demo school: %w", err)
		}
		g.Links, g.Lesson = made.Links, &made.Lesson
		tellDemo(s, made)
	case schools == 0:
		link, err := s.setupLink(ctx, base)
		if err != nil {
			return err
		}
		g.Setup = &link
		fmt.Fprintf(s.out, "\nThere is no school yet. Set it up within a day with this link, which works once:\n  %s\n", link)
	}
	if !s.settings.json {
		return nil
	}
	return json.NewEncoder(s.out).Encode(g)
}

// tellNetwork says how others get in, and what their browsers will ask.
func (s *server) tellNetwork(secure, base string) {
	if secure == "" || secure == base {
		return
	}
	fmt.Fprintf(s.out, "\nFrom other devices on this network: %s\n", secure)
	if s.web.generated {
		fmt.Fprintf(s.out, "  The certificate is this server's own, so browsers warn once: click Advanced (Дополнительно), then Proceed (Перейти на сайт).\n"+
			"  Its SHA-256 fingerprint: %s\n", lancert.Fingerprint(s.web.certificate))
	}
}

func tellDemo(s *server, made demo.School) {
	fmt.Fprintf(s.out, "\n%s, lesson today: %s. Sign-in links, each good once within a day:\n", demo.SchoolName, made.Lesson.Title)
	for _, l := range made.Links {
		fmt.Fprintf(s.out, "  %-8s %-3s %s\n           %s\n", l.Role, l.Class, l.Name, l.URL)
	}
}

func (s *server) setupLink(ctx context.Context, base string) (string, error) {
	token, hash := signin.NewToken()
	now := time.Now().UTC()
	if err := s.catalog.AddSetupLink(ctx, hash, now, now.Add(signin.LinkLife)); err != nil {
		return "", fmt.Errorf("set-up link: %w", err)
	}
	return base + "/setup/" + token, nil
}
