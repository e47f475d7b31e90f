package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/binary"
	"hash"
)

const (
	cmTag  = 10 // of HMAC-SHA1's 20 bytes
	cmSalt = 14
	// keystream is how much of it is made at a time.
	keystream = 8 * aes.BlockSize
)

// cmEngine is AES128_CM_HMAC_SHA1_80 (RFC 3711, sections 4.1.1 and 4.2.1). The standard library's counter mode would
// allocate for each packet; a block at a time costs about what its authentication costs anyway.
type cmEngine struct {
	media, control         cipher.Block
	mediaSalt, controlSalt [cmSalt]byte
	mediaAuth, controlAuth hash.Hash
	// arguments of calls through interfaces, kept here so that they are not allocated for each
	counter [aes.BlockSize]byte
	stream  [keystream]byte
	word    [4]byte
	sum     [sha1.Size]byte
}

func newCM(keys derivation) (*cmEngine, error) {
	e := &cmEngine{}
	var err error
	if e.media, err = aes.NewCipher(keys.derive(labelRTPKey, keyBytes)); err != nil {
		return nil, err
	}
	if e.control, err = aes.NewCipher(keys.derive(labelRTCPKey, keyBytes)); err != nil {
		return nil, err
	}
	e.mediaAuth = hmac.New(sha1.New, keys.derive(labelRTPAuth, sha1.Size))
	e.controlAuth = hmac.New(sha1.New, keys.derive(labelRTCPAuth, sha1.Size))
	copy(e.mediaSalt[:], keys.derive(labelRTPSalt, cmSalt))
	copy(e.controlSalt[:], keys.derive(labelRTCPSalt, cmSalt))
	return e, nil
}

func (e *cmEngine) tag() int { return cmTag }

func (e *cmEngine) rtp(dst []byte, header int, payload []byte, ssrc uint32, index uint64) int {
	end := header + len(payload)
	e.start(&e.mediaSalt, ssrc, index)
	e.xor(e.media, dst[header:end], payload)
	binary.BigEndian.PutUint32(e.word[:], uint32(index>>16))
	e.authenticate(e.mediaAuth, dst, end, e.word[:])
	return end + cmTag
}

func (e *cmEngine) rtcp(dst, packet []byte, ssrc, index uint32) int {
	copy(dst, packet[:rtcpHeader])
	e.start(&e.controlSalt, ssrc, uint64(index))
	e.xor(e.control, dst[rtcpHeader:len(packet)], packet[rtcpHeader:])
	end := len(packet) + indexBytes
	binary.BigEndian.PutUint32(dst[len(packet):], index|encrypted)
	e.authenticate(e.controlAuth, dst, end, nil)
	return end + cmTag
}

// start sets the counter: salt, SSRC and index, and 16 bits for the blocks.
func (e *cmEngine) start(salt *[cmSalt]byte, ssrc uint32, index uint64) {
	c := &e.counter
	copy(c[:], salt[:])
	c[14], c[15] = 0, 0
	xor32(c[4:], ssrc)
	xor32(c[8:], uint32(index>>16))
	c[12] ^= byte(index >> 8)
	c[13] ^= byte(index)
}

func (e *cmEngine) xor(block cipher.Block, dst, src []byte) {
	for n := uint16(0); len(src) > 0; {
		made := 0
		for made < keystream && made < len(src) {
			block.Encrypt(e.stream[made:], e.counter[:])
			made += aes.BlockSize
			n++
			e.counter[14], e.counter[15] = byte(n>>8), byte(n)
		}
		used := subtle.XORBytes(dst, src, e.stream[:made])
		dst, src = dst[used:], src[used:]
	}
}

// authenticate appends the tag over dst[:end] and suffix.
func (e *cmEngine) authenticate(h hash.Hash, dst []byte, end int, suffix []byte) {
	h.Reset()
	h.Write(dst[:end])
	h.Write(suffix)
	copy(dst[end:end+cmTag], h.Sum(e.sum[:0]))
}
