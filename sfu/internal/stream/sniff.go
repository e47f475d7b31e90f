package stream

import "encoding/binary"

// Kind is what a connection speaks by its first bytes.
type Kind uint8

// The kinds.
const (
	// Junk is nothing of ours.
	Junk Kind = iota
	// ICE begins with a framed connectivity check (RFC 6544).
	ICE
	// TURN begins with a request that frames itself (RFC 8656, section 3.1).
	TURN
)

const (
	stunCookie  = 0x2112a442
	stunBinding = 0x0001
	stunHeader  = 20
	// sniffLen is how many bytes tell: a frame's length and the first eight of a STUN header.
	sniffLen = headerLen + 8
)

// Tell says what a connection speaks; first has sniffLen bytes at least.
func Tell(first []byte) Kind {
	if len(first) < sniffLen || first[0] > 0x0f {
		return Junk
	}
	switch {
	case binary.BigEndian.Uint32(first[4:]) == stunCookie:
		return TURN
	case binary.BigEndian.Uint32(first[headerLen+4:]) == stunCookie && binary.BigEndian.Uint16(first[headerLen:]) == stunBinding &&
		binary.BigEndian.Uint16(first) >= stunHeader:
		return ICE
	}
	return Junk
}
