package relay

import (
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/zvonok/zvonok/sfu/internal/stream"
)

// peersPerLeg bounds the addresses of ours that one allocation talks to.
const peersPerLeg = 8

// leg is one allocation's end in this process. To Pion it is the relay socket, to the media port a path for each of our
// addresses that the client sends to: an answer has to come from the address that was asked.
type leg struct {
	server *Server
	who    *holder
	queue  *stream.Queue
	family bool // IPv6

	mu    sync.Mutex
	peers map[netip.AddrPort]*peerPath
	first *peerPath
	once  sync.Once
}

// peerPath implements [stream.Path].
type peerPath struct {
	leg *leg
	at  netip.AddrPort
	// peer is which of our addresses the client knows; guarded by the leg's mu until it is set.
	peer netip.AddrPort
}

func newLeg(s *Server, who *holder, ipv6 bool) *leg {
	l := &leg{server: s, who: who, queue: stream.NewQueue(time.Now), family: ipv6, peers: map[netip.AddrPort]*peerPath{}}
	l.first = &peerPath{leg: l}
	l.first.at = s.cfg.Switch.Attach(l.first)
	return l
}

// relayed is the address that the client is told. It is the path's own, so that the client knows it again in the answers
// to its checks; in IPv6 it is from the discard-only block (RFC 6666).
func (l *leg) relayed() *net.UDPAddr {
	a := l.first.at
	if l.family {
		v4 := a.Addr().As4()
		v6 := [16]byte{0: 0x01}
		copy(v6[12:], v4[:])
		return net.UDPAddrFromAddrPort(netip.AddrPortFrom(netip.AddrFrom16(v6), a.Port()))
	}
	return net.UDPAddrFromAddrPort(a)
}

// Send implements [stream.Path]: what the media port answers.
func (p *peerPath) Send(datagram []byte) bool {
	if !p.leg.who.allow(len(datagram)) {
		p.leg.server.counters.overRate.Add(1)
		return false
	}
	p.leg.mu.Lock()
	peer := p.peer
	p.leg.mu.Unlock()
	return peer.IsValid() && p.leg.queue.Put(peer, datagram)
}

// WriteTo implements net.PacketConn: what the client sends to peer. What is not for our media port is lost.
func (l *leg) WriteTo(b []byte, to net.Addr) (int, error) {
	udp, ok := to.(*net.UDPAddr)
	if !ok {
		return len(b), nil
	}
	peer := udp.AddrPort()
	peer = netip.AddrPortFrom(peer.Addr().Unmap(), peer.Port())
	if !l.server.cfg.Ours(peer) {
		l.server.counters.refusedPeers.Add(1)
		return len(b), nil
	}
	if !l.who.allow(len(b)) {
		l.server.counters.overRate.Add(1)
		return len(b), nil
	}
	if p := l.path(peer); p != nil {
		l.server.cfg.Switch.Deliver(p.at, b)
	}
	return len(b), nil
}

// path finds or makes the path of one of our addresses; nil when there are too many or the leg is closed.
func (l *leg) path(peer netip.AddrPort) *peerPath {
	l.mu.Lock()
	defer l.mu.Unlock()
	if p := l.peers[peer]; p != nil || l.peers == nil || len(l.peers) == peersPerLeg {
		return p
	}
	p := l.first
	if p.peer.IsValid() {
		p = &peerPath{leg: l}
		p.at = l.server.cfg.Switch.Attach(p)
	}
	p.peer = peer
	l.peers[peer] = p
	return p
}

// ReadFrom implements net.PacketConn.
func (l *leg) ReadFrom(b []byte) (int, net.Addr, error) {
	n, from, ok := l.queue.Take(b)
	if !ok {
		return 0, nil, net.ErrClosed
	}
	return n, net.UDPAddrFromAddrPort(from), nil
}

// Close implements net.PacketConn. It is idempotent.
func (l *leg) Close() error {
	l.once.Do(func() {
		l.mu.Lock()
		all := []netip.AddrPort{l.first.at}
		for _, p := range l.peers {
			if p != l.first {
				all = append(all, p.at)
			}
		}
		l.peers = nil
		l.mu.Unlock()
		for _, at := range all {
			l.server.cfg.Switch.Detach(at)
		}
		l.queue.Close()
		l.server.gone(l)
	})
	return nil
}

// LocalAddr implements net.PacketConn.
func (l *leg) LocalAddr() net.Addr { return l.relayed() }

// SetDeadline implements net.PacketConn and does nothing: reading ends with Close, writing does not wait.
func (l *leg) SetDeadline(time.Time) error { return nil }

// SetReadDeadline implements net.PacketConn and does nothing.
func (l *leg) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline implements net.PacketConn and does nothing.
func (l *leg) SetWriteDeadline(time.Time) error { return nil }
