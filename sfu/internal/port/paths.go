package port

import (
	"encoding/binary"
	"net/netip"

	"github.com/zvonok/zvonok/sfu/internal/egress"
)

// Path is a way to one peer that is not the socket.
type Path interface {
	// Send takes one datagram, which is valid during the call only, and never blocks. It is false when the datagram is
	// lost.
	Send(datagram []byte) bool
}

// Graded is a path that minds what a datagram is worth when it has no room for all of them.
type Graded interface {
	Path
	// SendGraded is Send. starved says that pictures were lost, that there is room again, and that only a keyframe helps.
	SendGraded(datagram []byte, kind egress.Kind) (taken, starved bool)
}

// virtual is the range of paths: reserved by RFC 1112, section 4, and routed by nobody. It is IPv4 because Pion's mux
// looks for a transport of the same family.
var virtual = netip.MustParsePrefix("240.0.0.0/4")

// The addresses that are given out: not the broadcast address at the end.
const virtualBase, virtualCount = 0xf000_0001, 0x0fff_fff0

// Virtual says whether an address is that of a path.
func Virtual(a netip.AddrPort) bool { return a.Addr().Is4() && virtual.Contains(a.Addr()) }

// Attach gives a path its address; datagrams that are written to the address go to the path until [Port.Detach].
func (p *Port) Attach(path Path) netip.AddrPort {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		p.lastPath = (p.lastPath + 1) % virtualCount
		var ip [4]byte
		binary.BigEndian.PutUint32(ip[:], virtualBase+p.lastPath)
		a := netip.AddrPortFrom(netip.AddrFrom4(ip), 1)
		if _, taken := (*p.paths.Load())[a]; !taken {
			edit(&p.paths, func(m map[netip.AddrPort]Path) { m[a] = path })
			return a
		}
	}
}

// Path is what an address was given to; nil when it has ended.
func (p *Port) Path(at netip.AddrPort) Path { return (*p.paths.Load())[at] }

// Detach ends a path. Sessions that used it hear nothing: they stop for want of checks, or the client moves them.
func (p *Port) Detach(a netip.AddrPort) {
	p.mu.Lock()
	defer p.mu.Unlock()
	edit(&p.paths, func(m map[netip.AddrPort]Path) { delete(m, a) })
}

// Deliver takes what arrived on a path, as if it had come from the network. The caller keeps datagram.
func (p *Port) Deliver(from netip.AddrPort, datagram []byte) {
	if _, ok := (*p.paths.Load())[from]; !ok {
		p.counters.received.Add(1)
		p.counters.drop(DropVirtual)
		return
	}
	p.route(from, datagram)
}
