package mux

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/av1"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/vp9"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4/seekablebuffer"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"

	"github.com/zvonok/zvonok/sfu/media"
)

// ErrConfig is returned for decoder parameters that cannot be read.
var ErrConfig = errors.New("mux: unreadable decoder parameters")

// Config is what a decoder needs before the first sample. A new one means a new initialisation section.
type Config struct {
	Codec media.Codec
	// SPS and PPS of H.264, without start codes.
	SPS, PPS []byte
	// Sequence is AV1's sequence header OBU without its size field.
	Sequence []byte
	// Width and Height in pixels.
	Width, Height int
	// VP9 and VP8.
	Profile, BitDepth, Chroma uint8
	FullRange                 bool
	// Channels of Opus.
	Channels int
	// Codecs is the RFC 6381 string.
	Codecs string
}

// Equal says whether both need the same initialisation section.
func (c *Config) Equal(o *Config) bool {
	if c == nil || o == nil {
		return c == o
	}
	return c.Codecs == o.Codecs && c.Width == o.Width && c.Height == o.Height && c.FullRange == o.FullRange &&
		bytes.Equal(c.SPS, o.SPS) && bytes.Equal(c.PPS, o.PPS) && bytes.Equal(c.Sequence, o.Sequence)
}

// H264 reads the parameters of a constrained-baseline or other H.264 track.
func H264(sps, pps []byte) (*Config, error) {
	var s h264.SPS
	if err := s.Unmarshal(sps); err != nil || len(sps) < 4 || len(pps) == 0 {
		return nil, fmt.Errorf("%w: H.264: %w", ErrConfig, err)
	}
	return &Config{
		Codec: media.H264, SPS: bytes.Clone(sps), PPS: bytes.Clone(pps), Width: s.Width(), Height: s.Height(),
		Codecs: fmt.Sprintf("avc1.%02x%02x%02x", sps[1], sps[2], sps[3]),
	}, nil
}

// VP9 reads the parameters from a keyframe.
func VP9(frame []byte) (*Config, error) {
	var h vp9.Header
	if err := h.Unmarshal(frame); err != nil || h.NonKeyFrame || h.ColorConfig == nil || h.FrameSize == nil {
		return nil, fmt.Errorf("%w: VP9: %w", ErrConfig, err)
	}
	c := &Config{
		Codec: media.VP9, Width: h.Width(), Height: h.Height(), Profile: h.Profile,
		BitDepth: h.ColorConfig.BitDepth, Chroma: h.ChromaSubsampling(), FullRange: h.ColorConfig.ColorRange,
	}
	c.Codecs = fmt.Sprintf("vp09.%02d.%02d.%02d", c.Profile, vp9Level(c.Width*c.Height), c.BitDepth)
	return c, nil
}

// VP8 reads the parameters from a keyframe (RFC 6386, section 9.1).
func VP8(frame []byte) (*Config, error) {
	if len(frame) < 10 || frame[0]&1 != 0 || frame[3] != 0x9d || frame[4] != 0x01 || frame[5] != 0x2a {
		return nil, fmt.Errorf("%w: VP8", ErrConfig)
	}
	c := &Config{
		Codec: media.VP8, BitDepth: 8, Chroma: 1,
		Width:  int(binary.LittleEndian.Uint16(frame[6:]) & 0x3fff),
		Height: int(binary.LittleEndian.Uint16(frame[8:]) & 0x3fff),
	}
	c.Codecs = fmt.Sprintf("vp08.00.%02d.08", vp9Level(c.Width*c.Height))
	return c, nil
}

// AV1 reads the parameters from a sequence header OBU.
func AV1(sequence []byte) (*Config, error) {
	var h av1.SequenceHeader
	if err := h.Unmarshal(sequence); err != nil || len(h.SeqLevelIdx) == 0 {
		return nil, fmt.Errorf("%w: AV1: %w", ErrConfig, err)
	}
	tier := "M"
	if len(h.SeqTier) > 0 && h.SeqTier[0] {
		tier = "H"
	}
	return &Config{
		Codec: media.AV1, Sequence: bytes.Clone(sequence), Width: h.Width(), Height: h.Height(),
		Codecs: fmt.Sprintf("av01.%d.%02d%s.%02d", h.SeqProfile, h.SeqLevelIdx[0], tier, h.ColorConfig.BitDepth),
	}, nil
}

// Opus makes the parameters of an Opus track.
func Opus(channels int) *Config {
	return &Config{Codec: media.Opus, Channels: channels, Codecs: "opus"}
}

// vp9Level is the least level for a picture of so many samples (VP9 levels, annex A; rates of a lesson fit).
func vp9Level(samples int) int {
	for _, l := range []struct{ samples, level int }{
		{36864, 10}, {73728, 11}, {122880, 20}, {245760, 21}, {552960, 30}, {983040, 31}, {2228224, 40}, {8912896, 50},
	} {
		if samples <= l.samples {
			return l.level
		}
	}
	return 60
}

// Init writes the initialisation section.
func Init(c *Config) ([]byte, error) {
	track := &fmp4.InitTrack{ID: 1, TimeScale: uint32(c.Codec.ClockRate())}
	switch c.Codec {
	case media.H264:
		track.Codec = &codecs.H264{SPS: c.SPS, PPS: c.PPS}
	case media.VP9, media.VP8:
		track.Codec = &codecs.VP9{
			Width: c.Width, Height: c.Height, Profile: c.Profile, BitDepth: c.BitDepth,
			ChromaSubsampling: c.Chroma, ColorRange: c.FullRange,
		}
	case media.AV1:
		track.Codec = &codecs.AV1{SequenceHeader: c.Sequence}
	case media.Opus:
		track.Codec = &codecs.Opus{ChannelCount: c.Channels}
	case media.CodecNone:
		return nil, fmt.Errorf("%w: no codec", ErrConfig)
	}
	var b seekablebuffer.Buffer
	if err := (fmp4.Init{Tracks: []*fmp4.InitTrack{track}}).Marshal(&b); err != nil {
		return nil, fmt.Errorf("write initialisation section: %w", err)
	}
	out := b.Bytes()
	if c.Codec == media.VP9 || c.Codec == media.VP8 {
		patchVPx(out, c)
	}
	return out, nil
}

// patchVPx states level and colour in the vpcC box. mediacommon writes level 1 and "reserved" colour, at which
// Chromium's file demuxer drops the track; 2 is "unspecified" (ISO/IEC 23091-2). For VP8 it renames the sample entry.
func patchVPx(init []byte, c *Config) {
	if c.Codec == media.VP8 {
		if i := bytes.Index(init, []byte("vp09")); i > 0 {
			copy(init[i:], "vp08")
		}
	}
	i := bytes.Index(init, []byte("vpcC"))
	if i < 0 || i+12 > len(init) {
		return
	}
	body := init[i+8:] // behind type, version and flags
	body[1] = byte(vp9Level(c.Width * c.Height))
	body[3], body[4], body[5] = 2, 2, 2
}
