package sfu

import (
	"testing"
	"time"

	"github.com/zvonok/zvonok/sfu/media"
)

// spend gives a meter spans of bytes, each of the length given.
func spend(m *rateMeter, span time.Duration, screen bool, spans ...int) {
	total := m.last
	for _, n := range spans {
		total += uint64(n)
		m.tick(total, span, screen)
	}
}

func TestAMeterKnowsAKeyframeFromARate(t *testing.T) {
	const usual = 1500 // bytes in a tenth of a second: 120 kbit/s
	tests := []struct {
		name   string
		span   time.Duration
		screen bool
		bytes  []int
		low    media.Bitrate
		high   media.Bitrate
	}{
		{"steady", 100 * time.Millisecond, false, []int{usual, usual, usual, usual}, 120_000, 120_000},
		{"longer spans", 150 * time.Millisecond, false, []int{2250, 2250, 2250, 2250}, 120_000, 120_000},
		{"switched on", 100 * time.Millisecond, false, []int{usual, 26_000, usual, usual, usual}, 120_000, 150_000},
		{"two keyframes", 100 * time.Millisecond, false, []int{26_000, usual, usual, 20_000, usual, usual, usual, usual, usual, usual}, 120_000, 150_000},
		{"twice as much", 100 * time.Millisecond, false, []int{usual, usual, usual, usual, usual, 2 * usual, 2 * usual, 2 * usual, 2 * usual, 2 * usual}, 170_000, 190_000},
		{"a page turned", 100 * time.Millisecond, true, []int{0, 0, 0, 30_000, 0, 0, 0, 0, 0, 0}, 240_000, 600_000},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var m rateMeter
			spend(&m, test.span, test.screen, test.bytes...)
			if m.rate < test.low || m.rate > test.high {
				t.Errorf("%d bit/s, wanted %d to %d", m.rate, test.low, test.high)
			}
		})
	}
}
