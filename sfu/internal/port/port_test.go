package port

import (
	"bytes"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/pion/stun/v4"
)

// inbox is a session that keeps what it gets.
type inbox struct {
	mu   sync.Mutex
	got  []arrival
	more chan struct{}
}

type arrival struct {
	from netip.AddrPort
	kind Kind
	data string
}

func newInbox() *inbox { return &inbox{more: make(chan struct{}, 1)} }

func (i *inbox) Receive(from netip.AddrPort, kind Kind, data []byte) {
	i.mu.Lock()
	i.got = append(i.got, arrival{from, kind, string(data)})
	i.mu.Unlock()
	select {
	case i.more <- struct{}{}:
	default:
	}
}

func (i *inbox) wait(t *testing.T, n int) []arrival {
	t.Helper()
	limit := time.After(10 * time.Second)
	for {
		i.mu.Lock()
		got := i.got
		i.mu.Unlock()
		if len(got) >= n {
			return got
		}
		select {
		case <-i.more:
		case <-limit:
			t.Fatalf("%d datagrams, not %d", len(got), n)
		}
	}
}

func open(t *testing.T, addr string) (*Port, *net.UDPConn) {
	t.Helper()
	conn, err := net.ListenPacket("udp", addr)
	if err != nil {
		t.Fatal(err)
	}
	p, err := New(conn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	client, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), p.Local().Port())))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return p, client
}

func addressOf(c *net.UDPConn) netip.AddrPort { return c.LocalAddr().(*net.UDPAddr).AddrPort() }

func check(t *testing.T, username string) []byte {
	t.Helper()
	m, err := stun.Build(stun.TransactionID, stun.BindingRequest, stun.NewUsername(username),
		stun.NewShortTermIntegrity("password"), stun.Fingerprint)
	if err != nil {
		t.Fatal(err)
	}
	return m.Raw
}

func rtp(n int, mark byte) []byte {
	b := bytes.Repeat([]byte{mark}, n)
	b[0], b[1] = 0x80, 96
	return b
}

func TestDatagramsFindTheirSession(t *testing.T) {
	for name, wrap := range map[string]func(net.PacketConn) net.PacketConn{
		"batched": func(c net.PacketConn) net.PacketConn { return c },
		"plain":   func(c net.PacketConn) net.PacketConn { return struct{ net.PacketConn }{c} },
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := net.ListenPacket("udp", ":0") // both families: addresses come mapped
			if err != nil {
				t.Fatal(err)
			}
			p, err := New(wrap(conn))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = p.Close() }()
			client, err := net.Dial("udp", net.JoinHostPort("127.0.0.1", port(p)))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = client.Close() }()
			from := addressOf(client.(*net.UDPConn))
			s := newInbox()
			if err := p.Claim("ours", s); err != nil {
				t.Fatal(err)
			}
			if err := p.Claim("ours", newInbox()); err != ErrTaken {
				t.Errorf("claimed twice: %v", err)
			}
			send(t, client, check(t, "ours:theirs"))
			if got := s.wait(t, 1)[0]; got.kind != STUN || got.from != from {
				t.Errorf("%+v", got)
			}
			p.Bind(from, s)
			send(t, client, rtp(100, 1))
			send(t, client, []byte{22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
			got := s.wait(t, 3)
			if got[1].kind != RTP || got[2].kind != DTLS {
				t.Errorf("%+v", got)
			}
			if _, err := p.WriteTo([]byte("back"), from); err != nil {
				t.Error(err)
			}
			buf := make([]byte, 100)
			if n, err := client.Read(buf); err != nil || string(buf[:n]) != "back" {
				t.Errorf("%q %v", buf[:n], err)
			}
			p.Release(s, []string{"ours"}, []netip.AddrPort{from})
			send(t, client, rtp(100, 2))
			send(t, client, check(t, "ours:theirs"))
			if n, a, err := p.Facade().ReadFrom(buf); err != nil || Classify(buf[:n]) != STUN || a.(*net.UDPAddr).AddrPort() != from {
				t.Errorf("what is no session's did not reach the facade: %v %v", a, err)
			}
			if d := p.Stats().Dropped[DropStranger]; d != 1 {
				t.Errorf("%d strangers", d)
			}
		})
	}
}

func port(p *Port) string {
	_, s, _ := net.SplitHostPort(p.Local().String())
	return s
}

func send(t *testing.T, c net.Conn, b []byte) {
	t.Helper()
	if _, err := c.Write(b); err != nil {
		t.Fatal(err)
	}
}

func TestTheFacadeKnowsWhomItAnswered(t *testing.T) {
	p, client := open(t, "127.0.0.1:0")
	f := p.Facade()
	if _, err := f.WriteTo([]byte("answer"), client.LocalAddr()); err != nil {
		t.Fatal(err)
	}
	send(t, client, rtp(50, 7))
	buf := make([]byte, 100)
	n, from, err := f.ReadFromAddrPort(buf)
	if err != nil || !bytes.Equal(buf[:n], rtp(50, 7)) || from != addressOf(client) {
		t.Errorf("%x from %v: %v", buf[:n], from, err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if _, _, err := f.ReadFrom(buf); err != net.ErrClosed {
		t.Errorf("read after close: %v", err)
	}
}

func TestJunkIsCountedAndLeavesNothing(t *testing.T) {
	p, client := open(t, "127.0.0.1:0")
	s := newInbox()
	p.Bind(addressOf(client), s)
	const each = 100
	stranger, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(p.Local()))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stranger.Close() }()
	for i := range each {
		send(t, stranger, rtp(100, byte(i)))
		send(t, stranger, []byte{0x7f, 1, 2})
		send(t, stranger, make([]byte, 3000))
		send(t, stranger, check(t, "nobody:x"))
		// a mark behind each round, so that the kernel's buffer never overflows
		send(t, client, rtp(20, byte(i)))
		s.wait(t, i+1)
	}
	got := p.Stats()
	if got.Dropped[DropStranger] != each || got.Dropped[DropUnknown] != each || got.Dropped[DropTruncated] != each ||
		got.Dropped[DropStrangerQueue] != each-strangerQueue {
		t.Errorf("%+v", got)
	}
	if n := len(*p.addresses.Load()) + len(*p.fragments.Load()) + len(*p.facade.known.Load()); n != 1 {
		t.Errorf("%d entries in the tables", n)
	}
}

// wire is a path that keeps what it is given.
type wire struct{ sent chan string }

func (w *wire) Send(b []byte) bool {
	w.sent <- string(b)
	return true
}

func TestAPathIsAnAddressLikeAnyOther(t *testing.T) {
	p, _ := open(t, "127.0.0.1:0")
	w := &wire{make(chan string, 4)}
	a := p.Attach(w)
	if b := p.Attach(w); a == b || !Virtual(a) || !Virtual(b) {
		t.Fatalf("addresses %v and %v", a, b)
	}
	s := newInbox()
	if err := p.Claim("frag", s); err != nil {
		t.Fatal(err)
	}
	p.Deliver(a, check(t, "frag:x"))
	if got := s.wait(t, 1)[0]; got.from != a {
		t.Errorf("from %v", got.from)
	}
	for _, write := range []func([]byte, netip.AddrPort) (int, error){p.WriteTo, p.Facade().WriteToAddrPort} {
		if _, err := write([]byte("out"), a); err != nil || <-w.sent != "out" {
			t.Errorf("write: %v", err)
		}
	}
	p.Deliver(a, rtp(40, 3)) // the facade has answered it
	buf := make([]byte, 100)
	if n, from, err := p.Facade().ReadFromAddrPort(buf); n != 40 || from != a || err != nil {
		t.Errorf("%d from %v: %v", n, from, err)
	}
	p.Detach(a)
	if _, err := p.WriteTo([]byte("out"), a); err == nil {
		t.Error("wrote to a path that has gone")
	}
	p.Deliver(a, check(t, "frag:x"))
	p.arrived(a, check(t, "frag:x"))
	if d := p.Stats().Dropped[DropVirtual]; d != 2 {
		t.Errorf("%d forged", d)
	}
}

func TestASessionsDatagramAllocatesNothing(t *testing.T) {
	p, client := open(t, "127.0.0.1:0")
	s := &counting{}
	p.Bind(addressOf(client), s)
	if err := p.Claim("frag", s); err != nil {
		t.Fatal(err)
	}
	media, stun := rtp(1200, 1), check(t, "frag:x")
	from := addressOf(client)
	if n := testing.AllocsPerRun(1000, func() { p.arrived(from, media); p.arrived(from, stun) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if s.n < 2000 {
		t.Errorf("%d arrived", s.n)
	}
}

type counting struct{ n int }

func (c *counting) Receive(netip.AddrPort, Kind, []byte) { c.n++ }

func FuzzClassify(f *testing.F) {
	m, err := stun.Build(stun.TransactionID, stun.BindingRequest, stun.NewUsername("a:b"), stun.Fingerprint)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(m.Raw)
	f.Add(rtp(20, 1))
	f.Add([]byte{22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		if Classify(b) != STUN {
			return
		}
		got := LocalFragment(b)
		m := &stun.Message{Raw: b}
		if err := m.Decode(); err != nil || m.Type != stun.BindingRequest {
			return
		}
		var want stun.Username
		if want.GetFrom(m) == nil {
			if local, _, ok := bytes.Cut(want, []byte(":")); ok && !bytes.Equal(local, got) {
				t.Errorf("%q, by Pion %q", got, local)
			}
		}
	})
}
