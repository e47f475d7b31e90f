package mixer

import (
	"math"
	"testing"

	"github.com/google/uuid"

	"github.com/zvonok/zvonok/recorder/internal/opus"
	"github.com/zvonok/zvonok/recorder/internal/testmedia"
)

func decodeAll(t *testing.T, packets [][]byte) []float32 {
	t.Helper()
	dec, err := opus.NewDecoder()
	if err != nil {
		t.Fatal(err)
	}
	var pcm []float32
	for _, p := range packets {
		out, err := dec.Decode(p)
		if err != nil || len(out) != opus.Frame {
			t.Fatalf("%d samples, %v", len(out), err)
		}
		pcm = append(pcm, out...)
	}
	return pcm
}

func TestThreeTalkersAndSilence(t *testing.T) {
	m, err := New(0)
	if err != nil {
		t.Fatal(err)
	}
	a, b, c := uuid.New(), uuid.New(), uuid.New()
	tones := map[uuid.UUID]float64{a: 500, b: 900, c: 1300}
	var mixed [][]byte
	for f := range int64(200) {
		if f == 0 {
			for id, hz := range tones {
				for i, p := range testmedia.Tone(t, hz, 50, nil) {
					// b and c talk from the second second on, c not on the grid of frames.
					at := int64(i) * opus.Frame
					if id != a {
						at += opus.Rate
					}
					if id == c {
						at += 333
					}
					m.Add(id, at, p)
				}
				m.Close(id)
			}
		}
		mixed = append(mixed, m.Next())
	}
	pcm := decodeAll(t, mixed)
	for sec, want := range [][3]bool{{true, false, false}, {false, true, true}, {}, {}} {
		span := pcm[sec*opus.Rate+9600 : (sec+1)*opus.Rate-4800]
		for i, hz := range []float64{500, 900, 1300} {
			if got := testmedia.Power(span, hz) > 0.02; got != want[i] {
				t.Errorf("second %d, %v Hz: heard %v (power %g)", sec, hz, got, testmedia.Power(span, hz))
			}
		}
	}
	if len(m.voices) != 0 || m.Errors() != 0 || m.Pos() != 200*opus.Frame {
		t.Errorf("%d voices left, %d errors, at %d", len(m.voices), m.Errors(), m.Pos())
	}
	if string(mixed[199]) != string(opus.Silence(opus.Frame)) {
		t.Error("long silence is encoded")
	}
}

func TestLossIsConcealed(t *testing.T) {
	m, err := New(0)
	if err != nil {
		t.Fatal(err)
	}
	id := uuid.New()
	for i, p := range testmedia.Tone(t, 700, 100, nil) {
		if at := int64(i) * opus.Frame; i%10 == 9 {
			m.Lost(id, at)
		} else {
			m.Add(id, at, p)
		}
	}
	var mixed [][]byte
	for range 100 {
		mixed = append(mixed, m.Next())
	}
	pcm := decodeAll(t, mixed)
	for i := 10; i < 95; i++ { // no frame is a hole
		if p := testmedia.Power(pcm[i*opus.Frame:(i+1)*opus.Frame], 700); p < 0.01 {
			t.Errorf("frame %d: power %g", i, p)
		}
	}
}

func TestLateSoundIsDroppedAndDamageCounted(t *testing.T) {
	m, err := New(10 * opus.Frame)
	if err != nil {
		t.Fatal(err)
	}
	id := uuid.New()
	for i, p := range testmedia.Tone(t, 700, 5, nil) {
		m.Add(id, int64(i)*opus.Frame, p)
	}
	if n := len(m.voices[id].blocks); n != 0 {
		t.Errorf("%d late blocks kept", n)
	}
	m.Add(id, 11*opus.Frame, []byte{0xff, 0xff})
	if m.Errors() != 1 {
		t.Errorf("%d errors", m.Errors())
	}
}

func TestLimit(t *testing.T) {
	last := float32(-2)
	for x := float32(-6); x <= 6; x += 0.01 {
		y := limit(x)
		if y < last || y > 1 || y < -1 || math.Abs(float64(x)) < 0.69 && y != x {
			t.Fatalf("limit(%f) = %f after %f", x, y, last)
		}
		last = y
	}
}
