package media

import "encoding/binary"

// NAL unit types of H.264 and of its RTP payload (RFC 6184, section 5.2).
const (
	nalSlice = 1
	nalIDR   = 5
	nalSPS   = 7
	nalSTAPA = 24
	nalFUA   = 28
)

// inspectH264 takes the packet that carries the SPS for the start of a keyframe: encoders send SPS, PPS and IDR in
// one access unit, and a decoder that starts at a bare IDR has no parameters.
func inspectH264(p []byte) Facts {
	if len(p) == 0 {
		return Facts{}
	}
	switch p[0] & 0x1f {
	case nalSPS:
		return factsOfSPS(p)
	case nalSTAPA:
		return inspectSTAPA(p[1:])
	case nalFUA:
		if len(p) > 2 && p[1]&0x80 != 0 && p[1]&0x1f == nalSPS {
			return Facts{Keyframe: true} // an SPS too long for a packet: nobody sends it, a decoder would take it
		}
	}
	return Facts{}
}

func inspectSTAPA(p []byte) Facts {
	var f Facts
	for len(p) >= 3 {
		n := int(binary.BigEndian.Uint16(p))
		if n == 0 || n > len(p)-2 {
			return f
		}
		nal := p[2 : 2+n]
		p = p[2+n:]
		switch nal[0] & 0x1f {
		case nalSPS:
			f = factsOfSPS(nal)
		case nalSlice:
			f.Keyframe = false // parameters repeated before an ordinary picture
			return f
		case nalIDR:
			return f
		}
	}
	return f
}

func factsOfSPS(nal []byte) Facts {
	f := Facts{Keyframe: true}
	f.Width, f.Height = sizeOfSPS(nal)
	return f
}

// sizeOfSPS reads the picture's size (H.264, section 7.3.2.1.1); 0, 0 when it is malformed or scaled by lists.
func sizeOfSPS(nal []byte) (width, height int) {
	if len(nal) < 4 {
		return 0, 0
	}
	var plain [64]byte
	r := bits{data: unescape(plain[:0], nal[1:])}
	chroma, ok := r.chroma()
	if !ok {
		return 0, 0
	}
	r.ue() // log2_max_frame_num_minus4
	switch r.ue() {
	case 0:
		r.ue()
	case 1:
		r.read(1)
		r.ue()
		r.ue()
		for n := min(r.ue(), 255); n > 0; n-- {
			r.ue()
		}
	}
	r.ue() // max_num_ref_frames
	r.read(1)
	w := (r.ue() + 1) * 16
	mapUnits := r.ue() + 1
	frames := r.read(1)
	if frames == 0 {
		r.read(1)
	}
	r.read(1)
	h := mapUnits * 16 * (2 - frames)
	if r.read(1) != 0 {
		left, right, top, bottom := r.ue(), r.ue(), r.ue(), r.ue()
		unitX, unitY := uint(1), 2-frames
		if chroma == 1 || chroma == 2 {
			unitX = 2
		}
		if chroma == 1 {
			unitY *= 2
		}
		w -= min(w, (left+right)*unitX)
		h -= min(h, (top+bottom)*unitY)
	}
	if r.short || w == 0 || h == 0 || w > 16384 || h > 16384 {
		return 0, 0
	}
	return int(w), int(h)
}

// chroma reads the profile and, where the profile has one, the chroma format; false when scaling lists follow, which
// are not worth the code.
func (b *bits) chroma() (format uint, ok bool) {
	profile := b.read(8)
	b.read(16)
	b.ue() // seq_parameter_set_id
	switch profile {
	case 100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135:
	default:
		return 1, true
	}
	format = b.ue()
	if format == 3 {
		b.read(1)
	}
	b.ue()
	b.ue()
	b.read(1)
	return format, b.read(1) == 0
}

// unescape appends the NAL's first bytes without emulation prevention (H.264, section 7.4.1), up to out's capacity.
func unescape(out, nal []byte) []byte {
	nal = nal[:min(len(nal), cap(out))]
	zeros := 0
	for _, b := range nal {
		if zeros >= 2 && b == 3 {
			zeros = 0
			continue
		}
		if b == 0 {
			zeros++
		} else {
			zeros = 0
		}
		out = append(out, b)
	}
	return out
}

// bits reads big-endian bits; past the end it reads zeros and sets short.
type bits struct {
	data  []byte
	pos   int
	short bool
}

func (b *bits) read(n int) uint {
	var v uint
	for range n {
		v <<= 1
		if b.pos>>3 >= len(b.data) {
			b.short = true
			continue
		}
		v |= uint(b.data[b.pos>>3]>>(7-b.pos&7)) & 1
		b.pos++
	}
	return v
}

// ue reads an unsigned Exp-Golomb number (H.264, section 9.1) of at most 24 leading zeros.
func (b *bits) ue() uint {
	zeros := 0
	for b.read(1) == 0 {
		if zeros++; zeros > 24 || b.short {
			b.short = true
			return 0
		}
	}
	return 1<<zeros - 1 + b.read(zeros)
}
