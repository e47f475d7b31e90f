package opus_test

import (
	"bytes"
	"encoding/binary"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/Eyevinn/mp4ff/mp4"

	"github.com/zvonok/zvonok/recorder/internal/mux"
	"github.com/zvonok/zvonok/recorder/internal/opus"
	"github.com/zvonok/zvonok/recorder/internal/testmedia"
)

// speechLike is a signal with a pitch, its overtones and a rhythm.
func speechLike(n int) []float32 {
	pcm := make([]float32, n)
	for i := range pcm {
		t := float64(i) / opus.Rate
		env := 0.5 + 0.5*math.Sin(2*math.Pi*3*t)
		f := 140 + 20*math.Sin(2*math.Pi*1.7*t)
		for h := 1; h <= 8; h++ {
			pcm[i] += float32(env * 0.25 / float64(h) * math.Sin(2*math.Pi*f*float64(h)*t))
		}
	}
	return pcm
}

func correlation(a, b []float32) float64 {
	var ab, aa, bb float64
	for i := range min(len(a), len(b)) {
		ab += float64(a[i]) * float64(b[i])
		aa += float64(a[i]) * float64(a[i])
		bb += float64(b[i]) * float64(b[i])
	}
	return ab / math.Sqrt(aa*bb)
}

func run(t *testing.T, args ...string) {
	t.Helper()
	if out, err := exec.Command("ffmpeg", append([]string{"-hide_banner", "-loglevel", "error", "-nostdin", "-y"}, args...)...).CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg %v: %v\n%s", args, err, out)
	}
}

func readPCM(t *testing.T, path string) []float32 {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	pcm := make([]float32, len(b)/4)
	for i := range pcm {
		pcm[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return pcm
}

func TestOursDecodedByLibopus(t *testing.T) {
	in := speechLike(3 * opus.Rate)
	enc, err := opus.NewEncoder(48000)
	if err != nil {
		t.Fatal(err)
	}
	var samples []mux.Sample
	for i := 0; i+opus.Frame <= len(in); i += opus.Frame {
		p, err := enc.Encode(in[i : i+opus.Frame])
		if err != nil {
			t.Fatal(err)
		}
		samples = append(samples, mux.Sample{At: int64(i), Duration: opus.Frame, Key: true, Data: bytes.Clone(p)})
	}
	init, err := mux.Init(mux.Opus(1))
	if err != nil {
		t.Fatal(err)
	}
	seg, err := mux.Segment(mux.Ident{}, opus.Rate, samples)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	src, dst := filepath.Join(dir, "a.mp4"), filepath.Join(dir, "a.pcm")
	if err := os.WriteFile(src, append(init, seg...), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, "-c:a", "libopus", "-i", src, "-f", "f32le", "-ar", "48000", "-ac", "1", dst)
	got := readPCM(t, dst)
	best := 0.0
	for shift := range 400 { // the pre-skip may have been taken off or not
		if shift < len(got) {
			best = max(best, correlation(in[4800:96000], got[shift+4800:]))
		}
	}
	if best < 0.95 {
		t.Errorf("correlation %.3f", best)
	}
}

func TestLibopusDecodedByOurs(t *testing.T) {
	in := speechLike(3 * opus.Rate)
	dir := t.TempDir()
	raw := make([]byte, 4*len(in))
	for i, x := range in {
		binary.LittleEndian.PutUint32(raw[4*i:], math.Float32bits(x))
	}
	src, dst := filepath.Join(dir, "a.pcm"), filepath.Join(dir, "a.mp4")
	if err := os.WriteFile(src, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, mode := range []string{"voip", "audio"} {
		run(t, "-f", "f32le", "-ar", "48000", "-ac", "1", "-i", src, "-c:a", "libopus", "-b:a", "32k", "-application", mode,
			"-movflags", "frag_keyframe+empty_moov", dst)
		f, err := mp4.ReadMP4File(dst)
		if err != nil {
			t.Fatal(err)
		}
		dec, err := opus.NewDecoder()
		if err != nil {
			t.Fatal(err)
		}
		var got []float32
		for _, s := range f.Segments {
			for _, fr := range s.Fragments {
				full, err := fr.GetFullSamples(f.Moov.Mvex.Trex)
				if err != nil {
					t.Fatal(err)
				}
				for _, smp := range full {
					if n, err := opus.Duration(smp.Data); err != nil || n != opus.Frame {
						t.Fatalf("duration %d %v", n, err)
					}
					pcm, err := dec.Decode(smp.Data)
					if err != nil {
						t.Fatal(err)
					}
					got = append(got, pcm...)
				}
			}
		}
		// libopus's own decoder is the measure: its high pass turns phases, so the input is not.
		run(t, "-c:a", "libopus", "-i", dst, "-f", "f32le", "-ar", "48000", "-ac", "1", src+".ref")
		ref, best := readPCM(t, src+".ref"), 0.0
		for _, skip := range []int{0, opus.Lookahead} {
			best = max(best, correlation(ref[4800:96000], got[4800+skip:]))
		}
		if best < 0.999 {
			t.Errorf("%s: correlation with libopus's decoder %.4f", mode, best)
		}
	}
}

func TestSilenceIsSilent(t *testing.T) {
	dec, err := opus.NewDecoder()
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range opus.Silences {
		p := opus.Silence(n)
		if d, err := opus.Duration(p); err != nil || d != n {
			t.Fatalf("%d: %d %v", n, d, err)
		}
		pcm, err := dec.Decode(p)
		if err != nil || len(pcm) != n {
			t.Fatalf("%d: %d %v", n, len(pcm), err)
		}
		for _, x := range pcm {
			if x > 1e-4 || x < -1e-4 {
				t.Fatalf("%d: %f", n, x)
			}
		}
	}
	if opus.Silence(7) != nil {
		t.Error("silence of 7 samples")
	}
}

func TestTonePower(t *testing.T) {
	dec, _ := opus.NewDecoder()
	var pcm []float32
	for _, p := range testmedia.Tone(t, 1000, 25, nil) {
		out, err := dec.Decode(p)
		if err != nil {
			t.Fatal(err)
		}
		pcm = append(pcm, out...)
	}
	if p := testmedia.Power(pcm[4800:], 1000); p < 0.1 || p > 0.2 {
		t.Errorf("power %f of a sine of amplitude 0.4", p)
	}
	if p := testmedia.Power(pcm[4800:], 1400); p > 0.001 {
		t.Errorf("power %f where there is none", p)
	}
}

func FuzzDuration(f *testing.F) {
	f.Add([]byte{0xf8, 0xff, 0xfe})
	f.Add([]byte{0x03})
	f.Fuzz(func(t *testing.T, b []byte) {
		if n, err := opus.Duration(b); err == nil && (n <= 0 || n > opus.MaxPacket) {
			t.Fatal(n)
		}
	})
}
