package mux_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/Eyevinn/mp4ff/mp4"
	"github.com/google/uuid"

	"github.com/zvonok/zvonok/recorder/internal/depacketize"
	"github.com/zvonok/zvonok/recorder/internal/mux"
	"github.com/zvonok/zvonok/recorder/internal/testmedia"
	"github.com/zvonok/zvonok/sfu/media"
)

func samples(t *testing.T, codec media.Codec) (*mux.Config, []mux.Sample) {
	t.Helper()
	if codec == media.Opus {
		var all []mux.Sample
		for i, p := range testmedia.Tone(t, 440, 50, nil) {
			all = append(all, mux.Sample{At: 48000 + int64(i)*960, Duration: 960, Key: true, Data: p})
		}
		return mux.Opus(1), all
	}
	clip := testmedia.Video(t, codec, "320x180", 15, 20)
	a, p := depacketize.New(codec), testmedia.NewPacketizer(codec, 1)
	var cfg *mux.Config
	var all []mux.Sample
	for i, f := range clip.Frames {
		for _, pk := range p.Packets(f, uint64(i*6000), i == 0) {
			a.Push(pk, 0, func(u depacketize.Unit) {
				if u.Key {
					cfg = u.Config
				}
				all = append(all, mux.Sample{At: 90000 + int64(u.TS), Duration: 6000, Key: u.Key, Data: u.Data})
			})
		}
	}
	return cfg, all
}

// Every codec: our files read by a second parser and decoded by ffmpeg.
func TestSegmentsAreRead(t *testing.T) {
	for _, codec := range []media.Codec{media.H264, media.VP9, media.VP8, media.AV1, media.Opus} {
		t.Run(codec.String(), func(t *testing.T) {
			cfg, all := samples(t, codec)
			init, err := mux.Init(cfg)
			if err != nil {
				t.Fatal(err)
			}
			id := mux.Ident{Segment: uuid.New(), Track: uuid.New(), Seq: 3, StartUS: 1e6, AnchorServer: time.Unix(5, 0).UTC()}
			seg, err := mux.Segment(id, cfg.Codec.ClockRate(), all)
			if err != nil {
				t.Fatal(err)
			}
			if got, ok := mux.ReadIdent(seg); !ok || got != id {
				t.Errorf("ident %+v", got)
			}
			parse(t, append(bytes.Clone(init), seg...), all, cfg.Codec.ClockRate())
			probe(t, append(bytes.Clone(init), seg...), len(all), cfg)
		})
	}
}

func parse(t *testing.T, file []byte, want []mux.Sample, rate int64) {
	t.Helper()
	f, err := mp4.DecodeFile(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, s := range f.Segments {
		for _, fr := range s.Fragments {
			var dur int64
			full, err := fr.GetFullSamples(f.Moov.Mvex.Trex)
			if err != nil {
				t.Fatal(err)
			}
			for _, smp := range full {
				w := want[n]
				if int64(smp.DecodeTime) != w.At || int64(smp.Dur) != w.Duration || (smp.Flags&0x10000 == 0) != w.Key || !bytes.Equal(smp.Data, w.Data) {
					t.Fatalf("sample %d: at %d dur %d flags %x", n, smp.DecodeTime, smp.Dur, smp.Flags)
				}
				dur += int64(smp.Dur)
				n++
			}
			if dur > rate/4 {
				t.Errorf("fragment of %d ticks", dur)
			}
		}
	}
	if n != len(want) {
		t.Fatalf("%d samples, want %d", n, len(want))
	}
}

func probe(t *testing.T, file []byte, frames int, cfg *mux.Config) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.mp4")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("ffprobe", "-v", "error", "-count_frames", "-show_streams", "-of", "json", path).CombinedOutput()
	if err != nil {
		t.Fatalf("%v %s", err, out)
	}
	var r struct {
		Streams []struct {
			Codec  string `json:"codec_name"`
			Frames string `json:"nb_read_frames"`
			Width  int    `json:"width"`
			Start  string `json:"start_time"`
		}
	}
	if err := json.Unmarshal(out, &r); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	s := r.Streams[0]
	if s.Codec != cfg.Codec.String() || s.Width != cfg.Width || s.Frames != strconv.Itoa(frames) || !strings.HasPrefix(s.Start, "1.0") && !strings.HasPrefix(s.Start, "0.99") {
		t.Errorf("ffprobe: %+v, want %d frames of %v", s, frames, cfg.Codec)
	}
}

func TestVP9ColourIsStated(t *testing.T) {
	cfg, _ := samples(t, media.VP9)
	init, err := mux.Init(cfg)
	if err != nil {
		t.Fatal(err)
	}
	f, err := mp4.DecodeFile(bytes.NewReader(init))
	if err != nil {
		t.Fatal(err)
	}
	v := f.Moov.Trak.Mdia.Minf.Stbl.Stsd.VpXX.VppC
	if v.ColourPrimaries != 2 || v.TransferCharacteristics != 2 || v.MatrixCoefficients != 2 || v.Level != 11 {
		t.Errorf("%+v", v)
	}
}

func TestHolesAndRepeats(t *testing.T) {
	want := []mux.Sample{
		{At: 0, Duration: 960, Key: true, Data: []byte{1}, Repeat: 15},
		{At: 20 * 960, Duration: 960, Key: true, Data: []byte{2}}, // a hole of five frames before it
	}
	seg, err := mux.Segment(mux.Ident{}, 48000, want)
	if err != nil {
		t.Fatal(err)
	}
	init, _ := mux.Init(mux.Opus(1))
	var flat []mux.Sample
	for i := range int64(15) {
		flat = append(flat, mux.Sample{At: i * 960, Duration: 960, Key: true, Data: []byte{1}})
	}
	parse(t, append(init, seg...), append(flat, want[1]), 48000)
}

func FuzzReadIdent(f *testing.F) {
	seg, _ := mux.Segment(mux.Ident{Seq: 1}, 48000, []mux.Sample{{Duration: 960, Data: []byte{1}}})
	f.Add(seg)
	f.Add(seg[:30])
	f.Fuzz(func(_ *testing.T, b []byte) { mux.ReadIdent(b) })
}
