package sfu

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/zvonok/zvonok/sfu/internal/port"
	"github.com/zvonok/zvonok/sfu/internal/relay"
	"github.com/zvonok/zvonok/sfu/internal/stream"
)

// Credential lets somebody use the relay (TURN, long-term mechanism) until it expires.
type Credential struct {
	Username, Password string
	Expires            time.Time
}

// ways are the ways to the media port besides its socket: TCP connections, and the relay.
type ways struct {
	door  *stream.Door
	relay *relay.Server
	// ports are the TCP ports that clients are told.
	ports   []uint16
	serving sync.WaitGroup

	mu     sync.Mutex
	own    []netip.Addr
	looked time.Time
}

// lookAgain is how long the list of this machine's addresses is believed.
const lookAgain = 5 * time.Second

// listenMedia binds UDP and, when it is wanted, the TCP port of the same number.
func listenMedia(cfg *Config) (net.PacketConn, net.Listener, error) {
	_, wanted, err := net.SplitHostPort(cfg.Listen)
	if err != nil {
		return nil, nil, err
	}
	for try := 0; ; try++ {
		conn, err := net.ListenPacket("udp", cfg.Listen)
		if err != nil || !cfg.TCP {
			return conn, nil, err
		}
		l, err := net.Listen("tcp", conn.LocalAddr().String())
		if err == nil {
			return conn, l, nil
		}
		_ = conn.Close()
		if wanted != "0" || !errors.Is(err, syscall.EADDRINUSE) || try == 20 {
			return nil, nil, err
		}
	}
}

// openWays makes the door and the relay; listener may be nil.
func (s *Server) openWays(listener net.Listener, logs pionLogs) error {
	w := &s.ways
	addresses, _ := s.ownAddresses()
	var err error
	w.relay, err = relay.New(relay.Config{
		Switch: pathSwitch{s.port}, Ours: s.isOurs, OursIP: func(a netip.Addr) bool { return s.isOurs(netip.AddrPortFrom(a, s.port.Local().Port())) },
		IPv4: len(addresses) == 0 || slices.ContainsFunc(addresses, netip.Addr.Is4), Logs: logs,
	})
	if err != nil {
		return fmt.Errorf("relay: %w", err)
	}
	w.door = stream.NewDoor(stream.Config{Switch: pathSwitch{s.port}, Turn: w.relay.Take})
	w.ports = slices.Clone(s.cfg.StreamPorts)
	if listener != nil {
		w.ports = append([]uint16{s.port.Local().Port()}, w.ports...)
		w.serving.Go(func() { _ = w.door.Serve(listener) })
	}
	return nil
}

func (w *ways) close() {
	if w.door == nil {
		return
	}
	_ = w.relay.Close()
	_ = w.door.Close()
	w.serving.Wait()
}

// Stream takes a connection that somebody else has accepted, with TLS taken off if there was any, and that begins with
// STUN: framed (RFC 4571) it is ICE, bare it is TURN. It does not wait; the server closes conn.
func (s *Server) Stream(conn net.Conn) { s.ways.door.Take(conn) }

// ServeRelay answers TURN on a UDP socket of its own, which the server closes in the end.
func (s *Server) ServeRelay(conn net.PacketConn) error { return s.ways.relay.ServePacket(conn) }

// RelayCredential makes a credential for the relay. On the wire it tells nothing of the person.
func (s *Server) RelayCredential(person string) Credential {
	c := s.ways.relay.Issue(person, time.Now())
	return Credential{Username: c.Username, Password: c.Password, Expires: c.Expires}
}

// isOurs says whether clients are told this address: the only ones that the relay takes as peers.
func (s *Server) isOurs(a netip.AddrPort) bool {
	if a.Port() != s.port.Local().Port() {
		return false
	}
	own, loopback := s.ownAddresses()
	return slices.Contains(own, a.Addr()) || loopback && a.Addr().IsLoopback()
}

// ownAddresses are those that clients are told, and whether those of the loopback are among them.
func (s *Server) ownAddresses() ([]netip.Addr, bool) {
	local := s.port.Local().Addr().Unmap()
	if len(s.cfg.Announce) > 0 && !s.cfg.AnnounceOwn {
		return s.cfg.Announce, false
	}
	if !local.IsUnspecified() {
		return append([]netip.Addr{local}, s.cfg.Announce...), false
	}
	w := &s.ways
	w.mu.Lock()
	defer w.mu.Unlock()
	if now := time.Now(); now.Sub(w.looked) > lookAgain {
		w.looked, w.own = now, slices.Clone(s.cfg.Announce)
		list, _ := net.InterfaceAddrs() // none: then only those that are configured
		for _, one := range list {
			if p, err := netip.ParsePrefix(one.String()); err == nil && !p.Addr().IsLoopback() {
				w.own = append(w.own, p.Addr().Unmap())
			}
		}
	}
	return w.own, s.cfg.Loopback
}

// withStreams adds to each UDP host candidate of an answer its TCP ones (RFC 6544, section 4.5).
func (s *Server) withStreams(answer string) string {
	if len(s.ways.ports) == 0 {
		return answer
	}
	var out strings.Builder
	for line := range strings.SplitAfterSeq(answer, "\r\n") {
		out.WriteString(line)
		value, ok := strings.CutPrefix(strings.TrimSuffix(line, "\r\n"), "a=candidate:")
		if !ok {
			continue
		}
		for _, c := range s.streamCandidates(value) {
			out.WriteString("a=candidate:" + c + "\r\n")
		}
	}
	return out.String()
}

// streamCandidates gives the TCP candidates that go with a UDP host candidate, all passive. Their priority is below
// that of every UDP candidate (RFC 6544, section 4.2: direction preference 4).
func (s *Server) streamCandidates(udp string) (out []string) {
	f := strings.Fields(udp)
	if len(f) < 8 || !strings.EqualFold(f[2], "udp") || f[7] != "host" {
		return nil
	}
	for i, port := range s.ways.ports {
		priority := 126<<24 | (4<<13|(8191-i))<<8 | 255
		out = append(out, fmt.Sprintf("%s9%d %s tcp %d %s %d typ host tcptype passive", f[0], i, f[1], priority, f[4], port))
	}
	return out
}

// pathSwitch is the media port as the door and the relay see it.
type pathSwitch struct{ *port.Port }

// Attach implements stream.Switch.
func (s pathSwitch) Attach(p stream.Path) netip.AddrPort { return s.Port.Attach(p) }
