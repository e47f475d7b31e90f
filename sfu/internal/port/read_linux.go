package port

import (
	"encoding/binary"
	"net"
	"net/netip"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	// readBatch is how many messages one system call brings; each may be many datagrams of equal length where the
	// kernel has joined them (UDP_GRO), 64 KiB at most.
	readBatch  = 16
	readBuffer = 64 << 10
	oobBuffer  = 64
)

// message is struct mmsghdr.
type message struct {
	header unix.Msghdr
	length uint32
}

// batch is what one recvmmsg fills.
type batch struct {
	messages [readBatch]message
	vectors  [readBatch]unix.Iovec
	names    [readBatch]unix.RawSockaddrInet6
	oob      [readBatch][oobBuffer]byte
	data     [readBatch][readBuffer]byte
	zones    map[uint32]string
	n        int
	errno    syscall.Errno
}

func (p *Port) readUDP() {
	raw, err := p.udp.SyscallConn()
	if err != nil {
		return // closed already
	}
	// Without it each datagram is a message of its own.
	_ = raw.Control(func(fd uintptr) { _ = unix.SetsockoptInt(int(fd), unix.IPPROTO_UDP, unix.UDP_GRO, 1) })
	b := &batch{zones: map[uint32]string{}}
	receive := b.receive
	for {
		b.prepare()
		err := raw.Read(receive)
		if err != nil || b.errno != 0 {
			if !p.rest() {
				return
			}
			continue
		}
		for i := range b.n {
			p.arrivedJoined(b.sender(i), b.content(i), b.segment(i))
		}
	}
}

// arrivedJoined takes a message apart into its datagrams of size bytes, the last of which may be shorter.
func (p *Port) arrivedJoined(from netip.AddrPort, b []byte, size int) {
	if size <= 0 {
		size = max(len(b), 1)
	}
	for len(b) > size {
		p.arrived(from, b[:size:size])
		b = b[size:]
	}
	p.arrived(from, b[:len(b):len(b)])
}

func (b *batch) prepare() {
	for i := range b.messages {
		b.vectors[i].Base = &b.data[i][0]
		b.vectors[i].SetLen(readBuffer)
		h := &b.messages[i].header
		h.Name = (*byte)(unsafe.Pointer(&b.names[i]))
		h.Namelen = unix.SizeofSockaddrInet6
		h.Iov = &b.vectors[i]
		h.SetIovlen(1)
		h.Control = &b.oob[i][0]
		h.SetControllen(oobBuffer)
		h.Flags = 0
	}
	b.n, b.errno = 0, 0
}

// receive is what syscall.RawConn calls; false: wait until there is something.
func (b *batch) receive(fd uintptr) bool {
	n, _, errno := unix.Syscall6(unix.SYS_RECVMMSG, fd, uintptr(unsafe.Pointer(&b.messages[0])), readBatch, unix.MSG_DONTWAIT, 0, 0)
	switch errno {
	case 0:
		b.n = int(n)
	case unix.EAGAIN, unix.EINTR:
		return errno == unix.EINTR
	default:
		b.errno = errno
	}
	return true
}

func (b *batch) content(i int) []byte { return b.data[i][:min(int(b.messages[i].length), readBuffer)] }

// segment is the length of the datagrams that a message was joined of, 0 when it is a single one.
func (b *batch) segment(i int) int {
	const head = unix.SizeofCmsghdr
	oob := b.oob[i][:min(int(b.messages[i].header.Controllen), oobBuffer)]
	if len(oob) < head+4 {
		return 0
	}
	h := (*unix.Cmsghdr)(unsafe.Pointer(&oob[0]))
	if h.Level != unix.IPPROTO_UDP || h.Type != unix.UDP_GRO {
		return 0
	}
	return int(binary.NativeEndian.Uint32(oob[unix.CmsgLen(0):]))
}

// sender reads the address of a message; it is invalid for what is neither IPv4 nor IPv6.
func (b *batch) sender(i int) netip.AddrPort {
	switch name := &b.names[i]; name.Family {
	case unix.AF_INET:
		four := (*unix.RawSockaddrInet4)(unsafe.Pointer(name))
		return netip.AddrPortFrom(netip.AddrFrom4(four.Addr), networkOrder(&four.Port))
	case unix.AF_INET6:
		a := netip.AddrFrom16(name.Addr)
		if name.Scope_id != 0 && a.IsLinkLocalUnicast() {
			a = a.WithZone(b.zone(name.Scope_id))
		}
		return netip.AddrPortFrom(a, networkOrder(&name.Port))
	}
	return netip.AddrPort{}
}

func networkOrder(port *uint16) uint16 {
	return binary.BigEndian.Uint16((*[2]byte)(unsafe.Pointer(port))[:])
}

// zone names an interface of this host; there are only so many.
func (b *batch) zone(index uint32) string {
	name, ok := b.zones[index]
	if !ok {
		name = strconv.Itoa(int(index))
		if i, err := net.InterfaceByIndex(int(index)); err == nil {
			name = i.Name
		}
		b.zones[index] = name
	}
	return name
}
