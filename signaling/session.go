package signaling

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"math"
	"time"

	"github.com/google/uuid"
	"golang.org/x/time/rate"

	"github.com/zvonok/zvonok/sfu"
	"github.com/zvonok/zvonok/sfu/media"
	"github.com/zvonok/zvonok/storage/policy"
)

const (
	// replayEvents and replayBytes bound what a session keeps for a client that lost its socket. Less than a socket's
	// queue, so that a replay alone never fills it.
	replayEvents = 512
	replayBytes  = 512 << 10
)

// session is one person in one room. It survives its socket by [resumeWithin]. Everything but the first group is
// owned by the room's goroutine.
type session struct {
	// Written before the session is known to anyone.
	person uuid.UUID
	id     string // person as the wire has it
	device string
	caps   sfu.Capabilities
	limits *limits

	who   Caller // of the newest socket: its sign-in may be another than the first one's
	token string
	// socket is nil while the client is away.
	socket    *socket
	awaySince time.Time
	over      bool

	last   uint64 // number of the newest event
	recent []numbered
	bytes  int // in recent

	member   sfu.Member // nil until the room is live
	on       [media.Sources]bool
	door     *behindDoor // nil for people
	handAt   *time.Time
	joinedAt time.Time
}

type numbered struct {
	n    uint64
	data []byte
}

func newSession(who Caller, h Hello, now time.Time) *session {
	return &session{
		who: who, person: who.Person.ID, id: who.Person.ID.String(), device: h.Device, caps: capabilities(h.Capabilities),
		limits: newLimits(), token: rand.Text(), joinedAt: now,
	}
}

func (s *session) staff() bool { return staff(s.who) }

func staff(who Caller) bool {
	role := policy.Role(who.Person.Role)
	return role == policy.Teacher || role == policy.Admin
}

// emit numbers an event, keeps it for a resume, and sends it if the client is there. A device has nowhere to get it.
func (s *session) emit(name string, body json.RawMessage) {
	if s.door != nil {
		return
	}
	s.last++
	data := encodeEvent(name, s.last, body)
	s.recent = append(s.recent, numbered{s.last, data})
	s.bytes += len(data)
	for len(s.recent) > replayEvents || s.bytes > replayBytes {
		s.bytes -= len(s.recent[0].data)
		s.recent[0].data = nil
		s.recent = s.recent[1:]
	}
	if s.socket != nil {
		s.socket.send(data) // a full queue closes the socket; the room's next tick then makes the session away
	}
}

// mayResume says whether everything after the event that the client saw last is still there.
func (s *session) mayResume(r *Resume) bool {
	if r == nil || r.Last > s.last {
		return false
	}
	if subtle.ConstantTimeCompare([]byte(r.Token), []byte(s.token)) != 1 {
		return false
	}
	return r.Last == s.last || len(s.recent) > 0 && s.recent[0].n <= r.Last+1
}

// replay sends what came after last, in order.
func (s *session) replay(last uint64) {
	for _, e := range s.recent {
		if e.n > last {
			s.socket.send(e.data)
		}
	}
}

func (s *session) participant() Participant {
	p := Participant{
		ID: s.id, Name: s.who.Person.Name, Role: s.who.Person.Role, Sources: []string{},
		HandAt: stampOf(s.handAt), Away: s.socket == nil && s.door == nil, JoinedAt: stamp(s.joinedAt),
	}
	for i, on := range s.on {
		if on {
			p.Sources = append(p.Sources, media.Source(i).String())
		}
	}
	return p
}

func asks(who Caller) policy.Person {
	p := policy.Person{
		ID: who.Person.ID, School: who.Person.SchoolID, Role: policy.Role(who.Person.Role),
		Archived: who.Person.ArchivedAt != nil,
	}
	for _, c := range who.Person.Classes {
		p.Classes = append(p.Classes, c.ID)
	}
	return p
}

// limits are token buckets; they survive the socket, so that reconnecting buys nothing. Safe from any goroutine.
type limits struct {
	all, chat, offers *rate.Limiter
}

func newLimits() *limits {
	return &limits{
		all:    rate.NewLimiter(20, 80),
		chat:   rate.NewLimiter(1, 5),
		offers: rate.NewLimiter(0.5, 8),
	}
}

// allow takes a token. When there is none it says after how many seconds there will be. It goes by the machine's clock:
// a rate is no rule of the lesson.
func allow(bucket *rate.Limiter) (retryAfter int, ok bool) {
	if bucket.Allow() {
		return 0, true
	}
	return int(math.Ceil(1 / float64(bucket.Limit()))), false
}

// capabilities leaves out codecs that this server does not know: a newer browser has more.
func capabilities(c Capabilities) sfu.Capabilities {
	var known sfu.Capabilities
	for _, d := range c.Decode {
		if codec := media.ParseCodec(d.Codec); codec != media.CodecNone {
			known.Decode = append(known.Decode, sfu.Decoder{Codec: codec, Max: d.Max, Height: d.Height})
		}
	}
	for _, name := range c.Encode {
		if codec := media.ParseCodec(name); codec != media.CodecNone {
			known.Encode = append(known.Encode, codec)
		}
	}
	return known
}
