package stream

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/zvonok/zvonok/sfu/internal/egress"
)

const (
	// writeWithin ends a connection whose peer takes nothing.
	writeWithin = 10 * time.Second
	// writeSize is how much one write carries: one TLS record.
	writeSize = 16 << 10
	// earlyBytes bounds what a connection may say before we have answered it.
	earlyBytes = 16 << 10
	// renewEvery is how often the deadline of a living connection moves.
	renewEvery = 5 * time.Second
)

// guest is one connection.
type guest struct {
	door    *Door
	conn    net.Conn
	address netip.Addr
	waits   bool // guarded by the door

	at     netip.AddrPort
	queue  *Queue
	proven atomic.Bool

	mu    sync.Mutex // guards ended, and the start of the writer against it
	ended bool
	wg    sync.WaitGroup
}

// run reads until the connection ends.
func (g *guest) run() {
	_ = g.conn.SetReadDeadline(time.Now().Add(g.door.proveWithin))
	first := make([]byte, sniffLen)
	if _, err := io.ReadFull(g.conn, first); err != nil {
		g.door.stats.silent.Add(1)
		g.end()
		return
	}
	switch kind := Tell(first); {
	case kind == TURN && g.door.cfg.Turn != nil:
		g.door.cfg.Turn(&turnConn{Conn: g.conn, guest: g, first: first})
	case kind == ICE:
		g.read(io.MultiReader(bytes.NewReader(first), g.conn))
	default:
		g.door.stats.junk.Add(1)
		g.end()
	}
}

// end closes the connection.
func (g *guest) end() {
	_ = g.conn.Close()
	g.door.forget(g)
}

// read is the life of a connection that speaks ICE.
func (g *guest) read(src io.Reader) {
	g.queue = NewQueue(time.Now)
	g.at = g.door.cfg.Switch.Attach(g)
	defer func() {
		g.door.cfg.Switch.Detach(g.at)
		g.mu.Lock()
		g.ended = true
		g.mu.Unlock()
		g.queue.Close()
		g.end()
		g.wg.Wait()
		g.door.stats.lost.Add(g.queue.Lost())
	}()
	r := NewReader(src)
	early := 0
	var renewed time.Time
	for {
		datagram, err := r.Next()
		if err != nil {
			g.count(err)
			return
		}
		if g.proven.Load() {
			if now := time.Now(); now.Sub(renewed) > renewEvery {
				renewed = now
				_ = g.conn.SetReadDeadline(now.Add(idle))
			}
		} else if early += len(datagram); early > earlyBytes {
			g.door.stats.junk.Add(1)
			return
		}
		g.door.cfg.Switch.Deliver(g.at, datagram)
	}
}

func (g *guest) count(err error) {
	switch {
	case errors.Is(err, ErrFrame):
		g.door.stats.junk.Add(1)
	case errors.Is(err, os.ErrDeadlineExceeded) && !g.proven.Load():
		g.door.stats.silent.Add(1)
	}
}

// Send implements [Path]. That the port answers proves that the peer knows a password of ours.
func (g *guest) Send(datagram []byte) bool {
	if !g.proven.Load() {
		g.prove()
	}
	return g.queue.Put(netip.AddrPort{}, datagram)
}

// SendGraded is Send for one of our own sessions (port.Graded).
func (g *guest) SendGraded(datagram []byte, kind egress.Kind) (taken, starved bool) {
	if !g.proven.Load() {
		g.prove()
	}
	return g.queue.PutGraded(netip.AddrPort{}, datagram, kind)
}

// prove starts the writer.
func (g *guest) prove() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.ended || g.proven.Swap(true) {
		return
	}
	g.door.proved(g)
	_ = g.conn.SetReadDeadline(time.Now().Add(idle))
	boundKernelQueue(g.conn)
	g.wg.Go(g.write)
}

// write runs from the first answer to the end of the queue or of the peer's patience.
func (g *guest) write() {
	buf := make([]byte, 0, writeSize)
	for {
		var ok bool
		if buf, ok = g.queue.TakeFrames(buf[:0], writeSize); !ok {
			return
		}
		_ = g.conn.SetWriteDeadline(time.Now().Add(writeWithin))
		if _, err := g.conn.Write(buf); err != nil {
			_ = g.conn.Close() // ends the reader, which tidies up
			return
		}
	}
}

// turnConn is a connection that speaks TURN, with its first bytes put back. Closing it gives its place back.
type turnConn struct {
	net.Conn
	guest *guest
	first []byte
}

// Read implements net.Conn.
func (c *turnConn) Read(b []byte) (int, error) {
	if len(c.first) > 0 {
		n := copy(b, c.first)
		c.first = c.first[n:]
		return n, nil
	}
	return c.Conn.Read(b)
}

// Prove says that the peer has shown a credential; until then its place is one of the few.
func (c *turnConn) Prove() {
	c.guest.door.proved(c.guest)
	boundKernelQueue(c.Conn)
}

// Close implements net.Conn.
func (c *turnConn) Close() error {
	err := c.Conn.Close()
	c.guest.door.forget(c.guest)
	return err
}
