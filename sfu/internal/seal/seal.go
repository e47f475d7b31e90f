package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"fmt"
)

// Profile is an SRTP protection profile (RFC 5764, section 4.1.2; RFC 7714, section 14.2).
type Profile uint8

// The profiles that are spoken.
const (
	// AES128GCM is AEAD_AES_128_GCM.
	AES128GCM Profile = iota + 1
	// AES128CM80 is AES128_CM_HMAC_SHA1_80, for clients without GCM.
	AES128CM80
)

// The errors of [New].
var (
	// ErrProfile: not one of the profiles above.
	ErrProfile = errors.New("seal: unknown profile")
	// ErrKey: a master key or salt of the wrong length.
	ErrKey = errors.New("seal: wrong length of key or salt")
)

const (
	keyBytes = 16
	// rtcpHeader is what of an RTCP packet stays readable: the first header word and the sender's SSRC.
	rtcpHeader = 8
	// indexBytes is the word with the E bit and the index behind an SRTCP packet.
	indexBytes = 4
	encrypted  = 1 << 31
)

// KeyLen is how long the profile's master key is.
func (p Profile) KeyLen() int { return keyBytes }

// SaltLen is how long the profile's master salt is, 0 for an unknown profile.
func (p Profile) SaltLen() int {
	switch p {
	case AES128GCM:
		return 12
	case AES128CM80:
		return 14
	}
	return 0
}

// The labels of the key derivation (RFC 3711, section 4.3.2).
const (
	labelRTPKey = iota
	labelRTPAuth
	labelRTPSalt
	labelRTCPKey
	labelRTCPAuth
	labelRTCPSalt
)

// engine is what a profile does with one kind of packet. The arguments' meaning is [Sealer.RTP]'s and [Sealer.RTCP]'s.
type engine interface {
	rtp(dst []byte, header int, payload []byte, ssrc uint32, index uint64) int
	rtcp(dst, packet []byte, ssrc, index uint32) int
	tag() int
}

// Sealer holds the keys of one direction of one transport.
type Sealer struct {
	engine engine
	tag    int
}

// New derives the session keys (RFC 3711, section 4.3, with a key derivation rate of 0).
func New(p Profile, masterKey, masterSalt []byte) (*Sealer, error) {
	if p.SaltLen() == 0 {
		return nil, ErrProfile
	}
	if len(masterKey) != p.KeyLen() || len(masterSalt) != p.SaltLen() {
		return nil, fmt.Errorf("%w: %d and %d bytes", ErrKey, len(masterKey), len(masterSalt))
	}
	master, err := aes.NewCipher(masterKey)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	keys := derivation{master, masterSalt}
	var e engine
	if p == AES128GCM {
		e, err = newGCM(keys)
	} else {
		e, err = newCM(keys)
	}
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return &Sealer{engine: e, tag: e.tag()}, nil
}

// Overhead is by how much an RTP packet grows.
func (s *Sealer) Overhead() int { return s.tag }

// OverheadRTCP is by how much an RTCP packet grows.
func (s *Sealer) OverheadRTCP() int { return s.tag + indexBytes }

// RTP seals payload behind the header that dst holds already in its first header bytes, and returns the packet, a
// part of dst. dst must be at least header+len(payload)+Overhead() long. payload is only read; it may be
// dst[header:header+len(payload)] itself, but must not overlap dst otherwise. index is the roll-over counter times
// 65,536 plus the sequence number. No two different packets may be sealed with one ssrc and index: with GCM that
// gives the key away (RFC 7714, section 8.4).
func (s *Sealer) RTP(dst []byte, header int, payload []byte, ssrc uint32, index uint64) []byte {
	return dst[:s.engine.rtp(dst, header, payload, ssrc, index)]
}

// RTCP seals a compound packet of at least 8 bytes into dst and returns it, a part of dst, which must be at least
// len(packet)+OverheadRTCP() long and must not overlap packet. index, of 31 bits, counts all RTCP packets of the
// transport.
func (s *Sealer) RTCP(dst, packet []byte, index uint32) []byte {
	return dst[:s.engine.rtcp(dst, packet, binary.BigEndian.Uint32(packet[4:]), index&^encrypted)]
}

// derivation is the pseudo-random function of RFC 3711, section 4.3.3.
type derivation struct {
	master cipher.Block
	salt   []byte // 12 bytes are used as if two of zero followed (RFC 7714, section 11)
}

func (d derivation) derive(label byte, n int) []byte {
	var iv [aes.BlockSize]byte
	copy(iv[:], d.salt)
	iv[7] ^= label
	out := make([]byte, n)
	cipher.NewCTR(d.master, iv[:]).XORKeyStream(out, out)
	return out
}
