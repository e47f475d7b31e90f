package port

import (
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// facadeQueue is how many datagrams wait for Pion's goroutine, strangerQueue how many of them may be checks of
	// addresses that it has never answered.
	facadeQueue   = 1024
	strangerQueue = 64
	// knownLimit bounds the addresses that it has answered; knownIdle is after how long without an answer one is
	// forgotten: a living transport is answered every few seconds.
	knownLimit = 1 << 16
	knownIdle  = time.Minute
)

// Facade is the part of the port that Pion's ICE mux reads and writes, as if it were the socket. Datagrams other than
// connectivity checks pass only from addresses that have been answered before. Deadlines are ignored: reading ends with
// Close, writing does not block.
type Facade struct {
	port *Port

	mu        sync.Mutex
	ready     sync.Cond
	queue     [facadeQueue]waiting
	head, n   int
	strangers int
	free      [][]byte
	closed    bool

	// known is replaced as a whole under knownMu; the values are the times of the last answer.
	knownMu sync.Mutex
	known   atomic.Pointer[map[netip.AddrPort]*atomic.Int64]
	origin  time.Time
}

type waiting struct {
	from     netip.AddrPort
	data     []byte
	stranger bool
}

func newFacade(p *Port) *Facade {
	f := &Facade{port: p, origin: time.Now()}
	f.ready.L = &f.mu
	f.known.Store(&map[netip.AddrPort]*atomic.Int64{})
	return f
}

// push queues one datagram; what does not fit is lost.
func (f *Facade) push(from netip.AddrPort, b []byte, check bool) {
	_, known := (*f.known.Load())[from]
	if !known && !check {
		f.port.counters.drop(DropStranger)
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.closed:
		return
	case f.n == facadeQueue:
		f.port.counters.drop(DropQueue)
		return
	case !known && f.strangers == strangerQueue:
		f.port.counters.drop(DropStrangerQueue)
		return
	}
	var data []byte
	if last := len(f.free) - 1; last >= 0 {
		data, f.free = f.free[last], f.free[:last]
	}
	w := &f.queue[(f.head+f.n)%facadeQueue]
	*w = waiting{from: from, data: append(data[:0], b...), stranger: !known}
	if !known {
		f.strangers++
	}
	if f.n++; f.n == 1 {
		f.ready.Signal()
	}
}

// ReadFromAddrPort implements ice.AddrPortReaderWriter.
func (f *Facade) ReadFromAddrPort(b []byte) (int, netip.AddrPort, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for f.n == 0 && !f.closed {
		f.ready.Wait()
	}
	if f.closed {
		return 0, netip.AddrPort{}, net.ErrClosed
	}
	w := &f.queue[f.head]
	n := copy(b, w.data)
	from := w.from
	if w.stranger {
		f.strangers--
	}
	f.free = append(f.free, w.data)
	*w = waiting{}
	f.head = (f.head + 1) % facadeQueue
	f.n--
	return n, from, nil
}

// WriteToAddrPort implements ice.AddrPortReaderWriter. Pion answers nobody without the password, so that whom it writes
// to is known from then on.
func (f *Facade) WriteToAddrPort(b []byte, to netip.AddrPort) (int, error) {
	if to.Addr().Is4In6() {
		to = netip.AddrPortFrom(to.Addr().Unmap(), to.Port())
	}
	now := int64(time.Since(f.origin))
	if last := (*f.known.Load())[to]; last != nil {
		last.Store(now)
	} else {
		f.learn(to, now)
	}
	return f.port.WriteTo(b, to)
}

func (f *Facade) learn(to netip.AddrPort, now int64) {
	f.knownMu.Lock()
	defer f.knownMu.Unlock()
	old := *f.known.Load()
	next := make(map[netip.AddrPort]*atomic.Int64, len(old)+1)
	for a, last := range old {
		if now-last.Load() < int64(knownIdle) {
			next[a] = last
		}
	}
	if len(next) < knownLimit {
		last := &atomic.Int64{}
		last.Store(now)
		next[to] = last
	}
	f.known.Store(&next)
}

// ReadFrom implements net.PacketConn.
func (f *Facade) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, err := f.ReadFromAddrPort(b)
	if err != nil {
		return n, nil, err
	}
	return n, net.UDPAddrFromAddrPort(from), nil
}

// WriteTo implements net.PacketConn.
func (f *Facade) WriteTo(b []byte, to net.Addr) (int, error) {
	udp, ok := to.(*net.UDPAddr)
	if !ok {
		return 0, ErrNotUDP
	}
	return f.WriteToAddrPort(b, udp.AddrPort())
}

// Close ends reading from the facade; the port goes on. It is idempotent.
func (f *Facade) Close() error {
	f.shut()
	return nil
}

func (f *Facade) shut() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	f.ready.Broadcast()
}

// LocalAddr implements net.PacketConn.
func (f *Facade) LocalAddr() net.Addr { return f.port.conn.LocalAddr() }

// SetDeadline implements net.PacketConn and does nothing.
func (f *Facade) SetDeadline(time.Time) error { return nil }

// SetReadDeadline implements net.PacketConn and does nothing.
func (f *Facade) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline implements net.PacketConn and does nothing.
func (f *Facade) SetWriteDeadline(time.Time) error { return nil }
