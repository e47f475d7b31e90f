package speaker

import (
	"math"
	"sync/atomic"
	"time"
)

// Meter follows the loudness of one microphone. One goroutine adds; any may read. Moments are durations since an
// origin that all callers share.
type Meter struct {
	// score is 127 - dBov, smoothed, as float64 bits: it rises within two packets and, after a hold, falls.
	score atomic.Uint64
	// heard is when the level was last above silence, packet when the last packet came, peak when the level was last
	// near the score. In nanoseconds.
	heard, packet, peak atomic.Int64
}

const (
	// Silence is the level in -dBov from which on a packet counts as silent.
	Silence = 50
	// hold keeps the score over the pauses between words.
	hold = 600 * time.Millisecond
	// fall is how fast the score falls afterwards, per second.
	fall = 40.0
	// gap is after how long without a sound a microphone is silent.
	gap = 100 * time.Millisecond
)

// NewMeter makes the meter of a microphone that has not been heard yet.
func NewMeter() *Meter {
	m := &Meter{}
	m.Reset()
	return m
}

// Reset forgets what was heard: the microphone was closed.
func (m *Meter) Reset() {
	const never = math.MinInt64 / 2
	m.score.Store(0)
	m.heard.Store(never)
	m.packet.Store(never)
	m.peak.Store(never)
}

// Add takes the level of one packet: RFC 6464, 0 loudest, 127 silent. It says whether speech begins with this packet,
// so that the owner can act before the next tick.
func (m *Meter) Add(now time.Duration, level uint8) (onset bool) {
	wasSilent := m.Silent(now)
	score := m.Score(now)
	if level < Silence {
		m.heard.Store(int64(now))
		loud := float64(127 - level)
		if loud >= score {
			score += (loud - score) * 0.7
		}
		if loud >= score-3 {
			m.peak.Store(int64(now))
		}
	}
	m.score.Store(math.Float64bits(score))
	m.packet.Store(int64(now))
	return level < Silence && wasSilent
}

// Silent says whether nothing was heard for 100 ms.
func (m *Meter) Silent(now time.Duration) bool { return now-time.Duration(m.heard.Load()) > gap }

// Score is the smoothed loudness at now, 0 for long silence.
func (m *Meter) Score(now time.Duration) float64 {
	score := math.Float64frombits(m.score.Load())
	from := max(time.Duration(m.peak.Load())+hold, time.Duration(m.packet.Load()))
	if d := now - from; d > 0 {
		score = max(0, score-fall*d.Seconds())
	}
	return score
}
