package loadgen

import (
	"net"
	"os"
	"sync"
	"time"

	"github.com/pion/transport/v5/deadline"
)

// link is the net.PacketConn under a listener's DTLS.
type link struct {
	listener *listener
	records  chan []byte
	deadline *deadline.Deadline
	closed   chan struct{}
	once     sync.Once
}

func newLink(l *listener) *link {
	return &link{listener: l, records: make(chan []byte, 16), deadline: deadline.New(), closed: make(chan struct{})}
}

// push hands a record over; when there is no room it is lost, and DTLS sends it again.
func (k *link) push(b []byte) {
	select {
	case k.records <- append([]byte(nil), b...):
	default:
	}
}

// far stands for the server.
type far struct{}

func (far) Network() string { return "udp" }
func (far) String() string  { return "server" }

// ReadFrom implements net.PacketConn.
func (k *link) ReadFrom(b []byte) (int, net.Addr, error) {
	select {
	case r := <-k.records:
		return copy(b, r), far{}, nil
	case <-k.deadline.Done():
		return 0, nil, os.ErrDeadlineExceeded
	case <-k.closed:
		return 0, nil, net.ErrClosed
	}
}

// WriteTo implements net.PacketConn.
func (k *link) WriteTo(b []byte, _ net.Addr) (int, error) { return len(b), k.listener.send(b) }

// Close implements net.PacketConn.
func (k *link) Close() error {
	k.once.Do(func() { close(k.closed) })
	return nil
}

// LocalAddr implements net.PacketConn.
func (k *link) LocalAddr() net.Addr { return far{} }

// SetDeadline implements net.PacketConn.
func (k *link) SetDeadline(t time.Time) error { return k.SetReadDeadline(t) }

// SetReadDeadline implements net.PacketConn.
func (k *link) SetReadDeadline(t time.Time) error {
	k.deadline.Set(t)
	return nil
}

// SetWriteDeadline implements net.PacketConn; writing does not wait.
func (k *link) SetWriteDeadline(time.Time) error { return nil }
