package sfutest

import (
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
)

// Lossy is a socket that loses some of the media that it sends. ICE, DTLS and RTCP pass, so that connections stand.
type Lossy struct {
	net.PacketConn
	// Loss is the share of RTP packets that is lost, in percent; it may change while in use.
	Loss atomic.Int64
	// Dropped counts what was lost.
	Dropped atomic.Int64

	mu  sync.Mutex
	rng *rand.Rand
}

// NewLossy wraps a socket; the same seed loses the same packets of the same sequence of writes.
func NewLossy(conn net.PacketConn, percent int, seed uint64) *Lossy {
	l := &Lossy{PacketConn: conn, rng: rand.New(rand.NewPCG(seed, seed))}
	l.Loss.Store(int64(percent))
	return l
}

// WriteTo implements net.PacketConn.
func (l *Lossy) WriteTo(b []byte, addr net.Addr) (int, error) {
	if isRTP(b) && l.lose() {
		l.Dropped.Add(1)
		return len(b), nil
	}
	return l.PacketConn.WriteTo(b, addr)
}

func (l *Lossy) lose() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.rng.Int64N(100) < l.Loss.Load()
}

// isRTP tells RTP from the other protocols on a port (RFC 7983, and RFC 5761 for RTCP).
func isRTP(b []byte) bool {
	return len(b) > 1 && b[0] >= 128 && b[0] < 192 && (b[1] < 192 || b[1] > 223)
}
