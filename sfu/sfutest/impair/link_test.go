package impair_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/zvonok/zvonok/sfu/sfutest/impair"
)

// echo answers every datagram and remembers where each came from.
type echo struct {
	conn *net.UDPConn
	mu   sync.Mutex
	from []string
}

func newEcho(t *testing.T) *echo {
	t.Helper()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	e := &echo{conn: conn}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 2000)
		for {
			n, from, err := conn.ReadFromUDPAddrPort(buf)
			if err != nil {
				return
			}
			e.mu.Lock()
			if a := from.String(); !slices.Contains(e.from, a) {
				e.from = append(e.from, a)
			}
			e.mu.Unlock()
			_, _ = conn.WriteToUDPAddrPort(buf[:n], from)
		}
	}()
	t.Cleanup(func() {
		_ = conn.Close()
		<-done
	})
	return e
}

func (e *echo) sources() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.from)
}

func newLink(t *testing.T) *impair.Link {
	t.Helper()
	l := impair.NewLink(1)
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

func dialUDP(t *testing.T, l *impair.Link, server net.Addr) net.Conn {
	t.Helper()
	door, err := l.UDP("127.0.0.1:0", server.String())
	if err != nil {
		t.Fatal(err)
	}
	return dial(t, "udp", door.String())
}

func dial(t *testing.T, network, addr string) net.Conn {
	t.Helper()
	c, err := net.Dial(network, addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// ask sends a number and waits for it to come back.
func ask(t *testing.T, c net.Conn, number uint32, limit time.Duration) (time.Duration, bool) {
	t.Helper()
	began := time.Now()
	if _, err := c.Write(binary.BigEndian.AppendUint32(nil, number)); err != nil {
		t.Fatal(err)
	}
	if err := c.SetReadDeadline(began.Add(limit)); err != nil {
		t.Fatal(err)
	}
	var answer [4]byte
	for {
		_, err := c.Read(answer[:])
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return 0, false
		}
		if err != nil {
			t.Fatal(err)
		}
		if binary.BigEndian.Uint32(answer[:]) == number {
			return time.Since(began), true
		}
	}
}

const (
	soon = 5 * time.Second
	gone = 150 * time.Millisecond
)

func TestUDPPassesBothWays(t *testing.T) {
	server, l := newEcho(t), newLink(t)
	c := dialUDP(t, l, server.conn.LocalAddr())
	if _, ok := ask(t, c, 1, soon); !ok {
		t.Fatal("a perfect link answers nothing")
	}
	l.SetUp(impair.Shape{Delay: 60 * time.Millisecond})
	l.SetDown(impair.Shape{Delay: 40 * time.Millisecond})
	if took, ok := ask(t, c, 2, soon); !ok || took < 100*time.Millisecond {
		t.Errorf("answered after %v: %v", took, ok)
	}
	up, down := l.Counts()
	if up.Passed != 2 || down.Passed != 2 {
		t.Errorf("%+v %+v", up, down)
	}
}

func TestBlackholeAndClosedDoor(t *testing.T) {
	server, l := newEcho(t), newLink(t)
	c := dialUDP(t, l, server.conn.LocalAddr())
	for i, s := range []struct {
		on, off func()
	}{
		{func() { l.SetDown(impair.Shape{Blackhole: true}) }, func() { l.SetDown(impair.Shape{}) }},
		{func() { l.Block("udp", true) }, func() { l.Block("udp", false) }},
	} {
		s.on()
		if _, ok := ask(t, c, uint32(i), gone); ok {
			t.Error("a packet came through what swallows all")
		}
		s.off()
		if _, ok := ask(t, c, uint32(10+i), soon); !ok {
			t.Error("nothing came after it was lifted")
		}
	}
}

func TestRebindingShowsTheServerAnotherAddress(t *testing.T) {
	server, l := newEcho(t), newLink(t)
	c := dialUDP(t, l, server.conn.LocalAddr())
	ask(t, c, 1, soon)
	if n := server.sources(); n != 1 {
		t.Fatalf("%d addresses before", n)
	}
	if err := l.Rebind(); err != nil {
		t.Fatal(err)
	}
	if _, ok := ask(t, c, 2, soon); !ok {
		t.Fatal("no answer after rebinding")
	}
	if n := server.sources(); n != 2 {
		t.Errorf("%d addresses after", n)
	}
}

func TestLostInterfaceTakesOnlyItsOwnAddresses(t *testing.T) {
	server, l := newEcho(t), newLink(t)
	door, err := l.UDP("127.0.0.1:0", server.conn.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	old := dial(t, "udp", door.String())
	ask(t, old, 1, soon)
	l.LoseInterface()
	if _, ok := ask(t, old, 2, gone); ok {
		t.Error("the lost address is answered")
	}
	if _, ok := ask(t, dial(t, "udp", door.String()), 3, soon); !ok {
		t.Error("a new address is not answered")
	}
}

func newTCPEcho(t *testing.T) net.Addr {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	wait.Go(func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			wait.Go(func() {
				_, _ = io.Copy(c, c)
				_ = c.Close()
			})
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		wait.Wait()
	})
	return listener.Addr()
}

func TestTCPKeepsEveryByteAtTheBottlenecksRate(t *testing.T) {
	server, l := newTCPEcho(t), newLink(t)
	l.SetUp(impair.Shape{Delay: 10 * time.Millisecond, Rate: 4_000_000, Loss: 0.02})
	door, err := l.TCP("127.0.0.1:0", server.String())
	if err != nil {
		t.Fatal(err)
	}
	c := dial(t, "tcp", door.String())
	want := make([]byte, 200_000)
	for i := range want {
		want[i] = byte(i * 7 >> 3)
	}
	began := time.Now()
	go func() { _, _ = c.Write(want) }()
	got := make([]byte, len(want))
	if _, err := io.ReadFull(c, got); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got, want) {
		t.Error("other bytes came back")
	}
	// 1.6 Mbit at 4 Mbit/s; a lost piece costs 200 ms more.
	if took := time.Since(began); took < 390*time.Millisecond {
		t.Errorf("took %v", took)
	}
	if up, _ := l.Counts(); up.Lost == 0 || up.Full != 0 {
		t.Errorf("%+v", up)
	}
}

func TestTCPHangsInABlackHoleAndBreaksOnRebinding(t *testing.T) {
	server, l := newTCPEcho(t), newLink(t)
	door, err := l.TCP("127.0.0.1:0", server.String())
	if err != nil {
		t.Fatal(err)
	}
	c := dial(t, "tcp", door.String())
	if _, ok := ask(t, c, 1, soon); !ok {
		t.Fatal("no answer")
	}
	l.SetUp(impair.Shape{Blackhole: true})
	if _, ok := ask(t, c, 2, gone); ok {
		t.Error("answered through a black hole")
	}
	l.SetUp(impair.Shape{})
	if err := c.SetReadDeadline(time.Now().Add(soon)); err != nil {
		t.Fatal(err)
	}
	var late [4]byte
	if _, err := io.ReadFull(c, late[:]); err != nil || late[3] != 2 {
		t.Errorf("%v %v: what was sent into the black hole is late, not lost", late, err)
	}
	if err := l.Rebind(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Read(late[:]); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the connection survived: %v", err)
	}
	l.Block("tcp", true)
	blocked := dial(t, "tcp", door.String())
	if _, ok := ask(t, blocked, 3, gone); ok {
		t.Error("a closed door answered")
	}
	l.Block("tcp", false)
	if _, ok := ask(t, blocked, 4, soon); !ok {
		t.Error("an opened door does not answer")
	}
}

func TestScriptPlays(t *testing.T) {
	server, l := newEcho(t), newLink(t)
	c := dialUDP(t, l, server.conn.LocalAddr())
	step, err := impair.ParseStep("both delay=50ms")
	if err != nil {
		t.Fatal(err)
	}
	step.At = 30 * time.Millisecond
	began, told := time.Now(), ""
	if err := l.Play(context.Background(), []impair.Step{step}, func(s impair.Step) { told = s.Text }); err != nil {
		t.Fatal(err)
	}
	if time.Since(began) < step.At || told != "both delay=50ms" {
		t.Errorf("played %q after %v", told, time.Since(began))
	}
	if took, ok := ask(t, c, 1, soon); !ok || took < 100*time.Millisecond {
		t.Errorf("answered after %v: %v", took, ok)
	}
}
