package session

import (
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"github.com/pion/stun/v4"

	"github.com/zvonok/zvonok/sfu/internal/egress"
	"github.com/zvonok/zvonok/sfu/internal/port"
)

// maxAddresses is how many addresses a client may have at once: its networks, and what NAT makes of them.
const maxAddresses = 8

// exchange is a check and its answer; Pion's integrity check writes behind the message, so that it needs a copy.
type exchange struct{ in, out stun.Message }

var exchanges = sync.Pool{New: func() any { return &exchange{} }}

var (
	errUnknownUser = errors.New("session: unknown user")
	errNoCheck     = errors.New("session: not a check")
)

// check answers a binding request (RFC 8445, section 7.3). Only who knows a password of ours gets an answer.
func (s *Session) check(from netip.AddrPort, data []byte) {
	x, _ := exchanges.Get().(*exchange)
	defer exchanges.Put(x)
	x.in.Raw = append(x.in.Raw[:0], data...)
	if err := x.in.Decode(); err != nil || x.in.Type != stun.BindingRequest {
		s.host.drop(DropCheck)
		return
	}
	c, err := s.authenticate(&x.in)
	if err != nil {
		s.host.drop(DropCheck)
		return
	}
	if x.in.Contains(stun.AttrICEControlled) {
		// We are lite and can be nothing but controlled (RFC 8445, sections 6.1.1 and 7.3.1.1).
		s.host.drop(DropRole)
		s.answer(from, x, c, stun.CodeRoleConflict)
		return
	}
	if !s.admit(from, c, x.in.Contains(stun.AttrUseCandidate)) {
		s.host.drop(DropAddress)
		return
	}
	s.alive() // first: who is answered is sent to
	s.answer(from, x, c, 0)
}

// authenticate finds whose password the check was made with.
func (s *Session) authenticate(m *stun.Message) (credentials, error) {
	if err := stun.Fingerprint.Check(m); err != nil {
		return credentials{}, err
	}
	user, err := m.Get(stun.AttrUsername)
	if err != nil {
		return credentials{}, err
	}
	local, _, ok := strings.Cut(string(user), ":")
	if !ok {
		return credentials{}, errNoCheck
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.held {
		if c.ufrag == local {
			return c, stun.NewShortTermIntegrity(c.password).Check(m)
		}
	}
	return credentials{}, errUnknownUser
}

// admit takes an address that has proved itself, and moves there when the client says so; before it has ever said so,
// the first address will do for the handshake. It is false when somebody else has the address.
func (s *Session) admit(from netip.AddrPort, c credentials, nominates bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.state == Failed {
		return false
	}
	restarted := len(s.held) > 1 && c == s.held[1]
	if restarted { // the client has taken the restart up
		s.host.cfg.Port.Release(s, []string{s.held[0].ufrag}, nil)
		s.held = s.held[1:]
		s.nominated = false
	}
	if i := slices.Index(s.addresses, from); i >= 0 {
		s.addresses = append(slices.Delete(s.addresses, i, i+1), from)
	} else if !s.bind(from) {
		return false
	}
	if from != s.selected && (nominates || restarted || !s.selected.IsValid()) {
		s.move(from)
	}
	s.nominated = s.nominated || nominates
	return true
}

func (s *Session) bind(from netip.AddrPort) bool {
	if !s.host.cfg.Port.Bind(from, s) {
		return false
	}
	if len(s.addresses) == maxAddresses {
		i := slices.IndexFunc(s.addresses, func(a netip.AddrPort) bool { return a != s.selected })
		s.host.cfg.Port.Release(s, nil, []netip.AddrPort{s.addresses[i]})
		s.addresses = slices.Delete(s.addresses, i, i+1)
	}
	s.addresses = append(s.addresses, from)
	return true
}

// move sends to another address from now on.
func (s *Session) move(to netip.AddrPort) {
	s.selected = to
	if port.Virtual(to) {
		s.dest.SetPath(&way{session: s, path: s.host.cfg.Port.Path(to)})
		return
	}
	s.dest.Set(to)
}

// way is a path of the port, looked up once: one that has ended refuses for ever what it is given.
type way struct {
	session *Session
	path    port.Path // nil for one that had ended already
}

// Send implements egress.Path.
func (w *way) Send(b []byte, kind egress.Kind) bool {
	if w.path == nil {
		return false
	}
	graded, ok := w.path.(port.Graded)
	if !ok {
		return w.path.Send(b)
	}
	taken, starved := graded.SendGraded(b, kind)
	if e := w.session.events.Load(); starved && e != nil && e.Keyframe != nil {
		e.Keyframe(binary.BigEndian.Uint32(b[8:]))
	}
	return taken
}

// answer is a success with the mapped address, or an error. What cannot be written is lost; the client asks again.
func (s *Session) answer(to netip.AddrPort, x *exchange, c credentials, code stun.ErrorCode) {
	m := &x.out
	m.Reset()
	setters := []stun.Setter{stun.NewTransactionIDSetter(x.in.TransactionID)}
	if code != 0 {
		setters = append(setters, stun.NewType(stun.MethodBinding, stun.ClassErrorResponse), code)
	} else {
		setters = append(setters, stun.BindingSuccess, stun.XORMappedAddress{IP: net.IP(to.Addr().AsSlice()), Port: int(to.Port())})
	}
	setters = append(setters, stun.NewShortTermIntegrity(c.password), stun.Fingerprint)
	if m.Build(setters...) == nil {
		_, _ = s.host.cfg.Port.WriteTo(m.Raw, to)
	}
}
