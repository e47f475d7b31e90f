package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/zvonok/zvonok/api/signin"
	"github.com/zvonok/zvonok/storage/catalog"
)

// admin lets somebody who can read the server's disk back in as an administrator: by a one-time link, or with a new
// password that is typed here.
func admin(ctx context.Context, environment map[string]string, args []string) error {
	var login string
	var password bool
	own := flag.NewFlagSet("zvonok admin", flag.ContinueOnError)
	own.StringVar(&login, "login", "", "which administrator, by login; needed when there are several")
	own.BoolVar(&password, "password", false, "ask for a new password instead of printing a link")
	if err := own.Parse(args); err != nil {
		return err
	}
	if rest := own.Args(); len(rest) > 0 {
		return fmt.Errorf("unknown argument %q", rest[0])
	}
	s, err := readSettings(environment, nil, io.Discard)
	if err != nil {
		return err
	}
	if s.Data, err = filepath.Abs(s.Data); err != nil {
		return err
	}
	if err := checkSchoolFolder(s); err != nil {
		return err
	}
	ask := rescueRequest{Login: login}
	if password {
		if ask.PasswordHash, err = newPassword(ctx); err != nil {
			return err
		}
	}
	answer, err := rescueHereOrThere(ctx, s, ask)
	if err != nil {
		return err
	}
	if password {
		fmt.Printf("The password of %s (login %s) is set; their earlier sessions are over.\n", answer.Name, answer.Login)
		return nil
	}
	fmt.Printf("Sign in as %s within a day; the link works once:\n  %s\n", answer.Name, answer.URL)
	return nil
}

// rescueHereOrThere asks the server that runs in the data folder, or opens the database itself when there is none.
func rescueHereOrThere(ctx context.Context, s settings, ask rescueRequest) (rescueAnswer, error) {
	if s.DatabaseURL == "" {
		lock, err := lockFolder(s.Data)
		if errors.Is(err, errFolderBusy) {
			return askServer(ctx, s.Data, ask)
		}
		if err != nil {
			return rescueAnswer{}, err
		}
		defer lock.Close() //nolint:errcheck // the process ends
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	db, err := catalog.Open(ctx, catalog.Config{URL: s.DatabaseURL, Dir: filepath.Join(s.Data, "postgres"), Logger: log})
	if err != nil {
		return rescueAnswer{}, err
	}
	base := s.PublicURL
	if base == "" {
		base = "http://" + s.Listen
	}
	answer, err := rescue(ctx, db, base, ask, time.Now().UTC())
	return answer, errors.Join(err, db.Close())
}

// checkSchoolFolder keeps a mistyped folder from becoming an empty installation.
func checkSchoolFolder(s settings) error {
	if s.DatabaseURL != "" {
		return nil
	}
	if _, err := os.Stat(filepath.Join(s.Data, "postgres")); err != nil {
		return fmt.Errorf("there is no installation in %s (ZVONOK_DATA): %w", s.Data, err)
	}
	return nil
}

// rescueRequest wants a link for an administrator, or, with a hash, a new password.
type rescueRequest struct {
	Login        string `json:"login"`
	PasswordHash string `json:"passwordHash"`
}

type rescueAnswer struct {
	Name    string `json:"name"`
	Login   string `json:"login"`
	URL     string `json:"url"`
	Failure string `json:"failure"`
}

// rescue does it, and notes it in the audit log.
func rescue(ctx context.Context, db *catalog.Catalog, base string, ask rescueRequest, now time.Time) (rescueAnswer, error) {
	who, err := chooseAdmin(ctx, db, ask.Login)
	if err != nil {
		return rescueAnswer{}, err
	}
	answer := rescueAnswer{Name: who.Name, Login: who.Login}
	if ask.PasswordHash != "" && who.Login == "" {
		return answer, errors.New("this administrator has no login, so a password would be of no use: take a link")
	}
	err = db.In(ctx, who.SchoolID, func(tx *catalog.Tx) error {
		if ask.PasswordHash != "" {
			if err := errors.Join(tx.SetPassword(who.ID, ask.PasswordHash), tx.EndSessions(who.ID, now)); err != nil {
				return err
			}
		} else {
			token, hash := signin.NewToken()
			if err := tx.AddLink(hash, who.ID, "", now, now.Add(signin.LinkLife)); err != nil {
				return err
			}
			answer.URL = base + "/l/" + token
		}
		return tx.Audit(catalog.AuditEntry{At: now, Action: "admin.rescue", ObjectKind: "person", ObjectID: who.ID.String(), Allowed: true, Reason: "console"})
	})
	return answer, err
}

func chooseAdmin(ctx context.Context, db *catalog.Catalog, login string) (catalog.Person, error) {
	admins, err := db.AdminLogins(ctx)
	if err != nil {
		return catalog.Person{}, err
	}
	var found []catalog.Person
	var logins []string
	for _, a := range admins {
		logins = append(logins, a.Login)
		if login == "" || strings.EqualFold(a.Login, login) {
			found = append(found, a)
		}
	}
	switch {
	case len(admins) == 0:
		return catalog.Person{}, errors.New("there is no administrator yet: start the server and use the set-up link that it prints")
	case len(found) == 0:
		return catalog.Person{}, fmt.Errorf("no administrator has the login %q; there are: %s", login, strings.Join(logins, ", "))
	case len(found) > 1:
		return catalog.Person{}, fmt.Errorf("there are several administrators; choose one with --login: %s", strings.Join(logins, ", "))
	}
	return found[0], nil
}

func newPassword(ctx context.Context) (hash string, err error) {
	secret, err := askPassword("New password: ")
	if err != nil {
		return "", err
	}
	if len(secret) < signin.MinPassword || len(secret) > signin.MaxPassword {
		return "", fmt.Errorf("a password has %d to %d bytes", signin.MinPassword, signin.MaxPassword)
	}
	return signin.NewPasswords(signin.DefaultCost, 1, time.Minute).Hash(ctx, secret)
}

// askPassword reads a line from the terminal without showing it; from a pipe it reads a line.
func askPassword(prompt string) (string, error) {
	in := int(os.Stdin.Fd())
	state, err := unix.IoctlGetTermios(in, unix.TCGETS)
	if err == nil {
		fmt.Fprint(os.Stderr, prompt)
		silent := *state
		silent.Lflag &^= unix.ECHO
		if err := unix.IoctlSetTermios(in, unix.TCSETS, &silent); err != nil {
			return "", err
		}
		defer func() {
			_ = unix.IoctlSetTermios(in, unix.TCSETS, state)
			fmt.Fprintln(os.Stderr)
		}()
	}
	line, err := bufio.NewReader(os.Stdin).ReadString('\n')
	if err != nil && line == "" {
		return "", fmt.Errorf("read password: %w", err)
	}
	return strings.TrimRight(line, "\r\n"), nil
}
