package egress

import (
	"net"
	"net/netip"
	"sync/atomic"
)

// Dest is where one subscriber's datagrams go. Any goroutine may move, open or close it; batches follow at the next
// datagram. It begins closed and without an address.
type Dest struct {
	way  atomic.Pointer[way]
	open atomic.Bool
}

// way is one address, in every form in which some socket wants it. It does not change but for whole.
type way struct {
	addr netip.AddrPort
	udp  *net.UDPAddr
	raw  rawAddr
	path Path
	// whole says that the kernel refused segments of such a length on this way: each datagram goes by itself.
	whole atomic.Bool
}

// Set sends to a UDP address from now on.
func (d *Dest) Set(addr netip.AddrPort) {
	addr = netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port())
	d.way.Store(&way{addr: addr, udp: net.UDPAddrFromAddrPort(addr), raw: newRawAddr(addr)})
}

// Path is a way that takes one datagram at a time: a connection that keeps a queue of its own.
type Path interface {
	// Send takes a datagram, which is valid during the call only, and never waits. It is false when it is lost.
	Send(datagram []byte, kind Kind) bool
}

// SetPath sends through a path from now on.
func (d *Dest) SetPath(p Path) { d.way.Store(&way{path: p}) }

// Addr is where datagrams go; invalid for none or a path.
func (d *Dest) Addr() netip.AddrPort {
	if w := d.way.Load(); w != nil {
		return w.addr
	}
	return netip.AddrPort{}
}

// Open lets datagrams pass, Close stops them. What is in a batch already still goes.
func (d *Dest) Open() { d.open.Store(true) }

// Close stops datagrams.
func (d *Dest) Close() { d.open.Store(false) }

// Ready says whether datagrams pass and have somewhere to go.
func (d *Dest) Ready() bool { return d.open.Load() && d.way.Load() != nil }
