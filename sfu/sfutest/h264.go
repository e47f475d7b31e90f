package sfutest

import "github.com/zvonok/zvonok/sfu/media"

// Video makes the payloads of a synthetic H.264 stream: the parameter sets are a real encoder's, the pictures are not
// decodable. Use it where only forwarding matters.
type Video struct {
	// SPS tells the picture's height.
	sps []byte
	n   byte
}

// parameter sets of libx264, constrained baseline.
var (
	pps = []byte{0x68, 0xcb, 0x83, 0xcb, 0x20}
)

// NewVideo makes a stream of pictures of the given height; the width is 16/9 of it.
func NewVideo(height int) *Video { return &Video{sps: spsOf(height)} }

// Keyframe gives the payloads of one keyframe: parameter sets as STAP-A, then the picture in parts fragments (FU-A).
func (v *Video) Keyframe(parts int) [][]byte {
	stap := []byte{0x78, 0, byte(len(v.sps))}
	stap = append(stap, v.sps...)
	stap = append(stap, 0, byte(len(pps)))
	stap = append(stap, pps...)
	return append([][]byte{stap}, v.fragments(5, parts)...)
}

// Delta gives the payloads of one dependent picture.
func (v *Video) Delta(parts int) [][]byte { return v.fragments(1, parts) }

func (v *Video) fragments(nal byte, parts int) [][]byte {
	v.n++
	out := make([][]byte, 0, parts)
	for i := range parts {
		header := nal
		if i == 0 {
			header |= 0x80
		}
		if i == parts-1 {
			header |= 0x40
		}
		part := make([]byte, 400)
		part[0], part[1], part[2], part[3] = 0x60|28, header, v.n, byte(i)
		out = append(out, part)
	}
	return out
}

// spsOf writes a minimal SPS: profile 66 with constraints, picture order type 2, one reference, cropped to height.
func spsOf(height int) []byte {
	w := bitWriter{}
	width := (height*16/9 + 1) &^ 1
	w.bits(0x67, 8)
	w.bits(0x42e01f, 24)
	w.ue(0) // id
	w.ue(0) // log2_max_frame_num
	w.ue(2) // pic_order_cnt_type
	w.ue(1) // references
	w.bits(0, 1)
	w.ue(uint((width+15)/16 - 1))
	w.ue(uint((height+15)/16 - 1))
	w.bits(1, 1) // frames only
	w.bits(1, 1) // direct 8x8
	right, bottom := (16-width%16)%16/2, (16-height%16)%16/2
	if right+bottom > 0 {
		w.bits(1, 1)
		w.ue(0)
		w.ue(uint(right))
		w.ue(0)
		w.ue(uint(bottom))
	} else {
		w.bits(0, 1)
	}
	w.bits(0, 1) // no VUI
	w.bits(1, 1) // stop
	return w.bytes()
}

type bitWriter struct {
	out []byte
	n   int
}

func (w *bitWriter) bits(v uint, n int) {
	for i := n - 1; i >= 0; i-- {
		if w.n%8 == 0 {
			w.out = append(w.out, 0)
		}
		w.out[len(w.out)-1] |= byte(v>>i&1) << (7 - w.n%8)
		w.n++
	}
}

func (w *bitWriter) ue(v uint) {
	v++
	n := 0
	for x := v; x > 1; x >>= 1 {
		n++
	}
	w.bits(0, n)
	w.bits(v, n+1)
}

func (w *bitWriter) bytes() []byte { return w.out }

// VP8, VP9 and AV1 have just enough of a payload header to be recognised.
var startPayloads = map[media.Codec][2][]byte{
	media.VP8: {{0x10, 0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xb4, 0x00, 1, 2, 3}, {0x10, 0x11, 0, 0, 5, 6, 7, 8}},
	media.VP9: {{0x8c, 0x01, 0x49, 0x83, 0x42, 1, 2, 3}, {0xcc, 0x02, 0x86, 0, 1, 2, 3}},
	media.AV1: {{0x18, 0x0a, 0x0b, 0, 0, 0, 1, 2}, {0x10, 0x32, 0x01, 2, 3}},
}

// Single gives a one-packet frame of any video codec.
func Single(c media.Codec, keyframe bool) []byte {
	i := 1
	if keyframe {
		i = 0
	}
	if c == media.H264 {
		if keyframe {
			return NewVideo(180).Keyframe(0)[0]
		}
		return NewVideo(180).Delta(1)[0]
	}
	return startPayloads[c][i]
}
