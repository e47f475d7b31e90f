package slate

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/Eyevinn/mp4ff/mp4"
)

func TestSlatesFillTheirSpan(t *testing.T) {
	for _, codec := range []string{"h264", "vp9", "opus"} {
		init, err := Init(codec)
		if err != nil {
			t.Fatal(err)
		}
		for _, span := range [][2]int64{{0, 6_000_000}, {12_345_678, 20_000}, {3_600_000_000, 1_234_567}, {5, 500_001}} {
			seg, err := Segment(codec, span[0], span[1])
			if err != nil {
				t.Fatal(err)
			}
			f, err := mp4.DecodeFile(bytes.NewReader(append(bytes.Clone(init), seg...)))
			if err != nil {
				t.Fatal(err)
			}
			rate := int64(f.Moov.Trak.Mdia.Mdhd.Timescale)
			var first, end int64 = -1, 0
			for _, fr := range f.Segments[0].Fragments {
				full, err := fr.GetFullSamples(f.Moov.Mvex.Trex)
				if err != nil {
					t.Fatal(err)
				}
				for _, s := range full {
					if first < 0 {
						first = int64(s.DecodeTime)
					} else if int64(s.DecodeTime) != end {
						t.Errorf("%s %v: a hole at %d", codec, span, end)
					}
					end = int64(s.DecodeTime) + int64(s.Dur)
				}
			}
			want := (span[0] + span[1]) * rate / 1e6
			if first != span[0]*rate/1e6 || end < want || end > want+960 {
				t.Errorf("%s %v: %d to %d, want %d to %d", codec, span, first, end, span[0]*rate/1e6, want)
			}
		}
		decode(t, codec, init)
	}
}

func decode(t *testing.T, codec string, init []byte) {
	t.Helper()
	a, _ := Segment(codec, 0, 6_000_000)
	b, _ := Segment(codec, 6_000_000, 3_000_000)
	path := filepath.Join(t.TempDir(), "s.mp4")
	if err := os.WriteFile(path, bytes.Join([][]byte{init, a, b}, nil), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("ffmpeg", "-v", "warning", "-i", path, "-f", "null", "-").CombinedOutput()
	if err != nil || len(bytes.TrimSpace(out)) > 0 {
		t.Errorf("%s: %v %s", codec, err, out)
	}
}

func TestUnknown(t *testing.T) {
	if _, err := Init("av1"); !errors.Is(err, ErrUnknown) {
		t.Error(err)
	}
	for _, span := range [][2]int64{{-1, 5}, {0, 0}, {0, MaxUS + 1}, {1 << 62, 5}} {
		if _, err := Segment("h264", span[0], span[1]); !errors.Is(err, ErrUnknown) {
			t.Errorf("%v: %v", span, err)
		}
	}
	if !strings.HasPrefix(Codecs("h264"), "avc1.42c0") || Codecs("opus") != "opus" || Codecs("x") != "" {
		t.Error(Codecs("h264"), Codecs("opus"))
	}
}
