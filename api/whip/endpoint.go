package whip

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/zvonok/zvonok/sfu"
)

const (
	// MaxOffer bounds an offer's body, maxFragment that of a PATCH.
	MaxOffer    = 64 << 10
	maxFragment = 16 << 10
	// answerWithin bounds the making of an answer.
	answerWithin = 10 * time.Second

	offerType    = "application/sdp"
	fragmentType = "application/trickle-ice-sdpfrag"
)

// ICEServer is a relay that devices are told of.
type ICEServer struct{ URL, Username, Credential string }

// Config is what an [Endpoint] is made of.
type Config struct {
	// MaxSessions bounds all sessions at once; 0: 4,000.
	MaxSessions int
}

// Endpoint answers the requests of both doors. Its methods may be called from any goroutine.
type Endpoint struct {
	config Config

	mu       sync.Mutex
	sessions map[string]*session
	// coming counts sessions that are being made.
	coming int
	closed bool
}

// New makes an endpoint.
func New(config Config) *Endpoint {
	if config.MaxSessions == 0 {
		config.MaxSessions = 4000
	}
	return &Endpoint{config: config, sessions: map[string]*session{}}
}

// Visit is one request that has been let in.
type Visit struct {
	W http.ResponseWriter
	R *http.Request
	// Owner is whose sessions these are: a token and its room. Another owner's sessions do not exist.
	Owner string
	// URL is the endpoint's, absolute and without a slash at the end; sessions are one step below.
	URL string
	// Voices is how many audio lines beside the stage's are filled.
	Voices int
	// ICEServers are what the device is told of, with credentials for its session.
	ICEServers []ICEServer
}

// Enter finds the session's place in a room. ended is to be called when the room is done with it; the seat's Leave follows.
// The room may call it from any goroutine, and before Enter returns. An error may be a [Refusal].
type Enter func(ctx context.Context, offer *Offer, ended func()) (*Seat, error)

// Publish answers a POST of WHIP. An error means that nothing was written.
func (e *Endpoint) Publish(v Visit, enter Enter) error {
	return e.open(v, sfu.PublishLeg, readOffer, enter)
}

// Play answers a POST of WHEP.
func (e *Endpoint) Play(v Visit, enter Enter) error {
	read := func(body string) (*Offer, error) { return readPlayOffer(body, v.Voices) }
	return e.open(v, sfu.SubscribeLeg, read, enter)
}

func (e *Endpoint) open(v Visit, leg sfu.Leg, read func(string) (*Offer, error), enter Enter) error {
	body, err := readBody(v, offerType, MaxOffer)
	if err != nil {
		return err
	}
	offer, err := read(body)
	if err != nil {
		return err
	}
	if !e.reserve() {
		return Busy("too many sessions")
	}
	defer e.unreserve()
	ctx, cancel := context.WithTimeout(v.R.Context(), answerWithin)
	defer cancel()
	s := newSession(v.Owner, leg, offer.ufrag)
	if s.seat, err = enter(ctx, offer, func() { e.drop(s) }); err != nil {
		return refusalOf(err)
	}
	answer, err := s.negotiate(ctx, offer)
	if err == nil {
		err = e.keep(s)
	}
	if err != nil {
		s.end()
		s.seat.Leave()
		return refusalOf(err)
	}
	h := v.W.Header()
	h.Set("Content-Type", offerType)
	h.Set("Location", v.URL+"/"+s.id)
	h.Set("ETag", s.tag())
	h.Set("Accept-Patch", fragmentType)
	link(v)
	v.W.WriteHeader(http.StatusCreated)
	_, _ = io.WriteString(v.W, answer) // a device that went away shows by its silence
	return nil
}

// negotiate answers the offer and lets the media flow.
func (s *session) negotiate(ctx context.Context, offer *Offer) (answer string, err error) {
	m := s.seat.Member
	if s.leg == sfu.PublishLeg {
		p := sfu.Publication{Offer: offer.SDP, Sources: offer.Sources}
		for _, src := range offer.Sources {
			p.Allowed[src] = true
		}
		answer, err = m.Publish(ctx, p)
	} else {
		m.SetView(s.seat.View)
		answer, err = m.Subscribe(ctx, sfu.Subscription{Offer: offer.SDP, Slots: offer.Slots})
	}
	if err != nil {
		return "", err
	}
	if s.seat.Live != nil {
		s.seat.Live()
	}
	return offer.complete(answer)
}

func (e *Endpoint) reserve() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed || len(e.sessions)+e.coming >= e.config.MaxSessions {
		return false
	}
	e.coming++
	return true
}

func (e *Endpoint) unreserve() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.coming--
}

// keep makes a session findable, unless its room has ended it already.
func (e *Endpoint) keep(s *session) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed || s.over() {
		return sfu.ErrClosed
	}
	e.sessions[s.id] = s
	return nil
}

// drop ends a session. One that is only being made is told by keep.
func (e *Endpoint) drop(s *session) {
	s.end()
	e.mu.Lock()
	_, kept := e.sessions[s.id]
	delete(e.sessions, s.id)
	e.mu.Unlock()
	if kept {
		s.seat.Leave()
	}
}

func (e *Endpoint) find(owner, id string) (*session, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	s := e.sessions[id]
	if s == nil || s.owner != owner {
		return nil, refuse(http.StatusNotFound, "no such session")
	}
	return s, nil
}

// Patch answers trickled candidates and ICE restarts (RFC 9725, section 4.3).
func (e *Endpoint) Patch(v Visit, id string) error {
	s, err := e.find(v.Owner, id)
	if err != nil {
		return err
	}
	body, err := readBody(v, fragmentType, maxFragment)
	if err != nil {
		return err
	}
	match := strings.Join(v.R.Header.Values("If-Match"), ",")
	switch {
	case match == "":
		return refuse(http.StatusPreconditionRequired, "If-Match is required")
	case !matches(match, s.tag()):
		return refuse(http.StatusPreconditionFailed, "another ICE session")
	}
	remote, err := readFragment(body)
	if err != nil {
		return err
	}
	s.mu.Lock()
	same := remote.Ufrag == "" || remote.Ufrag == s.ufrag
	s.mu.Unlock()
	if same {
		v.W.WriteHeader(http.StatusNoContent)
		return nil
	}
	ctx, cancel := context.WithTimeout(v.R.Context(), answerWithin)
	defer cancel()
	local, tag, err := s.restart(ctx, remote)
	if err != nil {
		return err
	}
	v.W.Header().Set("Content-Type", fragmentType)
	v.W.Header().Set("ETag", tag)
	link(v)
	v.W.WriteHeader(http.StatusOK)
	_, _ = io.WriteString(v.W, fragmentOf(local)) // as above
	return nil
}

// matches is If-Match with strong comparison (RFC 9110, section 13.1.1).
func matches(header, tag string) bool {
	for t := range strings.SplitSeq(header, ",") {
		if t = strings.TrimSpace(t); t == "*" || t == tag {
			return true
		}
	}
	return false
}

// Delete ends a session; entity-tags do not matter.
func (e *Endpoint) Delete(v Visit, id string) error {
	s, err := e.find(v.Owner, id)
	if err != nil {
		return err
	}
	e.drop(s)
	v.W.WriteHeader(http.StatusOK)
	return nil
}

// Sessions is how many there are.
func (e *Endpoint) Sessions() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.sessions)
}

// Close takes no more sessions and gives up the places of those that are.
func (e *Endpoint) Close() {
	e.mu.Lock()
	e.closed = true
	left := e.sessions
	e.sessions = map[string]*session{}
	e.mu.Unlock()
	for _, s := range left {
		s.end()
		s.seat.Leave()
	}
}

// readBody takes a body of one media type.
func readBody(v Visit, mediaType string, limit int64) (string, error) {
	kind, _, _ := strings.Cut(v.R.Header.Get("Content-Type"), ";")
	if !strings.EqualFold(strings.TrimSpace(kind), mediaType) {
		v.W.Header().Set("Accept-Post", offerType)
		return "", refuse(http.StatusUnsupportedMediaType, "send %s", mediaType)
	}
	body, err := io.ReadAll(http.MaxBytesReader(v.W, v.R.Body, limit))
	if err != nil {
		if _, tooLarge := err.(*http.MaxBytesError); tooLarge { //nolint:errorlint // the reader's own, unwrapped
			return "", refuse(http.StatusRequestEntityTooLarge, "at most %d bytes", limit)
		}
		return "", refuse(http.StatusBadRequest, "body not read: %v", err)
	}
	return string(body), nil
}

// link tells of relays (RFC 9725, section 4.6).
func link(v Visit) {
	for _, s := range v.ICEServers {
		value := fmt.Sprintf(`<%s>; rel="ice-server"`, s.URL)
		if s.Username != "" {
			value += fmt.Sprintf(`; username="%s"; credential="%s"; credential-type="password"`, s.Username, s.Credential)
		}
		v.W.Header().Add("Link", value)
	}
}

// AllowOrigins lets pages of any site use the doors: the bearer is the right, no cookie is.
func AllowOrigins(h http.Header) {
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Expose-Headers", "Location, ETag, Link, Retry-After, Accept-Patch, WWW-Authenticate")
}

// Options answers a preflight, of the endpoint or of a session.
func Options(w http.ResponseWriter, session bool) {
	h := w.Header()
	AllowOrigins(h)
	methods := "OPTIONS, POST"
	if session {
		methods = "OPTIONS, PATCH, DELETE"
		h.Set("Accept-Patch", fragmentType)
	} else {
		h.Set("Accept-Post", offerType)
	}
	h.Set("Allow", methods)
	h.Set("Access-Control-Allow-Methods", methods)
	h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, If-Match")
	h.Set("Access-Control-Max-Age", "86400")
	w.WriteHeader(http.StatusOK)
}
