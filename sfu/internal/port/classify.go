package port

import "encoding/binary"

// Kind is what a datagram is by its first bytes (RFC 7983, section 7; RFC 5761, section 4 for RTCP).
type Kind uint8

// The kinds that matter; ZRTP and TURN channels are Unknown.
const (
	Unknown Kind = iota
	STUN
	DTLS
	RTP
	RTCP
)

const (
	stunHeader   = 20
	stunCookie   = 0x2112a442
	stunBinding  = 0x0001
	stunUsername = 0x0006
)

// Classify tells what a datagram claims to be. What is returned as STUN has a whole header and a matching length.
func Classify(b []byte) Kind {
	if len(b) == 0 {
		return Unknown
	}
	switch c := b[0]; {
	case c < 4:
		if len(b) >= stunHeader && binary.BigEndian.Uint32(b[4:]) == stunCookie && int(binary.BigEndian.Uint16(b[2:]))+stunHeader == len(b) && len(b)%4 == 0 {
			return STUN
		}
	case c >= 20 && c < 64:
		if len(b) >= 13 { // a record's header
			return DTLS
		}
	case c >= 128 && c < 192:
		switch {
		case len(b) >= 8 && b[1] >= 192 && b[1] <= 223:
			return RTCP
		case len(b) >= 12:
			return RTP
		}
	}
	return Unknown
}

// LocalFragment gives the part of a binding request's USERNAME that names the receiver (RFC 8445, section 7.2.2): what
// is before the colon. It is nil for anything else. b must be of kind STUN; nothing is allocated.
func LocalFragment(b []byte) []byte {
	if binary.BigEndian.Uint16(b) != stunBinding {
		return nil
	}
	for rest := b[stunHeader:]; len(rest) >= 4; {
		kind, n := binary.BigEndian.Uint16(rest), int(binary.BigEndian.Uint16(rest[2:]))
		if n > len(rest)-4 {
			return nil
		}
		if kind == stunUsername {
			for i, c := range rest[4 : 4+n] {
				if c == ':' {
					return rest[4 : 4+i]
				}
			}
			return nil
		}
		next := 4 + (n+3)&^3
		if next > len(rest) {
			return nil
		}
		rest = rest[next:]
	}
	return nil
}
