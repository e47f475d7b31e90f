package stream

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// unsentBytes is how much may wait in the kernel: what waits there can't be thrown away any more.
const unsentBytes = 32 << 10

// boundKernelQueue makes writing wait when the network does, instead of filling a buffer of megabytes.
func boundKernelQueue(conn net.Conn) {
	for {
		under, ok := conn.(interface{ NetConn() net.Conn })
		if !ok {
			break
		}
		conn = under.NetConn()
	}
	socket, ok := conn.(syscall.Conn)
	if !ok {
		return
	}
	if raw, err := socket.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) {
			_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, unsentBytes)
		})
	}
}
