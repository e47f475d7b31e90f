package session

import (
	"context"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/transport/v5/deadline"
)

// linkQueue is how many records wait for the handshake: a client's longest flight, twice.
const linkQueue = 16

// link is the net.PacketConn under DTLS. Records come from the port, and go to wherever the session sends.
type link struct {
	session  *Session
	records  chan []byte
	deadline *deadline.Deadline
	closed   chan struct{}
	once     sync.Once
	// muted says that nothing may be read or written any more: what comes waits for the link's successor.
	muted atomic.Bool
	// ready is closed when records may be read.
	ready chan struct{}
	// ending is done when the session closes.
	ending context.Context
	end    context.CancelFunc
}

func newLink(s *Session) *link { return newLinkWith(s, make(chan []byte, linkQueue)) }

// newLinkWith takes the records over that another link has left.
func newLinkWith(s *Session, records chan []byte) *link {
	l := &link{session: s, records: records, deadline: deadline.New(), closed: make(chan struct{}), ready: make(chan struct{})}
	l.ending, l.end = context.WithCancel(context.Background())
	return l
}

// push hands a record over; false when there is no room, or nobody who reads. The session's mu is held.
func (l *link) push(b []byte) bool {
	select {
	case <-l.closed:
		if !l.muted.Load() {
			return false
		}
	default:
	}
	select {
	case l.records <- append([]byte(nil), b...):
		return true
	default:
		return false
	}
}

// remote stands for the client, wherever it is.
type remote struct{}

func (remote) Network() string { return "udp" }
func (remote) String() string  { return "subscriber" }

// ReadFrom implements net.PacketConn.
func (l *link) ReadFrom(b []byte) (int, net.Addr, error) {
	select {
	case <-l.ready:
	case <-l.deadline.Done():
		return 0, nil, os.ErrDeadlineExceeded
	case <-l.closed:
		return 0, nil, net.ErrClosed
	}
	select {
	case r := <-l.records:
		if l.muted.Load() {
			l.giveBack(r)
			return 0, nil, net.ErrClosed
		}
		return copy(b, r), remote{}, nil
	case <-l.deadline.Done():
		return 0, nil, os.ErrDeadlineExceeded
	case <-l.closed:
		return 0, nil, net.ErrClosed
	}
}

// giveBack leaves a record to the successor; without room it is lost, as any datagram may be.
func (l *link) giveBack(r []byte) {
	select {
	case l.records <- r:
	default:
	}
}

// WriteTo implements net.PacketConn.
func (l *link) WriteTo(b []byte, _ net.Addr) (int, error) {
	s := l.session
	if l.muted.Load() {
		return len(b), nil
	}
	s.mu.Lock()
	to := s.selected
	s.mu.Unlock()
	// What is lost is sent again by DTLS.
	_, _ = s.host.cfg.Port.WriteTo(b, to)
	return len(b), nil
}

// Close implements net.PacketConn.
func (l *link) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

// LocalAddr implements net.PacketConn.
func (l *link) LocalAddr() net.Addr { return remote{} }

// SetDeadline implements net.PacketConn.
func (l *link) SetDeadline(t time.Time) error { return l.SetReadDeadline(t) }

// SetReadDeadline implements net.PacketConn.
func (l *link) SetReadDeadline(t time.Time) error {
	l.deadline.Set(t)
	return nil
}

// SetWriteDeadline implements net.PacketConn; writing never waits.
func (l *link) SetWriteDeadline(time.Time) error { return nil }
