package session

import (
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/logging"

	"github.com/zvonok/zvonok/sfu/internal/port"
)

const (
	// consent is how long sending goes on after the last sign of life of the client (RFC 7675, section 5.1).
	consent = 15 * time.Second
	// linger is the default of Config.Linger.
	linger = 10 * time.Second
	// lookEvery is how often consent is looked at.
	lookEvery = 250 * time.Millisecond
)

// ErrClosed is returned by a host or session that is closed.
var ErrClosed = errors.New("session: closed")

// Config is what a [Host] is made with; Timeout, Linger and Now may be zero.
type Config struct {
	Port        *port.Port
	Certificate tls.Certificate
	// Timeout is after how long without a sign of life a session has failed; 0 means 15 s.
	Timeout time.Duration
	Logs    logging.LoggerFactory
	// Linger is how long a DTLS connection keeps its goroutines after the handshake or the last time it was needed; 0 means
	// 10 s, in which a client repeats what it missed.
	Linger time.Duration
	// Now defaults to time.Now.
	Now func() time.Time
}

// Host owns the sessions of one port. Its methods may be called from any goroutine.
type Host struct {
	cfg         Config
	fingerprint string
	origin      time.Time
	counters    counters

	mu       sync.Mutex
	sessions map[*Session]struct{}
	closed   bool

	stop chan struct{}
	wg   sync.WaitGroup
}

// NewHost starts the goroutine that looks after the sessions.
func NewHost(cfg Config) (*Host, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Linger == 0 {
		cfg.Linger = linger
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = consent
	}
	if len(cfg.Certificate.Certificate) == 0 {
		return nil, errors.New("session: no certificate")
	}
	h := &Host{
		cfg: cfg, fingerprint: fingerprint(cfg.Certificate.Certificate[0]), origin: cfg.Now(),
		sessions: map[*Session]struct{}{}, stop: make(chan struct{}),
	}
	h.wg.Go(h.run)
	return h, nil
}

func fingerprint(certificate []byte) string {
	sum := sha256.Sum256(certificate)
	digits := make([]string, len(sum))
	for i, b := range sum {
		digits[i] = fmt.Sprintf("%02X", b)
	}
	return "sha-256 " + strings.Join(digits, ":")
}

// Fingerprint is the attribute's value for the host's certificate (RFC 8122, section 5).
func (h *Host) Fingerprint() string { return h.fingerprint }

// Close closes all sessions and waits for every goroutine. It is idempotent.
func (h *Host) Close() {
	h.mu.Lock()
	was := h.closed
	h.closed = true
	h.mu.Unlock()
	if !was {
		close(h.stop)
	}
	for _, s := range h.all() {
		s.Close()
	}
	h.wg.Wait()
}

func (h *Host) all() []*Session {
	h.mu.Lock()
	defer h.mu.Unlock()
	list := make([]*Session, 0, len(h.sessions))
	for s := range h.sessions {
		list = append(list, s)
	}
	return list
}

func (h *Host) run() {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		select {
		case <-h.stop:
			return
		case <-ticker.C:
			h.look()
		}
	}
}

// look takes consent from those who were silent for too long.
func (h *Host) look() {
	now := h.now()
	for _, s := range h.all() {
		s.look(now)
	}
}

// now is the time since the host began.
func (h *Host) now() time.Duration { return h.cfg.Now().Sub(h.origin) }

// Drop says why something that reached a session came to nothing.
type Drop uint8

// The reasons.
const (
	// DropCheck: a check that is malformed, or whose integrity, fingerprint or user name is wrong.
	DropCheck Drop = iota
	// DropRole: a check of a client that thinks it is controlled; it was told.
	DropRole
	// DropAddress: a check from another session's address.
	DropAddress
	// DropHandshake: a DTLS record more than the handshake could take, or after the connection ended.
	DropHandshake
	// DropUnkeyed: SRTCP before there are keys.
	DropUnkeyed
	// DropForged: SRTCP that is replayed or was not sealed by the client.
	DropForged
	// DropReport: RTCP that is malformed, or more than a packet may ask for.
	DropReport
	// DropUnwanted: RTP, or another kind that a subscriber has no reason to send.
	DropUnwanted
	// DropFingerprint: a handshake with another certificate than the offer's.
	DropFingerprint
	// Drops is how many there are.
	Drops = int(iota)
)

var dropNames = [Drops]string{"check", "role", "address", "handshake", "unkeyed", "forged", "report", "unwanted", "fingerprint"}

// String gives the name for a metric's label.
func (d Drop) String() string {
	if int(d) < len(dropNames) {
		return dropNames[d]
	}
	return "unknown"
}

type counters struct{ drops [Drops]atomic.Uint64 }

func (h *Host) drop(d Drop) { h.counters.drops[d].Add(1) }

// Dropped counts what came to nothing, by [Drop].
func (h *Host) Dropped() (out [Drops]uint64) {
	for i := range out {
		out[i] = h.counters.drops[i].Load()
	}
	return out
}
