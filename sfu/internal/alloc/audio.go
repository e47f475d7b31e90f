package alloc

import (
	"time"

	"github.com/zvonok/zvonok/sfu/media"
)

const (
	// audioAfter is how long there must be room before redundancy or the other voices come back.
	audioAfter = 4 * time.Second
	// quiet is the part of the budget that redundancy may cost.
	quiet = 0.25
)

// audio decides how much sound is sent. Sound comes before any picture; when the path is full, its redundancy goes
// first, then all voices but the most important one, which is sent whatever the budget.
type audio struct {
	plain, narrow     bool
	plainAt, narrowAt time.Duration
	full              media.Bitrate
}

func (a *audio) decide(now time.Duration, budget media.Bitrate, in *Input) (voices int, redundancy bool, cost media.Bitrate) {
	sum := media.Bitrate(0)
	for _, v := range in.Voices {
		sum += v
	}
	a.full = sum + in.Redundancy
	small := float64(in.Redundancy) > quiet*float64(budget) || a.full > budget
	a.plain, a.plainAt = gate(a.plain, a.plainAt, now, in.Congested || small || in.LowData,
		!in.Congested && !in.LowData && headroom*float64(a.full) <= float64(budget))
	a.narrow, a.narrowAt = gate(a.narrow, a.narrowAt, now, sum > budget, headroom*float64(sum) <= float64(budget))
	redundancy = in.Redundancy > 0 && !a.plain
	voices = len(in.Voices)
	if a.narrow && voices > 1 {
		voices, sum = 1, in.Voices[0]
	}
	if redundancy {
		sum += in.Redundancy
	}
	return voices, redundancy, sum
}

// gate closes at once and opens when it could have been open for a while; since is the last moment that it could not.
func gate(closed bool, since, now time.Duration, shut, room bool) (bool, time.Duration) {
	switch {
	case shut:
		return true, now
	case !closed:
		return false, now
	case !room:
		return true, now
	case now-since >= audioAfter:
		return false, now
	}
	return true, since
}
