package sealtest

import (
	"crypto/sha256"
	"fmt"
	"sync"
)

// Ledger remembers every sealed packet by what its nonce is made of. Sealing two different packets with one nonce
// gives away GCM's authentication key (RFC 7714, section 8.4). The zero value is ready.
type Ledger struct {
	mu   sync.Mutex
	seen map[place][sha256.Size]byte
}

type place struct {
	transport string
	ssrc      uint32
	index     uint64
}

// Add notes one sealed packet of a transport, whole; it returns an error when another one was sealed in its place.
// The same packet may come again.
func (l *Ledger) Add(transport string, ssrc uint32, index uint64, packet []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.seen == nil {
		l.seen = map[place][sha256.Size]byte{}
	}
	at, sum := place{transport, ssrc, index}, sha256.Sum256(packet)
	if old, ok := l.seen[at]; ok && old != sum {
		return fmt.Errorf("sealtest: two different packets of %s are sealed as SSRC %d, index %d", transport, ssrc, index)
	}
	l.seen[at] = sum
	return nil
}
