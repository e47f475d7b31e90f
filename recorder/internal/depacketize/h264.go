package depacketize

import (
	"encoding/binary"

	"github.com/pion/rtp/codecs"

	"github.com/zvonok/zvonok/recorder/internal/mux"
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
	p        codecs.H264Packet
	data     []byte
	sps, pps []byte
	config   *mux.Config
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

func (f *h264Format) add(payload []byte) error {
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
// change of initialisation section then decode it all the same.
func (f *h264Format) take() *Unit {
	in := f.data
	f.data = nil
	var out []byte
	var idr, picture, carried bool
	for len(in) >= 4 {
		n := int(binary.BigEndian.Uint32(in))
		if n == 0 || n > len(in)-4 {
			break
		}
		nal := in[4 : 4+n]
		whole := in[:4+n]
		in = in[4+n:]
		switch nal[0] & 31 {
		case nalSPS:
			f.sps, carried = nal, true
		case nalPPS:
			f.pps = nal
		case nalIDR:
			idr, picture = true, true
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
	u := &Unit{Key: idr, Data: out}
	if idr {
		f.configure()
		u.Config = f.config
		if !carried && f.config != nil {
			u.Data = appendNAL(appendNAL(make([]byte, 0, len(out)+len(f.sps)+len(f.pps)+8), f.sps), f.pps)
			u.Data = append(u.Data, out...)
		}
	}
	return u
}

func (f *h264Format) configure() {
	c, err := mux.H264(f.sps, f.pps)
	switch {
	case err != nil:
		f.config = nil
	case !c.Equal(f.config):
		f.config = c
	}
}

func appendNAL(b, nal []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(nal)))
	return append(b, nal...)
}
