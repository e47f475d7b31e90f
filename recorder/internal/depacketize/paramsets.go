package depacketize

import "encoding/binary"

// maxSets bounds the parameter sets of each kind that are kept of one layer: encoders use one or two.
const maxSets = 8

// paramSets are one encoder's parameter sets by their ids, for keyframes that come without: an encoder may send them
// once, and each layer of simulcast is an encoder of its own that uses the same ids for other pictures.
type paramSets struct {
	sps, pps map[uint32][]byte
}

// keep remembers a parameter set; one whose id cannot be read, or one too many, is carried in its picture only.
func (s *paramSets) keep(nal []byte) {
	all, start := &s.sps, 4 // behind profile, constraints and level (ITU-T H.264, section 7.3.2.1.1)
	if nal[0]&31 == nalPPS {
		all, start = &s.pps, 1
	}
	ids, ok := golombs(nal, start, 1)
	if !ok {
		return
	}
	if *all == nil {
		*all = make(map[uint32][]byte)
	}
	if _, known := (*all)[ids[0]]; known || len(*all) < maxSets {
		(*all)[ids[0]] = nal
	}
}

// of gives the sets that a slice refers to; ok is false when one of them was never seen.
func (s *paramSets) of(slice []byte) (sps, pps []byte, ok bool) {
	ids, ok := golombs(slice, 1, 3) // first_mb_in_slice, slice_type, pic_parameter_set_id (section 7.3.3)
	if !ok {
		return nil, nil, false
	}
	if pps, ok = s.pps[ids[2]]; !ok {
		return nil, nil, false
	}
	if ids, ok = golombs(pps, 1, 2); !ok { // pic_parameter_set_id, seq_parameter_set_id (section 7.3.2.2)
		return nil, nil, false
	}
	sps, ok = s.sps[ids[1]]
	return sps, pps, ok
}

// golombs reads n (at most 3) Exp-Golomb numbers of a NAL unit from the byte start on (section 9.1).
func golombs(nal []byte, start, n int) (out [3]uint32, ok bool) {
	var plain []byte // without emulation prevention (section 7.4.1)
	for i := 0; i < len(nal) && len(plain) < start+16; i++ {
		if k := len(plain); nal[i] == 3 && i >= 2 && k >= 2 && nal[i-1] == 0 && nal[i-2] == 0 {
			continue
		}
		plain = append(plain, nal[i])
	}
	at := start * 8
	bit := func() uint32 {
		if at >= len(plain)*8 {
			at++
			return 0
		}
		b := plain[at/8] >> (7 - at%8) & 1
		at++
		return uint32(b)
	}
	for i := range n {
		zeros := 0
		for bit() == 0 {
			if zeros++; zeros > 16 || at > len(plain)*8 {
				return out, false
			}
		}
		v := uint32(1)
		for range zeros {
			v = v<<1 | bit()
		}
		out[i] = v - 1
	}
	return out, at <= len(plain)*8
}

func appendNAL(b, nal []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(nal)))
	return append(b, nal...)
}
