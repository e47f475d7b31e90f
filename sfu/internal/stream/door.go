package stream

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// The limits of a [Door]. A whole school may come from one address; those that have said nothing valid yet are few even
// then.
const (
	// proveWithin is how long a connection may take until we have answered it.
	proveWithin = 5 * time.Second
	// idle ends a connection that says nothing more: a living transport checks every few seconds (RFC 7675).
	idle = 30 * time.Second
	// waitingLimit and waitingPerAddress bound the connections that have proved nothing.
	waitingLimit, waitingPerAddress = 1024, 128
	// limit and perAddress bound all of them.
	limit, perAddress = 8192, 2048
	// acceptPause is how long accepting rests after an error, as when there are no file descriptors.
	acceptPause = 100 * time.Millisecond
)

// Path is a way to one peer that is not the UDP socket.
type Path interface {
	// Send takes one datagram, which is valid during the call only, and never blocks. It is false when it is lost.
	Send(datagram []byte) bool
}

// Switch is the media port, where paths have addresses.
type Switch interface {
	Attach(path Path) netip.AddrPort
	Detach(at netip.AddrPort)
	Deliver(from netip.AddrPort, datagram []byte)
}

// Config is what a [Door] is made of.
type Config struct {
	Switch Switch
	// Turn takes over a connection that speaks TURN; it must call the connection's Close in the end. Nil refuses them.
	Turn func(net.Conn)
}

// Door lets TCP connections in. Its methods may be called from any goroutine.
type Door struct {
	cfg         Config
	proveWithin time.Duration

	mu        sync.Mutex
	conns     map[*guest]struct{}
	addresses map[netip.Addr]*tally
	waiting   int
	listeners map[net.Listener]struct{}
	closed    bool

	done  chan struct{}
	wg    sync.WaitGroup
	stats counters
}

// tally counts the connections of one address (of one /64 in IPv6).
type tally struct{ all, waiting int }

type counters struct{ taken, refused, junk, silent, lost atomic.Uint64 }

// Stats is a snapshot; counts only grow.
type Stats struct {
	// Taken is how many connections were let in, Refused how many were over a limit, Junk how many spoke neither ICE nor
	// TURN or broke off their framing, Silent how many said nothing valid in time, Lost how many datagrams waited too long.
	Taken, Refused, Junk, Silent, Lost uint64
	// Open is how many there are now.
	Open int
}

// NewDoor makes a door; nothing runs until the first connection.
func NewDoor(cfg Config) *Door {
	return &Door{
		cfg: cfg, proveWithin: proveWithin, conns: map[*guest]struct{}{}, addresses: map[netip.Addr]*tally{}, listeners: map[net.Listener]struct{}{},
		done: make(chan struct{}),
	}
}

// Serve accepts until the door or l is closed, and closes l. The error is nil then.
func (d *Door) Serve(l net.Listener) error {
	d.mu.Lock()
	if d.closed {
		d.mu.Unlock()
		return l.Close()
	}
	d.listeners[l] = struct{}{}
	d.wg.Add(1)
	d.mu.Unlock()
	defer d.wg.Done()
	for {
		conn, err := l.Accept()
		if err == nil {
			d.Take(conn)
			continue
		}
		if errors.Is(err, net.ErrClosed) || !d.rest() {
			return nil
		}
	}
}

// rest waits a little; it is false when the door is closed.
func (d *Door) rest() bool {
	timer := time.NewTimer(acceptPause)
	defer timer.Stop()
	select {
	case <-d.done:
		return false
	case <-timer.C:
		return true
	}
}

// Take lets a connection in or closes it; it does not wait.
func (d *Door) Take(conn net.Conn) {
	g := &guest{door: d, conn: conn, address: addressOf(conn)}
	d.mu.Lock()
	t := d.addresses[g.address]
	if t == nil {
		t = &tally{}
	}
	full := d.waiting >= waitingLimit || t.waiting >= waitingPerAddress || len(d.conns) >= limit || t.all >= perAddress
	if d.closed || full {
		d.mu.Unlock()
		d.stats.refused.Add(1)
		_ = conn.Close()
		return
	}
	d.addresses[g.address] = t
	d.conns[g] = struct{}{}
	g.waits = true
	d.waiting++
	t.waiting++
	t.all++
	d.wg.Add(1)
	d.mu.Unlock()
	d.stats.taken.Add(1)
	go func() {
		defer d.wg.Done()
		g.run()
	}()
}

// addressOf is what connections are counted by; it is invalid for what is no TCP connection.
func addressOf(conn net.Conn) netip.Addr {
	tcp, ok := conn.RemoteAddr().(*net.TCPAddr)
	if !ok {
		return netip.Addr{}
	}
	a := tcp.AddrPort().Addr().Unmap().WithZone("")
	if a.Is6() {
		if prefix, err := a.Prefix(64); err == nil {
			return prefix.Addr()
		}
	}
	return a
}

// proved says that a connection is somebody's of ours.
func (d *Door) proved(g *guest) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.unwait(g)
}

func (d *Door) unwait(g *guest) {
	if g.waits {
		g.waits = false
		d.waiting--
		d.addresses[g.address].waiting--
	}
}

func (d *Door) forget(g *guest) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, ok := d.conns[g]; !ok {
		return
	}
	d.unwait(g)
	delete(d.conns, g)
	if t := d.addresses[g.address]; t.all > 1 {
		t.all--
	} else {
		delete(d.addresses, g.address)
	}
}

// Stats sums the counters.
func (d *Door) Stats() Stats {
	d.mu.Lock()
	open := len(d.conns)
	d.mu.Unlock()
	return Stats{
		Taken: d.stats.taken.Load(), Refused: d.stats.refused.Load(), Junk: d.stats.junk.Load(),
		Silent: d.stats.silent.Load(), Lost: d.stats.lost.Load(), Open: open,
	}
}

// Close ends the listeners and all connections and waits for their goroutines; those handed to Turn are closed too. It
// is idempotent.
func (d *Door) Close() error {
	d.mu.Lock()
	if !d.closed {
		d.closed = true
		close(d.done)
	}
	for l := range d.listeners {
		_ = l.Close()
	}
	for g := range d.conns {
		_ = g.conn.Close()
	}
	d.mu.Unlock()
	d.wg.Wait()
	return nil
}
