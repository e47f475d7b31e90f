package egress

import (
	"net"
	"net/netip"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// rawAddr is an address as the kernel reads it, for sockets of either family: one of IPv6 reaches IPv4 addresses by
// their mapped form.
type rawAddr struct {
	four unix.RawSockaddrInet4
	six  unix.RawSockaddrInet6
}

func newRawAddr(addr netip.AddrPort) (r rawAddr) {
	r.six.Family, r.six.Port, r.six.Addr = unix.AF_INET6, bigEndian(addr.Port()), addr.Addr().As16()
	if zone := addr.Addr().Zone(); zone != "" {
		r.six.Scope_id = scope(zone)
	}
	if addr.Addr().Is4() {
		r.four.Family, r.four.Port, r.four.Addr = unix.AF_INET, bigEndian(addr.Port()), addr.Addr().As4()
	}
	return r
}

// bigEndian lays a port out for the network, in this machine's order.
func bigEndian(port uint16) (out uint16) {
	b := (*[2]byte)(unsafe.Pointer(&out))
	b[0], b[1] = byte(port>>8), byte(port)
	return out
}

func scope(zone string) uint32 {
	if ifi, err := net.InterfaceByName(zone); err == nil {
		return uint32(ifi.Index)
	}
	n, _ := strconv.ParseUint(zone, 10, 32) // 0, no scope, for what is no number either
	return uint32(n)
}

// mmsghdr is struct mmsghdr of sendmmsg(2).
type mmsghdr struct {
	header unix.Msghdr
	n      uint32
}

// segment is the control message with UDP_SEGMENT (udp(7)): the length that the kernel cuts a message into.
type segment struct {
	header unix.Cmsghdr
	size   uint16
	_      [6]byte
}

// mmsg is the wire over a UDP socket of Linux: sendmmsg, with UDP_SEGMENT for runs.
type mmsg struct {
	conn   syscall.RawConn
	six    bool
	socket *Socket

	// what call works on: it is one function value for good, so that nothing is allocated for it
	call     func(fd uintptr)
	from, to int
	sent     int
	errno    syscall.Errno

	headers  [maxMessages]mmsghdr
	vectors  [maxMessages]unix.Iovec
	segments [maxMessages]segment
}

func newWire(s *Socket) wire {
	conn := s.conn
	udp, ok := conn.(*net.UDPConn)
	if !ok {
		return plain{conn}
	}
	raw, err := udp.SyscallConn()
	if err != nil {
		return plain{conn}
	}
	w := &mmsg{conn: raw, socket: s}
	family := 0
	if err := raw.Control(func(fd uintptr) { family, _ = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_DOMAIN) }); err != nil {
		return plain{conn}
	}
	w.six = family == unix.AF_INET6
	w.call = w.sendmmsg
	for i := range w.headers {
		h, s := &w.headers[i].header, &w.segments[i]
		h.Iov = &w.vectors[i]
		h.SetIovlen(1)
		s.header.Level, s.header.Type = unix.IPPROTO_UDP, unix.UDP_SEGMENT
		s.header.SetLen(unix.CmsgLen(2))
	}
	return w
}

func (w *mmsg) merges() bool { return !w.socket.noSegments.Load() }

// sendmmsg is called with the descriptor. Not blocking the socket's write lock, as net.UDPConn would, lets several
// batches send at once.
func (w *mmsg) sendmmsg(fd uintptr) {
	n, _, errno := unix.Syscall6(unix.SYS_SENDMMSG, fd, uintptr(unsafe.Pointer(&w.headers[w.from])), uintptr(w.to-w.from),
		unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, 0, 0)
	w.sent, w.errno = int(n), errno
	if errno != 0 {
		w.sent = 0
	}
}

func (w *mmsg) send(arena []byte, messages []message, c *Counts) {
	for i := range messages {
		w.prepare(i, arena, &messages[i])
	}
	for at := 0; at < len(messages); {
		sent, errno := w.transmit(at, len(messages), c)
		for range sent {
			c.Sent += uint64(messages[at].count)
			at++
		}
		m := &messages[min(at, len(messages)-1)]
		switch {
		case errno == 0 || errno == unix.EINTR:
		case errno == unix.EAGAIN || errno == unix.ENOBUFS:
			// The way out is full: what follows would find it full too.
			for ; at < len(messages); at++ {
				c.Full += uint64(messages[at].count)
			}
		case m.count > 1:
			w.remember(m.way, errno)
			w.apart(at, arena, m, c)
			at++
		default:
			c.Refused++
			at++
		}
	}
}

// transmit sends the messages from to to-1 and returns how many went, and why the next one did not.
func (w *mmsg) transmit(from, to int, c *Counts) (sent int, errno syscall.Errno) {
	c.Calls++
	w.from, w.to = from, to
	if err := w.conn.Control(w.call); err != nil {
		return 0, unix.EBADF // closed
	}
	if w.sent == 0 && w.errno == 0 {
		return 0, unix.EBADF // the kernel never answers so; do not try for ever
	}
	return w.sent, w.errno
}

// remember notes who cannot do segments: the device (EIO: no checksum offload, EOPNOTSUPP), or this way, whose packets
// may be shorter than a segment (EINVAL).
func (w *mmsg) remember(to *way, errno syscall.Errno) {
	switch errno {
	case unix.EIO, unix.EOPNOTSUPP, unix.ENOPROTOOPT:
		w.socket.noSegments.Store(true)
	case unix.EINVAL, unix.EMSGSIZE:
		to.whole.Store(true)
	}
}

// apart sends a message's datagrams one by one, in the place of its header.
func (w *mmsg) apart(i int, arena []byte, m *message, c *Counts) {
	one := message{way: m.way, size: m.size, count: 1}
	for at := m.from; at < m.to; at += m.size {
		one.from, one.to = at, min(at+m.size, m.to)
		w.prepare(i, arena, &one)
		switch _, errno := w.transmit(i, i+1, c); errno {
		case 0:
			c.Sent++
		case unix.EAGAIN, unix.ENOBUFS:
			c.Full++
		default:
			c.Refused++
		}
	}
}

func (w *mmsg) prepare(i int, arena []byte, m *message) {
	h, v := &w.headers[i].header, &w.vectors[i]
	v.Base = &arena[m.from]
	v.SetLen(m.to - m.from)
	if w.six {
		h.Name, h.Namelen = (*byte)(unsafe.Pointer(&m.way.raw.six)), unix.SizeofSockaddrInet6
	} else {
		h.Name, h.Namelen = (*byte)(unsafe.Pointer(&m.way.raw.four)), unix.SizeofSockaddrInet4
	}
	if m.count == 1 {
		h.Control = nil
		h.SetControllen(0)
		return
	}
	s := &w.segments[i]
	s.size = uint16(m.size)
	h.Control = (*byte)(unsafe.Pointer(s))
	h.SetControllen(unix.CmsgSpace(2))
}
