package egress

import (
	"net"
	"sync"
	"sync/atomic"
)

// Socket is a media socket that many shards send from. It lends them batches: as many exist as shards ever sent at
// once, not as many as there are shards. The connection stays its caller's.
type Socket struct {
	conn net.PacketConn
	// noSegments is set when the socket's device cannot cut messages.
	noSegments atomic.Bool

	mu   sync.Mutex // guards free, for the moment of lending
	free []*Batch
}

// NewSocket sends through conn. A UDP socket is used directly where the system allows; any other net.PacketConn gets
// one WriteTo for each datagram.
func NewSocket(conn net.PacketConn) *Socket { return &Socket{conn: conn} }

// Batch lends a batch, empty; [Socket.Return] takes it back.
func (s *Socket) Batch() *Batch {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.free); n > 0 {
		b := s.free[n-1]
		s.free = s.free[:n-1]
		return b
	}
	return newBatch(newWire(s))
}

// Return takes a batch back. What was not flushed is lost.
func (s *Socket) Return(b *Batch) {
	b.reset()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free = append(s.free, b)
}
