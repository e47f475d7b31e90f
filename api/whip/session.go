package whip

import (
	"context"
	"crypto/rand"
	"sync"

	"github.com/zvonok/zvonok/sfu"
)

// Seat is a place in a room that one session holds.
type Seat struct {
	Member sfu.Member
	// View is what a receiver looks at.
	View sfu.View
	// Leave gives the place up. It does not wait and may be called twice, from any goroutine.
	Leave func()
	// Live is called when the transport was answered: what the session publishes may be forwarded from now on. It may be
	// nil.
	Live func()
}

// session is what one POST made.
type session struct {
	id    string
	owner string
	leg   sfu.Leg
	seat  *Seat

	mu    sync.Mutex
	etag  string
	ufrag string
	// ended says that its room or its owner has ended it.
	ended bool
}

func newSession(owner string, leg sfu.Leg, ufrag string) *session {
	return &session{id: rand.Text(), owner: owner, leg: leg, etag: newTag(), ufrag: ufrag}
}

// newTag is a strong entity-tag (RFC 9110, section 8.8.3).
func newTag() string { return `"` + rand.Text() + `"` }

func (s *session) tag() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.etag
}

// restart takes new credentials and gives the session's new entity-tag.
func (s *session) restart(ctx context.Context, remote sfu.ICE) (sfu.ICE, string, error) {
	r, ok := s.seat.Member.(sfu.Restarter)
	if !ok {
		return sfu.ICE{}, "", refusalOf(sfu.ErrNoRestart)
	}
	local, err := r.RestartICE(ctx, s.leg, remote)
	if err != nil {
		return local, "", refusalOf(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.etag, s.ufrag = newTag(), remote.Ufrag
	return local, s.etag, nil
}

func (s *session) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
}

func (s *session) over() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ended
}
