package impair

import (
	"errors"
	"io"
	"net"
	"slices"
	"sync"
	"time"
)

// Link is one access network. Its methods may be called from any goroutine.
type Link struct {
	seed     uint64
	up, down *lane
	once     sync.Once

	mu     sync.Mutex
	closed bool
	flows  uint64
	doors  []io.Closer
	udp    []*udpDoor
	tcp    []*tcpDoor
	// blocked has a channel for each closed protocol, closed itself when the protocol is opened.
	blocked map[string]chan struct{}
}

// ErrClosed is returned by a link that has been closed.
var ErrClosed = errors.New("impair: link is closed")

// NewLink makes a link that impairs nothing yet. The same seed gives the same decisions.
func NewLink(seed uint64) *Link {
	began := time.Now()
	return &Link{
		seed: seed, up: newLane(seed, 0, began), down: newLane(seed, 1, began), blocked: map[string]chan struct{}{},
	}
}

// SetUp replaces the shape towards the server, SetDown the one towards the client, SetBoth both.
func (l *Link) SetUp(s Shape) { l.up.set(s) }

// SetDown replaces the shape towards the client.
func (l *Link) SetDown(s Shape) { l.down.set(s) }

// SetBoth replaces both shapes.
func (l *Link) SetBoth(s Shape) {
	l.up.set(s)
	l.down.set(s)
}

// Counts are what has happened in both directions.
func (l *Link) Counts() (up, down Counts) { return l.up.counts(), l.down.counts() }

// Waits returns how long packets stood before the bottlenecks since the last call.
func (l *Link) Waits() (up, down []Wait) { return l.up.takeWaits(), l.down.takeWaits() }

// Rebind gives every UDP client another source port towards the server, as a NAT does that has forgotten a mapping:
// what the server sends to the old one is lost. TCP connections are reset.
func (l *Link) Rebind() error {
	udp, tcp := l.snapshot()
	var err error
	for _, d := range udp {
		err = errors.Join(err, d.rebind())
	}
	for _, d := range tcp {
		d.reset()
	}
	return err
}

// LoseInterface swallows from now on what the addresses that clients use now send and receive; new ones pass. TCP
// connections hang.
func (l *Link) LoseInterface() {
	udp, tcp := l.snapshot()
	for _, d := range udp {
		d.orphan()
	}
	for _, d := range tcp {
		d.orphan()
	}
}

// Block closes ("udp", "tcp") or opens the doors of a protocol: packets vanish; connections, new ones too, hang.
func (l *Link) Block(protocol string, blocked bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	was := l.blocked[protocol]
	switch {
	case blocked && was == nil:
		l.blocked[protocol] = make(chan struct{})
	case !blocked && was != nil:
		close(was)
		delete(l.blocked, protocol)
	}
}

// blockedUntil is nil for an open protocol, else a channel that is closed when it is opened.
func (l *Link) blockedUntil(protocol string) <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c := l.blocked[protocol]; c != nil {
		return c
	}
	return nil
}

func (l *Link) snapshot() ([]*udpDoor, []*tcpDoor) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.udp), slices.Clone(l.tcp)
}

// nextFlow numbers the flows of a link; each has dice of its own for both directions.
func (l *Link) nextFlow() (up, down dice) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.flows++
	return dice{seed: l.seed, lane: 2 * l.flows}, dice{seed: l.seed, lane: 2*l.flows + 1}
}

// adopt makes the link close a door; false when the link is closed.
func (l *Link) adopt(c io.Closer, list func()) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return false
	}
	l.doors = append(l.doors, c)
	list()
	return true
}

// Close ends all doors and waits for every goroutine. It is idempotent.
func (l *Link) Close() error {
	var err error
	l.once.Do(func() {
		l.mu.Lock()
		l.closed = true
		doors := l.doors
		l.mu.Unlock()
		for _, d := range doors {
			err = errors.Join(err, d.Close())
		}
		l.up.close()
		l.down.close()
	})
	return err
}

// addrOf is a listening address as UDP, for messages and candidates.
func addrOf(a net.Addr) (ip net.IP, port int) {
	switch a := a.(type) {
	case *net.UDPAddr:
		return a.IP, a.Port
	case *net.TCPAddr:
		return a.IP, a.Port
	}
	return nil, 0
}
