package loadgen

import (
	"encoding/binary"
	"net/netip"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	// readBatch is how many messages one system call brings; a message may be many datagrams where the kernel joined
	// them.
	readBatch, readBuffer = 64, 64 << 10
	controlBuffer         = 64
	// where IP_PKTINFO's destination stands in its control message (ip(7))
	packetInfoAddress = 8
)

type received struct {
	header unix.Msghdr
	length uint32
}

// reader is what one recvmmsg fills.
type reader struct {
	messages [readBatch]received
	vectors  [readBatch]unix.Iovec
	control  [readBatch][controlBuffer]byte
	data     [readBatch][readBuffer]byte
	n        int
	errno    syscall.Errno
}

func (b *reader) receive(fd uintptr) bool {
	for i := range b.messages {
		h, v := &b.messages[i].header, &b.vectors[i]
		v.Base = &b.data[i][0]
		v.SetLen(readBuffer)
		h.Iov = v
		h.SetIovlen(1)
		h.Control = &b.control[i][0]
		h.SetControllen(controlBuffer)
	}
	n, _, errno := unix.Syscall6(unix.SYS_RECVMMSG, fd, uintptr(unsafe.Pointer(&b.messages[0])), readBatch, unix.MSG_DONTWAIT, 0, 0)
	b.n, b.errno = int(n), errno
	return errno != unix.EAGAIN && errno != unix.EINTR
}

// read runs until the socket is closed.
func (r *row) read() {
	raw, err := r.conn.SyscallConn()
	if err != nil {
		return
	}
	b := &reader{}
	receive := b.receive
	for {
		if raw.Read(receive) != nil || b.errno != 0 {
			return
		}
		now := time.Since(r.audience.began)
		seats := *r.seats.Load()
		for i := range b.n {
			seat, size := b.about(i)
			l := seats[seat]
			if l == nil {
				continue
			}
			data := b.data[i][:b.messages[i].length]
			if size <= 0 {
				size = len(data)
			}
			for len(data) > size {
				l.arrived(data[:size:size], now)
				data = data[size:]
			}
			l.arrived(data, now)
		}
	}
}

// about reads a message's control part: whose it is, and into what it was cut before it was joined (0 for one piece).
func (b *reader) about(i int) (seat, size int) {
	seat = -1
	control := b.control[i][:min(int(b.messages[i].header.Controllen), controlBuffer)]
	for len(control) >= unix.SizeofCmsghdr {
		h := (*unix.Cmsghdr)(unsafe.Pointer(&control[0]))
		n := int(h.Len)
		if n < unix.SizeofCmsghdr || n > len(control) {
			break
		}
		body := control[unix.CmsgLen(0):n]
		switch {
		case h.Level == unix.IPPROTO_IP && h.Type == unix.IP_PKTINFO && len(body) >= packetInfoAddress+4:
			seat = seatOf([4]byte(body[packetInfoAddress:]))
		case h.Level == unix.IPPROTO_UDP && h.Type == unix.UDP_GRO && len(body) >= 4:
			size = int(binary.NativeEndian.Uint32(body))
		}
		control = control[min(unix.CmsgSpace(n-unix.CmsgLen(0)), len(control)):]
	}
	return seat, size
}

// sendFrom makes the control message that sends from a seat's address.
func sendFrom(a netip.Addr) []byte {
	b := make([]byte, unix.CmsgSpace(unix.SizeofInet4Pktinfo))
	h := (*unix.Cmsghdr)(unsafe.Pointer(&b[0]))
	h.Level, h.Type = unix.IPPROTO_IP, unix.IP_PKTINFO
	h.SetLen(unix.CmsgLen(unix.SizeofInet4Pktinfo))
	four := a.As4()
	copy(b[unix.CmsgLen(0)+4:], four[:])
	return b
}
