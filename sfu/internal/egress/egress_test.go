package egress

import (
	"bytes"
	"math/rand/v2"
	"net"
	"net/netip"
	"testing"
	"time"
)

func listen(t testing.TB, network, address string) *net.UDPConn {
	t.Helper()
	conn, err := net.ListenPacket(network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	udp := conn.(*net.UDPConn)
	_ = udp.SetReadBuffer(4 << 20)
	return udp
}

func addrOf(t testing.TB, conn *net.UDPConn) netip.AddrPort {
	t.Helper()
	return netip.MustParseAddrPort(conn.LocalAddr().String())
}

// receiver is a destination and the socket behind it.
type receiver struct {
	dest *Dest
	conn *net.UDPConn
}

func newReceiver(t testing.TB, network, address string) receiver {
	t.Helper()
	r := receiver{&Dest{}, listen(t, network, address)}
	r.dest.Set(addrOf(t, r.conn))
	r.dest.Open()
	return r
}

func (r receiver) next(t testing.TB) []byte {
	t.Helper()
	buf := make([]byte, 70000)
	if err := r.conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	n, err := r.conn.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	return buf[:n]
}

func write(b *Batch, d *Dest, data []byte, kind Kind) bool {
	room := b.Space(d, len(data)+20)
	if room == nil {
		return false
	}
	b.Commit(copy(room, data), kind)
	return true
}

// traffic is what frames look like: equal lengths, some a byte longer, some short.
func traffic(seed uint64, n int) [][]byte {
	rng := rand.New(rand.NewPCG(seed, 1))
	out := make([][]byte, n)
	size := 1100
	for i := range out {
		switch rng.IntN(6) {
		case 0:
			size = 900 + rng.IntN(300)
		case 1:
			size++
		case 2:
			size = 1 + rng.IntN(100)
		}
		out[i] = make([]byte, size)
		for j := range out[i] {
			out[i][j] = byte(rng.Uint32())
		}
	}
	return out
}

// Bytes and order arrive the same by segments, by messages of one datagram, and by a call for each.
func TestEveryWireSendsTheSame(t *testing.T) {
	wires := map[string]func(*net.UDPConn) wire{
		"the system's": func(c *net.UDPConn) wire { return newWire(NewSocket(c)) },
		"apart":        func(c *net.UDPConn) wire { return withoutSegments(newWire(NewSocket(c))) },
		"plain":        func(c *net.UDPConn) wire { return plain{c} },
	}
	places := map[string][3]string{
		"IPv4":           {"udp4", "127.0.0.1:0", "udp4"},
		"IPv6":           {"udp6", "[::1]:0", "udp6"},
		"IPv4 from IPv6": {"udp", ":0", "udp4"},
	}
	for wireName, make := range wires {
		for placeName, place := range places {
			t.Run(wireName+" "+placeName, func(t *testing.T) {
				to := map[string]string{"udp4": "127.0.0.1:0", "udp6": "[::1]:0"}[place[2]]
				receivers := []receiver{newReceiver(t, place[2], to), newReceiver(t, place[2], to), newReceiver(t, place[2], to)}
				b := newBatch(make(listen(t, place[0], place[1])))
				datagrams := traffic(7, 400)
				for at := 0; at < len(datagrams); at += 40 {
					for _, r := range receivers {
						for _, d := range datagrams[at : at+40] {
							if !write(b, r.dest, d, Video) {
								t.Fatal("no room")
							}
						}
					}
				}
				if c := b.Flush(); c.Sent != 1200 || c.Full+c.Refused != 0 {
					t.Fatalf("%+v", c)
				}
				for _, r := range receivers {
					for i, want := range datagrams {
						if got := r.next(t); !bytes.Equal(got, want) {
							t.Fatalf("datagram %d: %d bytes in place of %d", i, len(got), len(want))
						}
					}
				}
			})
		}
	}
}

func TestAClosedDestTakesNothing(t *testing.T) {
	b := NewSocket(listen(t, "udp4", "127.0.0.1:0")).Batch()
	var d Dest
	d.Open()
	if b.Space(&d, 10) != nil || d.Ready() {
		t.Error("a dest without an address is open")
	}
	r := newReceiver(t, "udp4", "127.0.0.1:0")
	r.dest.Close()
	if b.Space(r.dest, 10) != nil || r.dest.Ready() {
		t.Error("a closed dest is open")
	}
	r.dest.Open()
	if !r.dest.Ready() || r.dest.Addr() != addrOf(t, r.conn) || b.Space(r.dest, arenaBytes+1) != nil {
		t.Error("an open dest is closed, or a datagram longer than everything has room")
	}
	b.Commit(0, Video) // nothing
	if c := b.Flush(); c != (Counts{}) {
		t.Errorf("%+v", c)
	}
}

func TestAMovedDestIsFollowed(t *testing.T) {
	old, moved := newReceiver(t, "udp4", "127.0.0.1:0"), newReceiver(t, "udp4", "127.0.0.1:0")
	b := NewSocket(listen(t, "udp4", "127.0.0.1:0")).Batch()
	write(b, old.dest, []byte("one"), Video)
	old.dest.Set(addrOf(t, moved.conn))
	write(b, old.dest, []byte("two"), Video)
	b.Flush()
	if a, b := old.next(t), moved.next(t); string(a) != "one" || string(b) != "two" {
		t.Errorf("%q and %q", a, b)
	}
}

// What the kernel refuses for one destination does not keep the others from theirs.
func TestARefusedDatagramIsCountedAndTheRestGoes(t *testing.T) {
	b := NewSocket(listen(t, "udp4", "127.0.0.1:0")).Batch()
	r := newReceiver(t, "udp4", "127.0.0.1:0")
	var nowhere Dest
	nowhere.Set(netip.MustParseAddrPort("[2001:db8::1]:9")) // no way there from a socket of IPv4
	nowhere.Open()
	for range 3 {
		write(b, r.dest, []byte("before"), Video)
		write(b, &nowhere, []byte("lost"), Video)
		write(b, &nowhere, []byte("lost"), Video)
		write(b, r.dest, []byte("after"), Video)
	}
	if c := b.Flush(); c.Sent != 6 || c.Refused != 6 || c.Full != 0 {
		t.Errorf("%+v", c)
	}
	for _, want := range []string{"before", "after", "before", "after", "before", "after"} {
		if got := r.next(t); string(got) != want {
			t.Errorf("%q in place of %q", got, want)
		}
	}
}

func TestBatchesDoNotAllocate(t *testing.T) {
	b := NewSocket(listen(t, "udp4", "127.0.0.1:0")).Batch()
	dests := make([]*Dest, 50)
	for i := range dests {
		dests[i] = newReceiver(t, "udp4", "127.0.0.1:0").dest
	}
	datagrams := traffic(3, 7)
	if n := testing.AllocsPerRun(50, func() {
		for _, d := range dests {
			for _, data := range datagrams {
				write(b, d, data, Video)
			}
		}
		b.Flush()
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestBatchesAreLent(t *testing.T) {
	s := NewSocket(listen(t, "udp4", "127.0.0.1:0"))
	r := newReceiver(t, "udp4", "127.0.0.1:0")
	a, b := s.Batch(), s.Batch()
	if a == b {
		t.Error("one batch was lent twice")
	}
	write(a, r.dest, []byte("lost"), Video)
	s.Return(a)
	if again := s.Batch(); again != a || again.Flush() != (Counts{}) {
		t.Error("a batch did not come back empty")
	}
}

func TestBudget(t *testing.T) {
	count := func(b *Budget, now time.Duration) (n int) {
		for b.Take(now, 1200) {
			n++
		}
		return n
	}
	var b Budget
	if n := count(&b, time.Hour); n != 10 {
		t.Errorf("%d packets without a target", n)
	}
	if b.Take(time.Hour+Tick-1, 1) || count(&b, time.Hour+Tick) != 10 {
		t.Error("the tick's budget does not begin with the tick")
	}
	b.SetTarget(20_000_000) // 12.5 kB a tick, two and a half times
	if n := count(&b, 2*time.Hour); n != 26 {
		t.Errorf("%d packets at 20 Mbit/s", n)
	}
	b.Spend(3*time.Hour, 31250)
	if n := count(&b, 3*time.Hour); n != 9 {
		t.Errorf("%d packets after one that had to go", n)
	}
}

func TestABudgetWithoutATargetFollowsWhatIsOffered(t *testing.T) {
	var b Budget
	now := time.Hour
	for range 1000 { // 20 Mbit/s
		now += time.Millisecond
		b.Offer(now, 2500)
	}
	n := 0
	for b.Take(now, 1200) {
		n++
	}
	if n != 26 {
		t.Errorf("%d packets", n)
	}
	b.SetTarget(1)
	b.Offer(now+time.Second, 1<<20)
	b.Offer(now+2*time.Second, 1<<20)
	if n := 0; b.Take(now+2*time.Second, 1200) {
		for n = 1; b.Take(now+2*time.Second, 1200); n++ {
		}
		if n != budgetPackets {
			t.Errorf("%d packets with a small target", n)
		}
	}
}
