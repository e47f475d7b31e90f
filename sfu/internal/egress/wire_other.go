//go:build !linux

package egress

import (
	"net"
	"net/netip"
)

// rawAddr is for systems that are talked to directly.
type rawAddr struct{}

func newRawAddr(netip.AddrPort) rawAddr { return rawAddr{} }

func newWire(conn net.PacketConn) wire { return plain{conn} }
