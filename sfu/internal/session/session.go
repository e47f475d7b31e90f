package session

import (
	"crypto/rand"
	"errors"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/rtcp"

	"github.com/zvonok/zvonok/sfu/internal/egress"
	"github.com/zvonok/zvonok/sfu/internal/port"
	"github.com/zvonok/zvonok/sfu/internal/seal"
	"github.com/zvonok/zvonok/sfu/internal/slotsdp"
)

// State is what has become of a session.
type State uint8

// The states.
const (
	// Connecting: no keys yet.
	Connecting State = iota
	// Connected: packets may be sealed and sent.
	Connected
	// Failed: no sign of life for too long, or the handshake failed. It stays so.
	Failed
)

// Events are told to whoever listens; any of them may be nil.
type Events struct {
	// State runs on a goroutine of the session and may wait, but not for [Session.Close].
	State func(State)
	// The others tell the subscriber's RTCP. They run on the port's goroutine and must not wait; slices and packets are
	// the callee's. NACK asks for sequence numbers of a stream again, Keyframe for a picture that needs no other; a shard,
	// too, says the latter when a slow path has room again.
	NACK     func(ssrc uint32, numbers []uint16)
	Keyframe func(ssrc uint32)
	// Transport is one packet of transport-wide feedback as it came, valid during the call only; it is false when it
	// cannot be read. Report is one block of a receiver report.
	Transport func(packet []byte) bool
	Report    func(rtcp.ReceptionReport)
}

// credentials are one generation of ours.
type credentials struct{ ufrag, password string }

// Session is one transport. Its methods may be called from any goroutine.
type Session struct {
	host         *Host
	fingerprints []slotsdp.Fingerprint
	dest         egress.Dest
	events       atomic.Pointer[Events]
	keys         atomic.Pointer[keys]
	rtcpIndex    atomic.Uint32
	// heard is when the client last proved that it is there, in time since the host's origin.
	heard atomic.Int64

	mu sync.Mutex // guards what follows
	// held are the credentials that the client may use: the current ones, and those of a restart until it has used them.
	held      []credentials
	addresses []netip.AddrPort // that proved themselves, the latest last
	selected  netip.AddrPort
	nominated bool
	state     State
	closed    bool
	link      *link // nil before the handshake, and while parked
	// parked is the DTLS connection while nobody says anything on it.
	parked *dtls.State

	wg sync.WaitGroup
}

var _ port.Receiver = (*Session)(nil)

// Open makes a session for a client whose certificate has one of the fingerprints.
func (h *Host) Open(fingerprints []slotsdp.Fingerprint) (*Session, error) {
	s := &Session{host: h, fingerprints: fingerprints}
	s.heard.Store(int64(h.now()))
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, ErrClosed
	}
	c, err := s.claim()
	if err != nil {
		return nil, err
	}
	s.held = []credentials{c}
	h.sessions[s] = struct{}{}
	return s, nil
}

// claim makes credentials of ours and routes their checks here.
func (s *Session) claim() (credentials, error) {
	for range 3 {
		c := credentials{rand.Text()[:16], rand.Text() + rand.Text()[:6]}
		err := s.host.cfg.Port.Claim(c.ufrag, s)
		if err == nil {
			return c, nil
		}
		if !errors.Is(err, port.ErrTaken) {
			return credentials{}, err
		}
	}
	return credentials{}, port.ErrTaken
}

// Local gives our ICE credentials: the newest.
func (s *Session) Local() (ufrag, password string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.held[len(s.held)-1]
	return c.ufrag, c.password
}

// Restart makes new ICE credentials (RFC 8839, section 4.4.1.1.1). Media goes on by the old ones until the client has
// used the new. The client's own new credentials do not matter to us: we never check it.
func (s *Session) Restart() (ufrag, password string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return "", "", ErrClosed
	}
	c, err := s.claim()
	if err != nil {
		return "", "", err
	}
	if len(s.held) > 1 { // of a restart that the client never took up
		s.host.cfg.Port.Release(s, []string{s.held[1].ufrag}, nil)
	}
	s.held = []credentials{s.held[0], c}
	return c.ufrag, c.password, nil
}

// Listen sets who is told, from now on.
func (s *Session) Listen(e Events) { s.events.Store(&e) }

// Sealer seals what is sent to the client; nil until the session is connected.
func (s *Session) Sealer() *seal.Sealer {
	if k := s.keys.Load(); k != nil {
		return k.out
	}
	return nil
}

// Ready says whether packets may be sealed and sent now.
func (s *Session) Ready() bool { return s.dest.Ready() && s.keys.Load() != nil }

// Dest is where the client's datagrams go. The session moves, opens and closes it.
func (s *Session) Dest() *egress.Dest { return &s.dest }

// RTCPIndex gives the number of the next RTCP packet to be sealed: each is used once.
func (s *Session) RTCPIndex() uint32 { return s.rtcpIndex.Add(1) }

// Receive implements [port.Receiver].
func (s *Session) Receive(from netip.AddrPort, kind port.Kind, data []byte) {
	switch kind {
	case port.STUN:
		s.check(from, data)
	case port.DTLS:
		s.record(data)
	case port.RTCP:
		s.report(data)
	case port.RTP, port.Unknown:
		s.host.drop(DropUnwanted)
	}
}

// alive notes a sign of life that nobody else could have given.
func (s *Session) alive() {
	s.heard.Store(int64(s.host.now()))
	s.reopen()
}

func (s *Session) reopen() {
	if !s.dest.Ready() && s.keys.Load() != nil {
		s.mu.Lock()
		if s.state == Connected && !s.closed && s.selected.IsValid() {
			s.dest.Open()
		}
		s.mu.Unlock()
	}
}

// look stops sending to a client that is silent, and gives it up in the end.
func (s *Session) look(now time.Duration) {
	heard := s.heard.Load()
	silent := now - time.Duration(heard)
	if silent > consent {
		s.dest.Close()
		if s.heard.Load() != heard { // a sign came between the two, and found nothing closed
			s.reopen()
			return
		}
	}
	if silent > s.host.cfg.Timeout {
		s.become(Failed)
	}
}

// become tells a change of state.
func (s *Session) become(state State) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.state == state || s.state == Failed {
		return
	}
	s.state = state
	if state == Connected {
		s.dest.Open()
	} else {
		s.dest.Close()
	}
	if e := s.events.Load(); e != nil && e.State != nil {
		s.wg.Go(func() { e.State(state) })
	}
}

// Close says goodbye to the client, ends everything and waits for the session's goroutines. It is idempotent.
func (s *Session) Close() {
	s.mu.Lock()
	was := s.closed
	s.closed = true
	var fragments []string
	for _, c := range s.held {
		fragments = append(fragments, c.ufrag)
	}
	addresses, link, parked := s.addresses, s.link, s.parked
	s.parked = nil
	s.mu.Unlock()
	if !was {
		s.dest.Close()
		if link != nil {
			link.end()
		}
		if parked != nil {
			s.goodbye(parked)
		}
		s.host.cfg.Port.Release(s, fragments, addresses)
		s.host.mu.Lock()
		delete(s.host.sessions, s)
		s.host.mu.Unlock()
	}
	s.wg.Wait()
}
