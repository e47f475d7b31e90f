package api

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/zvonok/zvonok/api/whip"
	"github.com/zvonok/zvonok/sfu"
	"github.com/zvonok/zvonok/sfu/media"
)

// OpenConfig is what [Open] is made of.
type OpenConfig struct {
	Version string
	// Media carries the rooms; whoever made it closes it, after the Open.
	Media   *sfu.Server
	Figures func() []Figure
	Logger  *slog.Logger
}

// Open is the doors with no school around them, for benchmarks on one machine: POST /whip/{name} publishes,
// POST /whep/{name} receives what that name publishes, before and after it begins to. There is no token: it answers this
// machine only.
type Open struct {
	config  OpenConfig
	doors   *whip.Endpoint
	metrics *metrics
	mux     *http.ServeMux

	mu     sync.Mutex
	rooms  map[string]*openRoom
	opened uint64
	closed bool
	ending sync.WaitGroup
}

const (
	// publisher is the one who publishes in an open room.
	publisher media.ParticipantID = "publisher"
	// tallest asks for the best picture there is.
	tallest     = 16384
	maxOpenName = 200
	// maxOpenSessions is more than a machine carries.
	maxOpenSessions = 100_000
)

// NewOpen makes the handler.
func NewOpen(config OpenConfig) *Open {
	o := &Open{
		config: config, doors: whip.New(whip.Config{MaxSessions: maxOpenSessions}),
		metrics: newMetrics(config.Version, config.Figures), mux: http.NewServeMux(), rooms: map[string]*openRoom{},
	}
	for door, post := range map[string]func(whip.Visit, string) error{"whip": o.publish, "whep": o.play} {
		path := "/" + door + "/{name}"
		o.handle("POST "+path, door, post)
		o.handle("PATCH "+path+"/{session}", door, func(v whip.Visit, _ string) error { return o.doors.Patch(v, v.R.PathValue("session")) })
		o.handle("DELETE "+path+"/{session}", door, func(v whip.Visit, _ string) error { return o.doors.Delete(v, v.R.PathValue("session")) })
		for place, session := range map[string]bool{path: false, path + "/{session}": true} {
			o.handle("OPTIONS "+place, door, func(v whip.Visit, _ string) error { whip.Options(v.W, session); return nil })
			o.handle("GET "+place, door, func(v whip.Visit, _ string) error { v.W.WriteHeader(http.StatusNoContent); return nil })
		}
	}
	o.mux.Handle("GET /metrics", o.metrics.handler())
	o.mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	return o
}

// ServeHTTP answers one request; those that did not come to a loopback address by its name are not from here.
func (o *Open) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !isLoopback(r.RemoteAddr) || !localHost(r.Host) {
		writeProblem(w, problem(http.StatusForbidden, CodeForbidden, "this server is for this machine"))
		return
	}
	o.mux.ServeHTTP(w, r)
}

// localHost keeps pages of the web away that made their own name point here.
func localHost(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = hostport
	}
	address, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return host == "localhost" || err == nil && address.IsLoopback()
}

func (o *Open) handle(pattern, door string, do func(v whip.Visit, name string) error) {
	o.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		whip.AllowOrigins(w.Header())
		name := r.PathValue("name")
		v := whip.Visit{W: w, R: r, Owner: door + "/" + name, URL: "http://" + r.Host + "/" + door + "/" + r.PathValue("name")}
		err := do(v, name)
		status := http.StatusOK
		if err != nil {
			p := problemOf(doorRefusal(err))
			if p.Status >= http.StatusInternalServerError {
				o.config.Logger.Error("request failed", "err", err)
			}
			writeProblem(w, p)
			status = p.Status
		}
		o.metrics.request(r.Method, "/"+door, status, time.Since(began))
	})
}

func writeProblem(w http.ResponseWriter, p *Problem) {
	for name, values := range p.GetHeaders() {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Type", p.ContentType(""))
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // a client that went away
}

func (o *Open) publish(v whip.Visit, name string) error {
	return o.doors.Publish(v, func(ctx context.Context, offer *whip.Offer, ended func()) (*whip.Seat, error) {
		seat, err := o.enter(ctx, name, publisher, offer.Capabilities, ended)
		if err != nil {
			return nil, err
		}
		seat.Live = func() {
			for _, src := range offer.Sources {
				seat.Member.SetSource(src, true)
			}
		}
		return seat, nil
	})
}

func (o *Open) play(v whip.Visit, name string) error {
	return o.doors.Play(v, func(ctx context.Context, offer *whip.Offer, ended func()) (*whip.Seat, error) {
		seat, err := o.enter(ctx, name, media.ParticipantID(rand.Text()), offer.Capabilities, ended)
		if err != nil {
			return nil, err
		}
		seat.View = sfu.View{Stage: publisher, StageOnly: true, StageHeight: tallest}
		return seat, nil
	})
}

// enter takes a place in a name's room; a new publisher takes that of an earlier one.
func (o *Open) enter(ctx context.Context, name string, id media.ParticipantID, caps sfu.Capabilities, ended func()) (*whip.Seat, error) {
	if len(name) > maxOpenName {
		return nil, &whip.Refusal{Status: http.StatusNotFound, Detail: "the name is too long"}
	}
	seat := &openSeat{id: id, ended: ended}
	var once sync.Once
	r, before, err := o.sit(name, seat)
	if err != nil {
		return nil, err
	}
	if before != nil {
		before.ended()
	}
	member, err := r.media.Join(ctx, id, caps)
	if err != nil {
		o.leave(r, seat)
		return nil, err
	}
	return &whip.Seat{Member: member, Leave: func() {
		once.Do(func() {
			member.Leave()
			o.leave(r, seat)
		})
	}}, nil
}
