package depacketize

import (
	"encoding/binary"

	"github.com/pion/rtp/codecs"

	"github.com/zvonok/zvonok/recorder/internal/mux"
	"github.com/zvonok/zvonok/sfu/media"
)

// NAL unit types (ITU-T H.264, table 7-1; RFC 6184, table 1).
const (
	nalSlice  = 1
	nalIDR    = 5
	nalSPS    = 7
	nalPPS    = 8
	nalAUD    = 9
	nalFiller = 12
	nalSTAPA  = 24
	nalFUA    = 28
)

type h264Format struct {
	p    codecs.H264Packet
	data []byte
	// sets are those of each layer, layer that of the picture in hand.
	sets   map[uint8]*paramSets
	layer  uint8
	config *mux.Config
}

func (f *h264Format) head(payload []byte) bool {
	if len(payload) < 2 {
		return false
	}
	kind, first := payload[0]&31, payload[1]
	switch kind {
	case nalFUA:
		if first&0x80 == 0 || len(payload) < 3 {
			return false
		}
		kind, first = first&31, payload[2]
	case nalSTAPA:
		if len(payload) < 5 {
			return false
		}
		kind, first = payload[3]&31, payload[4]
	}
	if kind == nalSlice || kind == nalIDR {
		return first&0x80 != 0 // first_mb_in_slice is 0
	}
	return kind != 0 && kind < nalSTAPA
}

func (f *h264Format) add(in *media.Packet) error {
	payload := in.Payload
	f.layer = in.Layer
	if fu := payload[0]&31 == nalFUA; !fu || (len(payload) > 1 && payload[1]&0x80 != 0) {
		// A fragmented unit that never ended must not become the beginning of another.
		f.p = codecs.H264Packet{IsAVC: true}
	}
	nals, err := f.p.Unmarshal(payload)
	f.data = append(f.data, nals...)
	return err
}

func (f *h264Format) reset() {
	f.data = nil
	f.p = codecs.H264Packet{IsAVC: true}
}

func (f *h264Format) needsAll() bool { return false }

// take drops delimiters and filler and sees to it that a keyframe carries its parameter sets: players that ignore a
// change of initialisation section then decode it all the same. A keyframe whose sets were never seen has no Config.
func (f *h264Format) take() *Unit {
	in := f.data
	f.data = nil
	sets := f.layerSets()
	var out, idr []byte
	var picture bool
	carried := map[byte]bool{}
	for len(in) >= 4 {
		n := int(binary.BigEndian.Uint32(in))
		if n == 0 || n > len(in)-4 {
			break
		}
		nal := in[4 : 4+n]
		whole := in[:4+n]
		in = in[4+n:]
		kind := nal[0] & 31
		switch kind {
		case nalSPS, nalPPS:
			sets.keep(nal)
			carried[kind] = true
		case nalIDR:
			idr, picture = nal, true
		case nalSlice:
			picture = true
		case nalAUD, nalFiller:
			continue
		}
		out = append(out, whole...)
	}
	if !picture {
		return nil
	}
	u := &Unit{Key: idr != nil, Data: out}
	if idr == nil {
		return u
	}
	sps, pps, ok := sets.of(idr)
	if !ok {
		return u
	}
	u.Config = f.configure(sps, pps)
	if !carried[nalSPS] || !carried[nalPPS] {
		u.Data = appendNAL(appendNAL(make([]byte, 0, len(out)+len(sps)+len(pps)+8), sps), pps)
		u.Data = append(u.Data, out...)
	}
	return u
}

func (f *h264Format) layerSets() *paramSets {
	s := f.sets[f.layer]
	if s == nil {
		s = &paramSets{}
		if f.sets == nil {
			f.sets = make(map[uint8]*paramSets)
		}
		f.sets[f.layer] = s
	}
	return s
}

// configure gives the same Config for the same sets; nil for unreadable ones.
func (f *h264Format) configure(sps, pps []byte) *mux.Config {
	c, err := mux.H264(sps, pps)
	switch {
	case err != nil:
		f.config = nil
	case !c.Equal(f.config):
		f.config = c
	}
	return f.config
}
