package slate

import (
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"

	"github.com/zvonok/zvonok/recorder/internal/mux"
	"github.com/zvonok/zvonok/recorder/internal/opus"
	"github.com/zvonok/zvonok/sfu/media"
)

// MaxUS is the longest slate in one piece, in microseconds.
const MaxUS = 30_000_000

// ErrUnknown is returned for a codec that has no slate and for a place or length that no playlist names.
var ErrUnknown = errors.New("slate: there is none like this")

var (
	//go:embed paper.h264
	paperH264 []byte
	//go:embed paper.ivf
	paperVP9 []byte
)

// clip is a keyframe and pictures that repeat it.
type clip struct {
	config *mux.Config
	init   []byte
	frames [][]byte
}

var clips = map[string]func() (*clip, error){
	"h264": sync.OnceValues(loadH264),
	"vp9":  sync.OnceValues(loadVP9),
	"opus": sync.OnceValues(func() (*clip, error) {
		return finish(&clip{config: mux.Opus(1), frames: [][]byte{opus.Silence(opus.Frame)}})
	}),
}

// Codecs gives the RFC 6381 string of a slate; empty for a codec without one.
func Codecs(codec string) string {
	c, err := find(codec)
	if err != nil {
		return ""
	}
	return c.config.Codecs
}

// Init gives the initialisation section of the slate in h264, vp9 or (silence) opus.
func Init(codec string) ([]byte, error) {
	c, err := find(codec)
	if err != nil {
		return nil, err
	}
	return c.init, nil
}

// Segment gives the slate from startUS on for durationUS.
func Segment(codec string, startUS, durationUS int64) ([]byte, error) {
	c, err := find(codec)
	if err != nil {
		return nil, err
	}
	if startUS < 0 || startUS > 1e12 || durationUS <= 0 || durationUS > MaxUS {
		return nil, fmt.Errorf("%w: at %d for %d", ErrUnknown, startUS, durationUS)
	}
	rate := c.config.Codec.ClockRate()
	from, to := startUS*rate/1e6, (startUS+durationUS)*rate/1e6
	step := rate / 2
	if c.config.Codec == media.Opus {
		step = opus.Frame
	}
	var samples []mux.Sample
	for i := 0; from < to; i++ {
		s := mux.Sample{At: from, Duration: step, Data: c.frames[i%len(c.frames)], Key: i%len(c.frames) == 0}
		if c.config.Codec != media.Opus && from+2*step > to {
			s.Duration = to - from // the last picture fills the rest
		}
		samples = append(samples, s)
		from += s.Duration
	}
	return mux.Segment(mux.Ident{StartUS: startUS, DurationUS: durationUS, Independent: true}, rate, samples)
}

func find(codec string) (*clip, error) {
	load, ok := clips[codec]
	if !ok {
		return nil, fmt.Errorf("%w: %q", ErrUnknown, codec)
	}
	return load()
}

func finish(c *clip) (_ *clip, err error) {
	c.init, err = mux.Init(c.config)
	return c, err
}

func loadH264() (*clip, error) {
	var nals h264.AnnexB
	if err := nals.Unmarshal(paperH264); err != nil {
		return nil, fmt.Errorf("read slate: %w", err)
	}
	c := &clip{}
	var frame, sps, pps []byte
	for _, n := range nals {
		switch n[0] & 31 {
		case 7:
			sps = n
		case 8:
			pps = n
		}
		frame = binary.BigEndian.AppendUint32(frame, uint32(len(n)))
		frame = append(frame, n...)
		if k := n[0] & 31; k == 1 || k == 5 {
			c.frames = append(c.frames, frame)
			frame = nil
		}
	}
	var err error
	if c.config, err = mux.H264(sps, pps); err != nil {
		return nil, err
	}
	return finish(c)
}

func loadVP9() (*clip, error) {
	c := &clip{}
	for b := paperVP9[32:]; len(b) >= 12; {
		n := int(binary.LittleEndian.Uint32(b))
		c.frames = append(c.frames, b[12:12+n])
		b = b[12+n:]
	}
	var err error
	if c.config, err = mux.VP9(c.frames[0]); err != nil {
		return nil, err
	}
	return finish(c)
}
