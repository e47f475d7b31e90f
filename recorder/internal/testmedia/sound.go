package testmedia

import (
	"math"
	"testing"

	"github.com/zvonok/zvonok/recorder/internal/opus"
)

// Tone makes n packets of 20 ms of a sine of freq Hz; it is on where on says so (nil: always).
func Tone(t testing.TB, freq float64, n int, on func(frame int) bool) [][]byte {
	t.Helper()
	enc, err := opus.NewEncoder(64000)
	if err != nil {
		t.Fatal(err)
	}
	var all [][]byte
	pcm := make([]float32, opus.Frame)
	for f := range n {
		for i := range pcm {
			pcm[i] = 0
			if on == nil || on(f) {
				pcm[i] = 0.4 * float32(math.Sin(2*math.Pi*freq*float64(f*opus.Frame+i)/opus.Rate))
			}
		}
		p, err := enc.Encode(pcm)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, append([]byte(nil), p...))
	}
	return all
}

// Power is how strong freq is in pcm (48 kHz): about the squared amplitude of that sine (Goertzel).
func Power(pcm []float32, freq float64) float64 {
	w := 2 * math.Pi * freq / opus.Rate
	var s1, s2 float64
	for _, x := range pcm {
		s1, s2 = float64(x)+2*math.Cos(w)*s1-s2, s1
	}
	n := float64(len(pcm))
	return (s1*s1 + s2*s2 - 2*math.Cos(w)*s1*s2) * 4 / (n * n)
}
