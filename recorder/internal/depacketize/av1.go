package depacketize

import (
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/av1"
	"github.com/pion/rtp/codecs"

	"github.com/zvonok/zvonok/recorder/internal/mux"
	"github.com/zvonok/zvonok/sfu/media"
)

// av1Format makes temporal units of OBUs with size fields.
type av1Format struct {
	p      codecs.AV1Depacketizer
	data   []byte
	config *mux.Config
}

func (f *av1Format) head(payload []byte) bool {
	return len(payload) > 1 && payload[0]&0x80 == 0 // Z: no continued OBU
}

func (f *av1Format) add(in *media.Packet) error {
	obus, err := f.p.Unmarshal(in.Payload)
	f.data = append(f.data, obus...)
	return err
}

func (f *av1Format) reset() {
	f.data = nil
	f.p = codecs.AV1Depacketizer{}
}

func (f *av1Format) needsAll() bool { return true }

func (f *av1Format) take() *Unit {
	data := f.data
	f.data = nil
	var tu av1.Bitstream
	if len(data) == 0 || tu.Unmarshal(data) != nil {
		return nil
	}
	u := &Unit{Data: data}
	for _, o := range tu {
		var h av1.OBUHeader
		if h.Unmarshal(o) != nil || h.Type != av1.OBUTypeSequenceHeader {
			continue
		}
		u.Key = true
		if c, err := mux.AV1(o); err == nil {
			if !c.Equal(f.config) {
				f.config = c
			}
			u.Config = f.config
		}
	}
	return u
}
