package relay

import (
	"errors"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/logging"
	"github.com/pion/turn/v5"

	"github.com/zvonok/zvonok/sfu/internal/stream"
)

var ourPort = netip.MustParseAddrPort("203.0.113.7:7882")

// mirror is a media port that sends everything back.
type mirror struct {
	mu    sync.Mutex
	paths map[netip.AddrPort]stream.Path
	next  byte
}

func (m *mirror) Attach(p stream.Path) netip.AddrPort {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.next++
	at := netip.AddrPortFrom(netip.AddrFrom4([4]byte{240, 0, 0, m.next}), 1)
	m.paths[at] = p
	return at
}

func (m *mirror) Detach(at netip.AddrPort) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.paths, at)
}

func (m *mirror) Deliver(from netip.AddrPort, b []byte) {
	m.mu.Lock()
	p := m.paths[from]
	m.mu.Unlock()
	if p != nil {
		p.Send(b)
	}
}

type world struct {
	*Server
	port    *mirror
	address string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	m := &mirror{paths: map[netip.AddrPort]stream.Path{}}
	s, err := New(Config{
		Switch: m, Ours: func(a netip.AddrPort) bool { return a == ourPort },
		OursIP: func(a netip.Addr) bool { return a == ourPort.Addr() }, IPv4: true, Logs: logging.NewDefaultLoggerFactory(),
	})
	if err != nil {
		t.Fatal(err)
	}
	udp, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.ServePacket(udp); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil || len(m.paths) != 0 {
			t.Errorf("%v, %d paths left", err, len(m.paths))
		}
	})
	return &world{s, m, udp.LocalAddr().String()}
}

func (w *world) client(t *testing.T, c Credential) *turn.Client {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	client, err := turn.NewClient(&turn.ClientConfig{
		TURNServerAddr: w.address, STUNServerAddr: w.address, Username: c.Username, Password: c.Password, Conn: conn,
		RTO: 50 * time.Millisecond, LoggerFactory: logging.NewDefaultLoggerFactory(),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Listen(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close(); _ = conn.Close() })
	return client
}

func TestRelayLeadsToOurPortAndNowhereElse(t *testing.T) {
	w := newWorld(t)
	relayed, err := w.client(t, w.Issue("anna", time.Now())).Allocate()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = relayed.Close() })
	to := net.UDPAddrFromAddrPort(ourPort)
	if _, err := relayed.WriteTo([]byte("check"), to); err != nil {
		t.Fatal(err)
	}
	_ = relayed.SetReadDeadline(time.Now().Add(5 * time.Second))
	b := make([]byte, 100)
	if n, from, err := relayed.ReadFrom(b); err != nil || string(b[:n]) != "check" || from.String() != to.String() {
		t.Fatalf("%q from %v, %v", b[:n], from, err)
	}
	// A real socket that must hear nothing.
	victim, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer victim.Close() //nolint:errcheck // only read from
	for _, other := range []string{victim.LocalAddr().String(), "10.0.0.1:80", "203.0.113.8:7882", "169.254.169.254:80"} {
		if _, err := relayed.WriteTo([]byte("attack"), net.UDPAddrFromAddrPort(netip.MustParseAddrPort(other))); err == nil {
			t.Errorf("%s was taken as a peer", other)
		}
	}
	// Another port of our own address passes the permission, which knows addresses only, and goes nowhere.
	_, _ = relayed.WriteTo([]byte("attack"), &net.UDPAddr{IP: to.IP, Port: 22})
	for end := time.Now().Add(5 * time.Second); w.Stats().RefusedPeers == 0 && time.Now().Before(end); {
		tick := time.NewTimer(5 * time.Millisecond)
		<-tick.C
	}
	if s := w.Stats(); s.RefusedPeers != 1 || s.Allocations != 1 {
		t.Errorf("%+v", s)
	}
	_ = victim.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if n, _, err := victim.ReadFrom(b); err == nil {
		t.Errorf("%q came through", b[:n])
	}
}

func TestCredentialsThatAreNone(t *testing.T) {
	w := newWorld(t)
	good := w.Issue("anna", time.Now())
	expired := w.Issue("anna", time.Now().Add(-Life-time.Minute))
	expiry, rest, _ := strings.Cut(good.Username, ":")
	for name, c := range map[string]Credential{
		"expired":              expired,
		"of another server":    newSecret().issue("anna", time.Now()),
		"with another name":    {Username: expiry + ":AAAAAAAAAAAAAAAA", Password: good.Password},
		"that lives for years": {Username: "4102444800:" + rest, Password: good.Password},
		"with an empty name":   {Username: "x", Password: good.Password},
	} {
		if relayed, err := w.client(t, c).Allocate(); err == nil {
			_ = relayed.Close()
			t.Errorf("a credential %s was taken", name)
		}
	}
	if good.Username == w.Issue("boris", time.Now()).Username || strings.Contains(good.Username, "anna") {
		t.Error("user names do not keep people apart, or tell who they are")
	}
	if s := w.Stats(); s.Allocations != 0 {
		t.Errorf("%+v", s)
	}
}

func TestTCPAllocationsAreRefused(t *testing.T) {
	w := newWorld(t)
	if relayed, err := w.client(t, w.Issue("anna", time.Now())).AllocateTCP(); err == nil {
		_ = relayed.Close()
		t.Error("a TCP allocation was made")
	}
}

func TestOnePersonHasSoManyAllocations(t *testing.T) {
	w := newWorld(t)
	anna := w.Issue("anna", time.Now())
	for range perHolder {
		relayed, err := w.client(t, anna).Allocate()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = relayed.Close() })
	}
	// A later credential of the same person counts with the earlier one.
	if relayed, err := w.client(t, w.Issue("anna", time.Now().Add(time.Second))).Allocate(); err == nil {
		_ = relayed.Close()
		t.Error("one too many")
	}
	relayed, err := w.client(t, w.Issue("boris", time.Now())).Allocate()
	if err != nil {
		t.Fatal("another person's:", err)
	}
	_ = relayed.Close()
}

// Many allocations at once pass the same bound as one after another.
func TestAllocationsAtOnceAreCounted(t *testing.T) {
	w := newWorld(t)
	var granted atomic.Int64
	var all sync.WaitGroup
	for range 4 * perHolder {
		all.Go(func() {
			l, err := w.allocate("anna", false)
			if err != nil {
				return
			}
			granted.Add(1)
			t.Cleanup(func() { _ = l.Close() })
		})
	}
	all.Wait()
	if n := granted.Load(); n != perHolder {
		t.Errorf("%d allocations, want %d", n, perHolder)
	}
}

func TestAHolderHasSoMuch(t *testing.T) {
	h := &holder{tokens: burst, last: time.Now()}
	passed := 0
	for range 3 * burst / 1200 {
		if h.allow(1200) {
			passed += 1200
		}
	}
	if passed > burst+rate {
		t.Errorf("%d bytes passed at once", passed)
	}
}

// TestStreamsAreBounded: what Pion would buffer without end never reaches it.
func TestStreamsAreBounded(t *testing.T) {
	w := newWorld(t)
	for name, sent := range map[string][]byte{
		"a message of 65,535 bytes": {0, 3, 0xff, 0xff, 0x21, 0x12, 0xa4, 0x42},
		"channel data of as many":   {0x40, 0, 0xff, 0xff},
		"neither":                   {0x90, 0, 0, 4, 1, 2, 3, 4},
	} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		accepted, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		w.Take(accepted)
		_, _ = c.Write(sent)
		_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
		var timeout net.Error
		if _, err := c.Read(make([]byte, 1)); errors.As(err, &timeout) && timeout.Timeout() || err == nil {
			t.Errorf("%s: %v, want the end of the connection", name, err)
		}
		_ = errors.Join(c.Close(), l.Close())
	}
}
