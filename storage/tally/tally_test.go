package tally

import (
	"slices"
	"testing"
	"time"
)

func TestDurations(t *testing.T) {
	d := New(0.1, 1)
	for _, took := range []time.Duration{-time.Second, 100 * time.Millisecond, 500 * time.Millisecond, 2 * time.Second} {
		d.Count(took)
	}
	if r := d.Read(); !slices.Equal(r.UpTo, []uint64{2, 3}) || r.Count != 4 || r.Sum != 2.6 {
		t.Errorf("%+v", r)
	}
}
