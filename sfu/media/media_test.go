package media_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"testing/quick"

	"github.com/zvonok/zvonok/sfu/media"
)

func TestSequenceNumbersUnwrapToTheNearest(t *testing.T) {
	var s media.Seq16
	for i, want := range []struct {
		in  uint16
		out uint64
	}{{65534, 131070}, {65535, 131071}, {0, 131072}, {65533, 131069}, {1, 131073}, {32769, 131073 - 32768}} {
		if got := s.Unwrap(want.in); got != want.out {
			t.Errorf("%d: %d unwraps to %d, not %d", i, want.in, got, want.out)
		}
	}
}

func TestUnwrappedNumbersKeepTheirLowBits(t *testing.T) {
	var s media.Seq16
	var ticks media.Ticks32
	last := ticks.Unwrap(0)
	err := quick.Check(func(seq uint16, step uint32) bool {
		step &= 0x7fffffff
		next := ticks.Unwrap(uint32(last) + step)
		ok := next == last+uint64(step) && uint16(s.Unwrap(seq)) == seq
		last = next
		return ok
	}, nil)
	if err != nil {
		t.Error(err)
	}
}

// nals splits an Annex B stream.
func nals(t *testing.T, name string) [][]byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	var out [][]byte
	for _, nal := range bytes.Split(data, []byte{0, 0, 1}) {
		if nal = bytes.TrimRight(nal, "\x00"); len(nal) > 0 {
			out = append(out, nal)
		}
	}
	return out
}

func TestKeyframesOfARealEncoder(t *testing.T) {
	keyframes, pictures := 0, 0
	for _, nal := range nals(t, "constrained_240.h264") {
		f := media.Inspect(media.H264, nal)
		switch nal[0] & 0x1f {
		case 7:
			keyframes++
			if !f.Keyframe || f.Width != 426 || f.Height != 240 {
				t.Errorf("SPS: %+v", f)
			}
			stap := append([]byte{0x78, 0, byte(len(nal))}, nal...)
			if got := media.Inspect(media.H264, stap); got != f {
				t.Errorf("STAP-A: %+v", got)
			}
			slice := append(bytes.Clone(stap), 0, 2, 0x61, 0x9a)
			if got := media.Inspect(media.H264, slice); got.Keyframe {
				t.Error("parameter sets before an ordinary picture are no keyframe")
			}
		default:
			pictures++
			if f.Keyframe {
				t.Errorf("NAL of type %d starts a keyframe", nal[0]&0x1f)
			}
		}
	}
	if keyframes != 2 || pictures < 10 {
		t.Errorf("%d keyframes, %d other NALs", keyframes, pictures)
	}
}

func TestInspectOtherCodecs(t *testing.T) {
	for name, c := range map[string]struct {
		codec   media.Codec
		payload []byte
		want    media.Facts
	}{
		"VP8 keyframe":           {media.VP8, []byte{0x10, 0x10, 0, 0, 0x9d, 1, 0x2a, 0x80, 2, 0x68, 1}, media.Facts{Keyframe: true, Width: 640, Height: 360}},
		"VP8 with picture id":    {media.VP8, []byte{0x90, 0xe0, 0x81, 0x23, 5, 0x20, 0x10, 0, 0, 0x9d, 1, 0x2a, 0x80, 2, 0x68, 1}, media.Facts{Keyframe: true, Width: 640, Height: 360}},
		"VP8 interframe":         {media.VP8, []byte{0x10, 0x11, 0, 0}, media.Facts{}},
		"VP8 second partition":   {media.VP8, []byte{0x11, 0x10, 0, 0}, media.Facts{}},
		"VP8 continued":          {media.VP8, []byte{0x00, 0x10, 0, 0}, media.Facts{}},
		"VP9 keyframe":           {media.VP9, []byte{0x8a, 0x81, 0x01, 0x18, 0x01, 0x40, 0x00, 0xb4, 0}, media.Facts{Keyframe: true, Width: 320, Height: 180}},
		"VP9 without structure":  {media.VP9, []byte{0x88, 0x01, 0}, media.Facts{Keyframe: true}},
		"VP9 predicted":          {media.VP9, []byte{0xc8, 0x01, 0}, media.Facts{}},
		"VP9 upper layer":        {media.VP9, []byte{0xa8, 0x01, 0x02, 0, 0}, media.Facts{}},
		"AV1 new sequence":       {media.AV1, []byte{0x18, 0x0a}, media.Facts{Keyframe: true}},
		"AV1 continued":          {media.AV1, []byte{0x98, 0x0a}, media.Facts{}},
		"AV1 ordinary":           {media.AV1, []byte{0x10, 0x32}, media.Facts{}},
		"sound has no keyframes": {media.Opus, []byte{0x18, 0x0a}, media.Facts{}},
	} {
		if got := media.Inspect(c.codec, c.payload); got != c.want {
			t.Errorf("%s: %+v, not %+v", name, got, c.want)
		}
	}
}

func FuzzInspect(f *testing.F) {
	for _, seed := range [][]byte{{0x67, 0x42, 0xe0, 0x1f, 0xda, 0x01}, {0x78, 0, 2, 0x67, 0x42}, {0x90, 0xe0, 0x81}, {0x8a, 0x81, 0xff, 0xf8}, {0x18}} {
		for _, c := range []media.Codec{media.H264, media.VP9, media.AV1, media.VP8} {
			f.Add(byte(c), seed)
		}
	}
	f.Fuzz(func(t *testing.T, codec byte, payload []byte) {
		got := media.Inspect(media.Codec(codec%8), payload)
		if got.Width < 0 || got.Height < 0 || got.Width > 1<<16 || got.Height > 1<<16 || got.Width > 0 && !got.Keyframe {
			t.Errorf("%+v", got)
		}
	})
}

func TestNamesAreTheirOwnInverse(t *testing.T) {
	for s := range media.Source(media.Sources) {
		if got, err := media.ParseSource(s.String()); err != nil || got != s {
			t.Errorf("%s: %v, %v", s, got, err)
		}
	}
	for k := media.SlotStageVideo; k <= media.SlotTile; k++ {
		if got, ok := media.ParseSlotKind(k.String()); !ok || got != k {
			t.Errorf("%s: %v", k, got)
		}
	}
	for c := media.CodecNone; c <= media.Opus; c++ {
		if got := media.ParseCodec(c.String()); got != c {
			t.Errorf("%s: %v", c, got)
		}
	}
}
