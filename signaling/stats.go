package signaling

import (
	"maps"
	"sync/atomic"

	"github.com/zvonok/zvonok/storage/policy"
	"github.com/zvonok/zvonok/storage/tally"
)

// Stats is what the server's rooms have seen. Counters begin at the program's start. Every map has the same keys for as
// long as the server lives, whatever clients send.
type Stats struct {
	Rooms int
	// People inside by role: student, teacher, admin, device.
	People map[string]int
	// Messages by their t; "unknown" for those that there are none of. Refused by code.
	Messages, Refused map[string]uint64
	// Resumed sessions, on a new socket.
	Resumed uint64
	// Joins is from a socket's beginning to the welcome, its hello included.
	Joins tally.Reading
}

const (
	unknownMessage = "unknown"
	roleDevice     = "device"
)

// counts are behind [Stats]; any goroutine counts.
type counts struct {
	messages, refused map[string]*atomic.Uint64
	resumed           atomic.Uint64
	joins             *tally.Durations
}

func newCounts() *counts {
	c := &counts{
		messages: map[string]*atomic.Uint64{unknownMessage: {}}, refused: map[string]*atomic.Uint64{},
		joins: tally.New(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
	}
	for _, r := range routes() {
		c.messages[r.Name] = &atomic.Uint64{}
	}
	for _, code := range []Code{
		BadMessage, TooLarge, TooFast, NotAllowed, NotNow, Elsewhere, BadOffer, OldClient, Ended, SentOut, Unavailable,
	} {
		c.refused[string(code)] = &atomic.Uint64{}
	}
	return c
}

func (c *counts) message(name string) {
	n := c.messages[name]
	if n == nil {
		n = c.messages[unknownMessage]
	}
	n.Add(1)
}

func (c *counts) refusal(code string) {
	n := c.refused[code]
	if n == nil {
		n = c.refused[string(Unavailable)]
	}
	n.Add(1)
}

// Stats reads the figures.
func (s *Server) Stats() Stats {
	out := Stats{
		People:   map[string]int{string(policy.Student): 0, string(policy.Teacher): 0, string(policy.Admin): 0, roleDevice: 0},
		Messages: map[string]uint64{}, Refused: map[string]uint64{}, Resumed: s.counts.resumed.Load(), Joins: s.counts.joins.Read(),
	}
	for name, n := range s.counts.messages {
		out.Messages[name] = n.Load()
	}
	for code, n := range s.counts.refused {
		out.Refused[code] = n.Load()
	}
	for _, r := range s.openRooms() {
		out.Rooms++
		for role, n := range *r.roles.Load() {
			if _, known := out.People[role]; known {
				out.People[role] += n
			}
		}
	}
	return out
}

// countRoles tells who is inside by role, for whoever watches.
func (r *room) countRoles() {
	now := map[string]int{}
	for _, s := range r.sessions {
		role := s.who.Person.Role
		if s.door != nil {
			role = roleDevice
		}
		now[role]++
	}
	if !maps.Equal(now, *r.roles.Load()) {
		r.roles.Store(&now)
	}
}
