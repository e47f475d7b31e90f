package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
)

const (
	gcmTag   = 16
	gcmNonce = 12
)

// gcmEngine is AEAD_AES_128_GCM (RFC 7714).
type gcmEngine struct {
	media, control         cipher.AEAD
	mediaSalt, controlSalt [gcmNonce]byte
	// nonce and extra are arguments of calls through an interface: kept here, they are not allocated for each.
	nonce [gcmNonce]byte
	extra [rtcpHeader + indexBytes]byte
}

func newGCM(keys derivation) (*gcmEngine, error) {
	e := &gcmEngine{}
	var err error
	if e.media, err = newAEAD(keys.derive(labelRTPKey, keyBytes)); err != nil {
		return nil, err
	}
	if e.control, err = newAEAD(keys.derive(labelRTCPKey, keyBytes)); err != nil {
		return nil, err
	}
	copy(e.mediaSalt[:], keys.derive(labelRTPSalt, gcmNonce))
	copy(e.controlSalt[:], keys.derive(labelRTCPSalt, gcmNonce))
	return e, nil
}

func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

func (e *gcmEngine) tag() int { return gcmTag }

// rtp: the nonce is two zero bytes, SSRC, roll-over counter and sequence number, under the salt (section 8.1).
func (e *gcmEngine) rtp(dst []byte, header int, payload []byte, ssrc uint32, index uint64) int {
	n := &e.nonce
	*n = e.mediaSalt
	xor32(n[2:], ssrc)
	xor32(n[6:], uint32(index>>16))
	n[10] ^= byte(index >> 8)
	n[11] ^= byte(index)
	return header + len(e.media.Seal(dst[header:header], n[:], payload, dst[:header]))
}

// rtcp: the nonce is SSRC and index under the salt (section 9.1); what stays readable is authenticated (section 9.2).
func (e *gcmEngine) rtcp(dst, packet []byte, ssrc, index uint32) int {
	n := &e.nonce
	*n = e.controlSalt
	xor32(n[2:], ssrc)
	xor32(n[8:], index)
	copy(e.extra[:], packet[:rtcpHeader])
	binary.BigEndian.PutUint32(e.extra[rtcpHeader:], index|encrypted)
	copy(dst, packet[:rtcpHeader])
	end := rtcpHeader + len(e.control.Seal(dst[rtcpHeader:rtcpHeader], n[:], packet[rtcpHeader:], e.extra[:]))
	copy(dst[end:], e.extra[rtcpHeader:])
	return end + indexBytes
}

func xor32(b []byte, v uint32) {
	binary.BigEndian.PutUint32(b, binary.BigEndian.Uint32(b)^v)
}
