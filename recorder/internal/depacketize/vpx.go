package depacketize

import (
	"encoding/binary"

	"github.com/pion/rtp/codecs"

	"github.com/zvonok/zvonok/recorder/internal/mux"
	"github.com/zvonok/zvonok/sfu/media"
)

// vp9Format joins the layer frames of one picture into a superframe.
type vp9Format struct {
	frames [][]byte
	config *mux.Config
}

func (f *vp9Format) head(payload []byte) bool {
	var p codecs.VP9Packet
	_, err := p.Unmarshal(payload)
	return err == nil && p.B && (!p.L || p.SID == 0 || !p.D)
}

func (f *vp9Format) add(in *media.Packet) error {
	var p codecs.VP9Packet
	data, err := p.Unmarshal(in.Payload)
	if err != nil {
		return err
	}
	if p.B || len(f.frames) == 0 {
		f.frames = append(f.frames, nil)
	}
	last := len(f.frames) - 1
	f.frames[last] = append(f.frames[last], data...)
	return nil
}

func (f *vp9Format) reset()         { f.frames = nil }
func (f *vp9Format) needsAll() bool { return true }

func (f *vp9Format) take() *Unit {
	frames := f.frames
	f.frames = nil
	if len(frames) == 0 || len(frames[0]) == 0 {
		return nil
	}
	// frame_marker is 2; of profiles 0 to 2 the next bits are profile (2), show_existing_frame, frame_type (VP9 bitstream
	// specification, section 6.2).
	b := frames[0][0]
	u := &Unit{Key: b>>6 == 2 && b&0x08 == 0 && b&0x04 == 0, Data: superframe(frames)}
	if u.Key {
		if c, err := mux.VP9(frames[len(frames)-1]); err == nil && len(frames) > 1 {
			u.Config = f.keep(c)
		} else if c, err := mux.VP9(frames[0]); err == nil {
			u.Config = f.keep(c)
		}
	}
	return u
}

func (f *vp9Format) keep(c *mux.Config) *mux.Config {
	if !c.Equal(f.config) {
		f.config = c
	}
	return f.config
}

// superframe puts the index behind two or more frames (VP9 bitstream specification, annex B).
func superframe(frames [][]byte) []byte {
	if len(frames) == 1 {
		return frames[0]
	}
	var out []byte
	for _, fr := range frames {
		out = append(out, fr...)
	}
	marker := byte(0xc0 | 3<<3 | (len(frames)-1)&7)
	out = append(out, marker)
	for _, fr := range frames {
		out = binary.LittleEndian.AppendUint32(out, uint32(len(fr)))
	}
	return append(out, marker)
}

type vp8Format struct {
	data   []byte
	config *mux.Config
}

func (f *vp8Format) head(payload []byte) bool {
	var p codecs.VP8Packet
	_, err := p.Unmarshal(payload)
	return err == nil && p.S == 1 && p.PID == 0
}

func (f *vp8Format) add(in *media.Packet) error {
	var p codecs.VP8Packet
	data, err := p.Unmarshal(in.Payload)
	f.data = append(f.data, data...)
	return err
}

func (f *vp8Format) reset()         { f.data = nil }
func (f *vp8Format) needsAll() bool { return true }

func (f *vp8Format) take() *Unit {
	data := f.data
	f.data = nil
	if len(data) == 0 {
		return nil
	}
	u := &Unit{Key: data[0]&1 == 0, Data: data}
	if c, err := mux.VP8(data); u.Key && err == nil {
		if !c.Equal(f.config) {
			f.config = c
		}
		u.Config = f.config
	}
	return u
}
