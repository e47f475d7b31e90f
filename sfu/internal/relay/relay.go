package relay

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/logging"
	"github.com/pion/stun/v4"
	"github.com/pion/turn/v5"

	"github.com/zvonok/zvonok/sfu/internal/stream"
)

const (
	realm = "zvonok"
	// perHolder bounds one person's allocations: a browser makes one for each of its networks, server and transport.
	perHolder = 32
	// holders bounds those who have any.
	holders = 8192
	// rate and burst bound what is relayed for one person in both directions together, in bytes: 40 Mbit/s.
	rate, burst = 5 << 20, 5 << 20
)

var (
	errQuota       = errors.New("relay: no such allocation for this person")
	errTCPRelaying = errors.New("relay: TCP allocations are refused")
)

// Config is what a [Server] is made of; nothing may be left out.
type Config struct {
	Switch stream.Switch
	// Ours says whether an address is one at which our media port is announced. Any goroutine calls it.
	Ours func(netip.AddrPort) bool
	// OursIP says it of the address without the port.
	OursIP func(netip.Addr) bool
	// IPv4 says that any of them is IPv4: then a client that does not ask for a family gets that one.
	IPv4 bool
	Logs logging.LoggerFactory
}

// Server relays. Its methods may be called from any goroutine.
type Server struct {
	cfg      Config
	secret   *secret
	streams  *queueListener
	counters counters

	mu      sync.Mutex
	servers []*turn.Server
	conns   map[string]*conn
	holders map[string]*holder
	legs    map[*leg]struct{}
	closed  bool
	wg      sync.WaitGroup // one for each connection and leg
}

type counters struct{ overRate, refusedPeers atomic.Uint64 }

// holder is one person's use.
type holder struct {
	name        string
	allocations int // guarded by the server's mu

	mu     sync.Mutex
	tokens float64
	last   time.Time
}

// allow takes n bytes of what the holder may have relayed.
func (h *holder) allow(n int) bool {
	now := time.Now()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.tokens = min(burst, h.tokens+now.Sub(h.last).Seconds()*rate)
	h.last = now
	if h.tokens < float64(n) {
		return false
	}
	h.tokens -= float64(n)
	return true
}

// Stats is a snapshot.
type Stats struct {
	Allocations, Connections int
	// OverRate and RefusedPeers count datagrams that were not relayed.
	OverRate, RefusedPeers uint64
}

// New starts a server without sockets.
func New(cfg Config) (*Server, error) {
	s := &Server{
		cfg: cfg, secret: newSecret(), streams: newQueueListener(), conns: map[string]*conn{}, holders: map[string]*holder{},
		legs: map[*leg]struct{}{},
	}
	err := s.start(turn.ServerConfig{ListenerConfigs: []turn.ListenerConfig{
		{Listener: s.streams, RelayAddressGenerator: generator{s}, PermissionHandler: s.permit},
	}})
	return s, err
}

// ServePacket relays for what comes on a UDP socket, and closes it in the end.
func (s *Server) ServePacket(conn net.PacketConn) error {
	return s.start(turn.ServerConfig{PacketConnConfigs: []turn.PacketConnConfig{
		{PacketConn: conn, RelayAddressGenerator: generator{s}, PermissionHandler: s.permit},
	}})
}

func (s *Server) start(c turn.ServerConfig) error {
	c.Realm, c.LoggerFactory, c.StrictAddressFamily = realm, s.cfg.Logs, s.cfg.IPv4
	c.AuthHandler, c.QuotaHandler = s.authenticate, func(who, _ string, _ net.Addr) bool { return s.room(who) }
	c.EventHandler.OnAllocationCreated = func(src, dst net.Addr, _, _, _ string, _ net.Addr, _ int) {
		if c := s.find(src, dst); c != nil {
			c.admit()
		}
	}
	c.EventHandler.OnAllocationDeleted = func(src, dst net.Addr, _, _, _ string) {
		if c := s.find(src, dst); c != nil {
			_ = c.Close()
		}
	}
	server, err := turn.NewServer(c)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.servers = append(s.servers, server)
	return nil
}

// Issue makes a credential for a person.
func (s *Server) Issue(person string, now time.Time) Credential { return s.secret.issue(person, now) }

// Take relays for a connection and closes it in the end.
func (s *Server) Take(c net.Conn) {
	wrapped := &conn{Conn: c, server: s, begun: time.Now()}
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		_ = c.Close()
		return
	}
	s.conns[key(c.RemoteAddr(), c.LocalAddr())] = wrapped
	s.wg.Add(1)
	s.mu.Unlock()
	if !s.streams.push(wrapped) {
		_ = wrapped.Close()
	}
}

func key(remote, local net.Addr) string { return remote.String() + " " + local.String() }

func (s *Server) find(remote, local net.Addr) *conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conns[key(remote, local)]
}

func (s *Server) forget(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if k := key(c.RemoteAddr(), c.LocalAddr()); s.conns[k] == c {
		delete(s.conns, k)
	}
	s.wg.Done()
}

// authenticate gives the key for a user name; whether the client has it is Pion's to check. Who has an allocation keeps
// it beyond the credential's end.
func (s *Server) authenticate(a *turn.RequestAttributes) (string, []byte, bool) {
	who, expired, ok := s.secret.holder(a.Username, time.Now())
	if !ok || a.Realm != realm {
		return "", nil, false
	}
	if expired && (a.Method == stun.MethodAllocate || !s.holds(who)) {
		return "", nil, false
	}
	return who, turn.GenerateAuthKey(a.Username, realm, s.secret.sum("password", a.Username)), true
}

func (s *Server) holds(who string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.holders[who] != nil
}

func (s *Server) room(who string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fits(who)
}

// fits is [Server.room] for who holds mu.
func (s *Server) fits(who string) bool {
	h := s.holders[who]
	return h != nil && h.allocations < perHolder || h == nil && len(s.holders) < holders
}

func (s *Server) permit(_ net.Addr, peer net.IP) bool {
	a, ok := netip.AddrFromSlice(peer)
	return ok && s.cfg.OursIP(a.Unmap())
}

// allocate makes a leg for a person, if they may have one more.
func (s *Server) allocate(who string, ipv6 bool) (*leg, error) {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil, net.ErrClosed
	}
	if who == "" || !s.fits(who) { // asked and counted under one lock: many at once get no more than their share
		s.mu.Unlock()
		return nil, errQuota
	}
	h := s.holders[who]
	if h == nil {
		h = &holder{name: who, tokens: burst, last: time.Now()}
		s.holders[who] = h
	}
	h.allocations++
	s.wg.Add(1)
	s.mu.Unlock()
	l := newLeg(s, h, ipv6)
	s.mu.Lock()
	s.legs[l] = struct{}{}
	closed := s.closed
	s.mu.Unlock()
	if closed { // meanwhile
		_ = l.Close()
		return nil, net.ErrClosed
	}
	return l, nil
}

// gone gives a leg's place back.
func (s *Server) gone(l *leg) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.legs, l)
	if l.who.allocations--; l.who.allocations == 0 {
		delete(s.holders, l.who.name)
	}
	s.wg.Done()
}

// Stats sums the counters.
func (s *Server) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Stats{
		Allocations: len(s.legs), Connections: len(s.conns),
		OverRate: s.counters.overRate.Load(), RefusedPeers: s.counters.refusedPeers.Load(),
	}
}

// Close ends all allocations, connections and sockets. It is idempotent.
func (s *Server) Close() error {
	s.mu.Lock()
	s.closed = true
	servers, conns, legs := s.servers, s.conns, s.legs
	s.servers = nil
	all := make([]interface{ Close() error }, 0, len(servers)+len(conns)+len(legs))
	for _, one := range servers {
		all = append(all, one)
	}
	for _, one := range conns {
		all = append(all, one)
	}
	for one := range legs {
		all = append(all, one)
	}
	s.mu.Unlock()
	for _, one := range all {
		_ = one.Close() // what fails to close is closed by then
	}
	s.wg.Wait()
	return nil
}

// generator makes Pion's relay sockets, which are none.
type generator struct{ server *Server }

// Validate implements turn.RelayAddressGenerator.
func (g generator) Validate() error { return nil }

// AllocatePacketConn implements turn.RelayAddressGenerator. Without a user it would be a search for an even port, which
// nobody needs since RTP and RTCP share one.
func (g generator) AllocatePacketConn(c turn.AllocateListenerConfig) (net.PacketConn, net.Addr, error) {
	l, err := g.server.allocate(c.UserID, c.Network == "udp6")
	if err != nil {
		return nil, nil, err
	}
	return l, l.relayed(), nil
}

// AllocateListener implements turn.RelayAddressGenerator.
func (g generator) AllocateListener(turn.AllocateListenerConfig) (net.Listener, net.Addr, error) {
	return nil, nil, errTCPRelaying
}

// AllocateConn implements turn.RelayAddressGenerator.
func (g generator) AllocateConn(turn.AllocateConnConfig) (net.Conn, error) {
	return nil, errTCPRelaying
}

// queueListener gives Pion the connections that somebody else accepted.
type queueListener struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newQueueListener() *queueListener {
	return &queueListener{conns: make(chan net.Conn), done: make(chan struct{})}
}

// push waits until Pion takes the connection, which it always does at once; it is false when the listener is closed.
func (l *queueListener) push(c net.Conn) bool {
	select {
	case l.conns <- c:
		return true
	case <-l.done:
		return false
	}
}

// Accept implements net.Listener.
func (l *queueListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (l *queueListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

// Addr implements net.Listener.
func (l *queueListener) Addr() net.Addr { return &net.TCPAddr{} }
