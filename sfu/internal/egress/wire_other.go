//go:build !linux

package egress

import "net/netip"

// rawAddr is for systems that are talked to directly.
type rawAddr struct{}

func newRawAddr(netip.AddrPort) rawAddr { return rawAddr{} }

func newWire(s *Socket) wire { return plain{s.conn} }
