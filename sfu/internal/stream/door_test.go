package stream

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"
)

// echo is a switch that answers every binding request with itself and counts what else comes.
type echo struct {
	mu    sync.Mutex
	paths map[netip.AddrPort]Path
	next  byte
	other int
	deaf  bool // answers nothing
}

func (e *echo) Attach(p Path) netip.AddrPort {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.next++
	at := netip.AddrPortFrom(netip.AddrFrom4([4]byte{240, 0, 0, e.next}), 1)
	if e.paths == nil {
		e.paths = map[netip.AddrPort]Path{}
	}
	e.paths[at] = p
	return at
}

func (e *echo) Detach(at netip.AddrPort) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.paths, at)
}

func (e *echo) Deliver(from netip.AddrPort, b []byte) {
	e.mu.Lock()
	path := e.paths[from]
	if e.deaf {
		path = nil
	}
	if b[0] != 0 {
		e.other++
		path = nil
	}
	e.mu.Unlock()
	if path != nil {
		path.Send(b)
	}
}

func (e *echo) attached() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.paths)
}

func check() []byte {
	b := make([]byte, 20)
	binary.BigEndian.PutUint16(b, stunBinding)
	binary.BigEndian.PutUint32(b[4:], stunCookie)
	return b
}

// world is a door on a real listener.
func world(t *testing.T, prove time.Duration, turn func(net.Conn)) (*Door, *echo, func() net.Conn) {
	t.Helper()
	e := &echo{}
	d := NewDoor(Config{Switch: e, Turn: turn})
	d.proveWithin = prove
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- d.Serve(l) }()
	t.Cleanup(func() {
		if err := errors.Join(d.Close(), <-served); err != nil {
			t.Error(err)
		}
		if e.attached() != 0 || d.Stats().Open != 0 {
			t.Errorf("%d paths and %d connections after the end", e.attached(), d.Stats().Open)
		}
	})
	return d, e, func() net.Conn {
		c, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		_ = c.SetDeadline(time.Now().Add(20 * time.Second))
		return c
	}
}

func ends(t *testing.T, c net.Conn, what string) {
	t.Helper()
	if n, err := io.Copy(io.Discard, c); err != nil && errors.Is(err, net.ErrClosed) || n != 0 {
		t.Errorf("%s: %d bytes, %v; want the end of the connection", what, n, err)
	}
}

func TestDoorCarriesDatagramsBothWays(t *testing.T) {
	d, _, dial := world(t, proveWithin, nil)
	c := dial()
	for range 3 {
		if _, err := c.Write(frame(check())); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, 22)
		if _, err := io.ReadFull(c, got); err != nil || !bytes.Equal(got, frame(check())) {
			t.Fatalf("%x, %v", got, err)
		}
	}
	if s := d.Stats(); s.Open != 1 || s.Taken != 1 || d.waiting != 0 {
		t.Errorf("%+v, %d waiting", s, d.waiting)
	}
}

func TestDoorSendsAwayWhoSaysNothingValid(t *testing.T) {
	d, _, dial := world(t, 200*time.Millisecond, nil)
	ends(t, dial(), "silence")

	slow := dial() // slowloris: a byte now and then keeps nothing open
	go func() {
		for _, b := range frame(check()) {
			if _, err := slow.Write([]byte{b}); err != nil {
				return
			}
			wait := time.NewTimer(30 * time.Millisecond)
			<-wait.C
		}
	}()
	ends(t, slow, "a byte now and then")

	http := dial()
	_, _ = http.Write([]byte("GET / HTTP/1.1\r\n\r\n"))
	ends(t, http, "HTTP")

	long := dial()
	_, _ = long.Write(append(frame(check())[:10], 0xff))
	_, _ = long.Write(bytes.Repeat([]byte{0xff}, 100))
	ends(t, long, "a frame of 65,535 bytes")

	turn := dial()
	_, _ = turn.Write(check())
	ends(t, turn, "TURN where there is none")

	unanswered := dial()
	response := check()
	binary.BigEndian.PutUint16(response, stunBinding)
	first := append([]byte(nil), frame(response)...)
	first[2+4+4] = 0 // no matter: the rest is what the port does not answer
	_, _ = unanswered.Write(first[:22])
	_, _ = io.CopyN(io.Discard, unanswered, 22)
	if s := d.Stats(); s.Silent < 2 || s.Junk < 2 {
		t.Errorf("%+v", s)
	}
}

// TestDoorBoundsWhatAnUnprovenPeerSays: whom the port does not answer is cut off before the time is up.
func TestDoorBoundsWhatAnUnprovenPeerSays(t *testing.T) {
	d, e, dial := world(t, time.Minute, nil)
	e.mu.Lock()
	e.deaf = true
	e.mu.Unlock()
	c := dial()
	_, _ = c.Write(frame(check()))
	for range 100 {
		if _, err := c.Write(frame(media(1200, 1))); err != nil {
			break
		}
	}
	ends(t, c, "a flood of 120 kB")
	e.mu.Lock()
	reached := e.other
	e.mu.Unlock()
	if reached > earlyBytes/1200+1 || d.Stats().Junk != 1 {
		t.Errorf("%d datagrams reached the port, %+v", reached, d.Stats())
	}
}

func TestDoorLimitsAnAddress(t *testing.T) {
	d, _, dial := world(t, proveWithin, nil)
	var waiting []net.Conn
	for range waitingPerAddress {
		waiting = append(waiting, dial())
	}
	for d.Stats().Taken < waitingPerAddress { // accepting lags behind dialling
		wait := time.NewTimer(time.Millisecond)
		<-wait.C
	}
	ends(t, dial(), "one too many")
	if d.Stats().Refused != 1 {
		t.Errorf("%+v", d.Stats())
	}
	// One that proves itself is not in the way of the next.
	_, _ = waiting[0].Write(frame(check()))
	if _, err := io.CopyN(io.Discard, waiting[0], 22); err != nil {
		t.Fatal(err)
	}
	next := dial()
	_, _ = next.Write(frame(check()))
	if _, err := io.CopyN(io.Discard, next, 22); err != nil {
		t.Errorf("after one was proved: %v", err)
	}
}

func TestDoorPassesTurnOnWithItsFirstBytes(t *testing.T) {
	turned := make(chan net.Conn, 1)
	d, _, dial := world(t, proveWithin, func(c net.Conn) { turned <- c })
	allocate := check()
	binary.BigEndian.PutUint16(allocate, 3)
	c := dial()
	_, _ = c.Write(allocate)
	got := <-turned
	b := make([]byte, len(allocate))
	if _, err := io.ReadFull(got, b); err != nil || !bytes.Equal(b, allocate) {
		t.Errorf("%x, %v", b, err)
	}
	if d.Stats().Open != 1 {
		t.Error("the place was given back too early")
	}
	_ = got.Close()
	_ = got.Close()
	if d.Stats().Open != 0 {
		t.Error("the place was not given back")
	}
}

// TestDoorIsNotStalledByAStalledPeer: sending to somebody who reads nothing costs no time and bounded memory.
func TestDoorIsNotStalledByAStalledPeer(t *testing.T) {
	d, e, dial := world(t, proveWithin, nil)
	c := dial()
	_, _ = c.Write(frame(check()))
	if _, err := io.CopyN(io.Discard, c, 22); err != nil {
		t.Fatal(err)
	}
	e.mu.Lock()
	var path Path
	for _, p := range e.paths {
		path = p
	}
	e.mu.Unlock()
	datagram := media(1200, 1)
	worst := time.Duration(0)
	for range 50_000 { // 60 MB
		began := time.Now()
		path.Send(datagram)
		worst = max(worst, time.Since(began))
	}
	if worst > 50*time.Millisecond {
		t.Errorf("a datagram took %v", worst)
	}
	g := path.(*guest)
	g.queue.mu.Lock()
	waiting := g.queue.bytes
	g.queue.mu.Unlock()
	if g.queue.Lost() < 30_000 || waiting > queueBytes {
		t.Errorf("%d lost, %d bytes wait", g.queue.Lost(), waiting)
	}
	_ = d
}
