package port

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// Receiver is a session of ours.
type Receiver interface {
	// Receive takes one datagram: a binding request to one of its fragments from any address, or anything from one of
	// its addresses. data is valid during the call only.
	Receive(from netip.AddrPort, kind Kind, data []byte)
}

var (
	// ErrNotUDP is returned by [New] for a socket without UDP addresses.
	ErrNotUDP = errors.New("port: not a UDP socket")
	// ErrTaken is returned by [Port.Claim] for a fragment that is in use.
	ErrTaken = errors.New("port: fragment is in use")
)

// errorPause is how long reading rests after an error of the socket.
const errorPause = 10 * time.Millisecond

// Port is the socket and its tables. Its methods may be called from any goroutine.
type Port struct {
	conn     net.PacketConn
	udp      *net.UDPConn // nil when conn is something else
	local    netip.AddrPort
	facade   *Facade
	counters counters

	// The tables are replaced as a whole under mu; readers take what stands.
	mu        sync.Mutex
	addresses atomic.Pointer[map[netip.AddrPort]Receiver]
	fragments atomic.Pointer[map[string]Receiver]
	paths     atomic.Pointer[map[netip.AddrPort]Path]
	lastPath  uint32

	closed chan struct{}
	once   sync.Once
	wg     sync.WaitGroup
}

// New takes the socket over and starts reading. Batches and segments are used where conn is a *net.UDPConn and the
// system has them.
func New(conn net.PacketConn) (*Port, error) {
	local, ok := conn.LocalAddr().(*net.UDPAddr)
	if !ok {
		return nil, fmt.Errorf("%w: %T", ErrNotUDP, conn.LocalAddr())
	}
	p := &Port{conn: conn, local: local.AddrPort(), closed: make(chan struct{})}
	p.udp, _ = conn.(*net.UDPConn)
	p.addresses.Store(&map[netip.AddrPort]Receiver{})
	p.fragments.Store(&map[string]Receiver{})
	p.paths.Store(&map[netip.AddrPort]Path{})
	p.facade = newFacade(p)
	p.wg.Go(p.read)
	return p, nil
}

// Local is the address that the socket is bound to.
func (p *Port) Local() netip.AddrPort { return p.local }

// Socket is the UDP socket for batched writes, nil where there is only a net.PacketConn.
func (p *Port) Socket() *net.UDPConn { return p.udp }

// Facade is the net.PacketConn of everybody who is no session of ours.
func (p *Port) Facade() *Facade { return p.facade }

// Close ends reading and closes the socket; it waits for the goroutine and is idempotent.
func (p *Port) Close() error {
	var err error
	p.once.Do(func() {
		close(p.closed)
		err = p.conn.Close()
	})
	p.wg.Wait()
	p.facade.shut()
	return err
}

func edit[K comparable, V any](table *atomic.Pointer[map[K]V], change func(map[K]V)) {
	next := maps.Clone(*table.Load())
	change(next)
	table.Store(&next)
}

// Claim routes binding requests to a user name fragment to r. The error is [ErrTaken].
func (p *Port) Claim(fragment string, r Receiver) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, ok := (*p.fragments.Load())[fragment]; ok {
		return ErrTaken
	}
	edit(&p.fragments, func(m map[string]Receiver) { m[fragment] = r })
	return nil
}

// Bind routes everything from an address to r. Only an address that has proved itself is bound. It is false while
// another session has the address: a source address is easily forged.
func (p *Port) Bind(from netip.AddrPort, r Receiver) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if other, taken := (*p.addresses.Load())[from]; taken {
		return other == r
	}
	edit(&p.addresses, func(m map[netip.AddrPort]Receiver) { m[from] = r })
	return true
}

// Release ends what [Port.Claim] and [Port.Bind] began, where it is still r's.
func (p *Port) Release(r Receiver, fragments []string, addresses []netip.AddrPort) {
	p.mu.Lock()
	defer p.mu.Unlock()
	edit(&p.fragments, func(m map[string]Receiver) {
		for _, f := range fragments {
			if m[f] == r {
				delete(m, f)
			}
		}
	})
	edit(&p.addresses, func(m map[netip.AddrPort]Receiver) {
		for _, a := range addresses {
			if m[a] == r {
				delete(m, a)
			}
		}
	})
}

// WriteTo sends one datagram: to the path that has the address, else from the socket. A path that has gone loses it.
func (p *Port) WriteTo(b []byte, to netip.AddrPort) (int, error) {
	if Virtual(to) {
		if path := (*p.paths.Load())[to]; path == nil || !path.Send(b) {
			return 0, net.ErrClosed
		}
		return len(b), nil
	}
	if p.udp != nil {
		return p.udp.WriteToUDPAddrPort(b, to)
	}
	return p.conn.WriteTo(b, net.UDPAddrFromAddrPort(to))
}

func (p *Port) read() {
	if p.udp != nil {
		p.readUDP()
		return
	}
	p.readPlain()
}

// readPlain reads one datagram at a time.
func (p *Port) readPlain() {
	buf := make([]byte, maxDatagram+1)
	for {
		var from netip.AddrPort
		n, addr, err := p.conn.ReadFrom(buf)
		if udp, ok := addr.(*net.UDPAddr); ok {
			from = udp.AddrPort()
		}
		if err != nil || !from.IsValid() {
			if !p.rest() {
				return
			}
			continue
		}
		p.arrived(from, buf[:n])
	}
}

// rest counts an error of the socket and waits a little; it is false when the port is closed.
func (p *Port) rest() bool {
	select {
	case <-p.closed:
		return false
	default:
	}
	p.counters.drop(DropRead)
	timer := time.NewTimer(errorPause)
	defer timer.Stop()
	select {
	case <-p.closed:
		return false
	case <-timer.C:
		return true
	}
}

// maxDatagram is the longest that is taken: more than any MTU that media is sent with.
const maxDatagram = 2048

// arrived takes a datagram from the network.
func (p *Port) arrived(from netip.AddrPort, b []byte) {
	if from.Addr().Is4In6() {
		from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
	}
	if Virtual(from) {
		p.counters.received.Add(1)
		p.counters.drop(DropVirtual)
		return
	}
	p.route(from, b)
}

// route hands a datagram to whom it belongs.
func (p *Port) route(from netip.AddrPort, b []byte) {
	p.counters.received.Add(1)
	if len(b) > maxDatagram {
		p.counters.drop(DropTruncated)
		return
	}
	kind := Classify(b)
	switch kind {
	case Unknown:
		p.counters.drop(DropUnknown)
		return
	case STUN:
		// By fragment first: an address may have come to somebody else.
		if f := LocalFragment(b); f != nil {
			if r := (*p.fragments.Load())[string(f)]; r != nil {
				r.Receive(from, kind, b)
			} else {
				p.facade.push(from, b, true)
			}
			return
		}
	case DTLS, RTP, RTCP:
	}
	if r := (*p.addresses.Load())[from]; r != nil {
		r.Receive(from, kind, b)
		return
	}
	p.facade.push(from, b, false)
}
