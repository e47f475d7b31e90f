package speaker_test

import (
	"slices"
	"testing"
	"time"

	"github.com/zvonok/zvonok/sfu/internal/speaker"
)

// hall is a room of microphones on a simulated clock of 20 ms packets.
type hall struct {
	now     time.Duration
	meters  map[string]*speaker.Meter
	ranking speaker.Ranking
	changes int
}

func newHall(names ...string) *hall {
	h := &hall{now: time.Hour, meters: map[string]*speaker.Meter{}}
	for _, n := range names {
		h.meters[n] = speaker.NewMeter()
	}
	return h
}

// run lets time pass; level gives each microphone's level at a moment since the call, 127 or more for no packet.
func (h *hall) run(d time.Duration, level func(name string, at time.Duration) uint8) {
	for at := time.Duration(0); at < d; at += 20 * time.Millisecond {
		h.now += 20 * time.Millisecond
		var voices []speaker.Voice
		for name, m := range h.meters {
			if l := level(name, at); l < 127 {
				m.Add(h.now, l)
			}
		}
		for _, name := range []string{"a", "b", "c", "d", "e"} {
			if m := h.meters[name]; m != nil {
				voices = append(voices, speaker.Voice{ID: name, Score: m.Score(h.now), Silent: m.Silent(h.now)})
			}
		}
		if h.ranking.Update(h.now, voices) {
			h.changes++
		}
	}
}

func fixed(levels map[string]uint8) func(string, time.Duration) uint8 {
	return func(name string, _ time.Duration) uint8 {
		if l, ok := levels[name]; ok {
			return l
		}
		return 127
	}
}

func (h *hall) expect(t *testing.T, what, active string, loudest ...string) {
	t.Helper()
	got := slices.Sorted(slices.Values(h.ranking.Loudest()))
	if !slices.Equal(got, loudest) || h.ranking.Active() != active {
		t.Errorf("%s: active %q, loudest %v; wanted %q, %v", what, h.ranking.Active(), got, active, loudest)
	}
}

func TestTheLoudestThreeOfFive(t *testing.T) {
	h := newHall("a", "b", "c", "d", "e")
	h.run(2*time.Second, fixed(map[string]uint8{"a": 40, "b": 10, "c": 34, "d": 16, "e": 22}))
	h.expect(t, "steady tones", "b", "b", "d", "e")
	before := h.changes
	h.run(5*time.Second, fixed(map[string]uint8{"a": 40, "b": 10, "c": 34, "d": 16, "e": 22}))
	if h.changes != before {
		t.Errorf("%d changes while nothing changed", h.changes-before)
	}
}

func TestPulsedTonesDoNotFlicker(t *testing.T) {
	h := newHall("a", "b", "c", "d", "e")
	levels := map[string]uint8{"a": 40, "b": 10, "c": 34, "d": 16, "e": 22}
	pulses := func(name string, at time.Duration) uint8 {
		// 300 ms of sound, 400 ms of silence, each at its own phase
		if (at+time.Duration(name[0])*110*time.Millisecond)%(700*time.Millisecond) < 300*time.Millisecond {
			return levels[name]
		}
		return 126
	}
	h.run(3*time.Second, pulses)
	h.expect(t, "pulses", "b", "b", "d", "e")
	before := h.changes
	h.run(7*time.Second, pulses)
	h.expect(t, "pulses later", "b", "b", "d", "e")
	if h.changes != before {
		t.Errorf("%d changes in steady pulses", h.changes-before)
	}
}

func TestTheFirstSyllableIsNotClipped(t *testing.T) {
	h := newHall("a", "b", "c", "d")
	h.run(time.Second, fixed(map[string]uint8{"a": 20, "b": 20, "c": 20, "d": 100}))
	h.expect(t, "three speak", "a", "a", "b", "c")
	h.run(2*time.Second, fixed(map[string]uint8{"a": 20, "b": 100, "c": 100, "d": 100}))
	// Two places are held by people who fell silent: the newcomer has one within two packets.
	h.run(40*time.Millisecond, fixed(map[string]uint8{"a": 20, "b": 100, "c": 100, "d": 25}))
	if !slices.Contains(h.ranking.Loudest(), "d") {
		t.Errorf("not heard after 40 ms: %v", h.ranking.Loudest())
	}
}

func TestAnOnsetIsToldOnce(t *testing.T) {
	m := speaker.NewMeter()
	now := time.Hour
	var onsets []int
	for i, level := range []uint8{100, 20, 20, 20, 100, 100, 100, 100, 100, 100, 100, 20, 20} {
		now += 20 * time.Millisecond
		if m.Add(now, level) {
			onsets = append(onsets, i)
		}
	}
	if !slices.Equal(onsets, []int{1, 11}) {
		t.Errorf("onsets at %v", onsets)
	}
	if m.Reset(); !m.Silent(now) || m.Score(now) != 0 {
		t.Error("a reset meter remembers")
	}
}

func TestTheStageIsCalm(t *testing.T) {
	h := newHall("a", "b")
	h.run(time.Second, fixed(map[string]uint8{"a": 20}))
	h.expect(t, "one speaks", "a", "a", "b")
	h.run(100*time.Millisecond, fixed(map[string]uint8{"b": 15}))
	h.expect(t, "a cough", "a", "a", "b")
	h.run(3*time.Second, fixed(nil))
	h.expect(t, "silence: the last one stays", "a", "a", "b")
	h.run(500*time.Millisecond, fixed(map[string]uint8{"b": 30}))
	h.expect(t, "an answer", "b", "a", "b")
	h.run(900*time.Millisecond, fixed(map[string]uint8{"a": 10, "b": 30}))
	h.expect(t, "interrupted for less than a second", "b", "a", "b")
	h.run(400*time.Millisecond, fixed(map[string]uint8{"a": 10, "b": 30}))
	h.expect(t, "interrupted for longer", "a", "a", "b")
	delete(h.meters, "a")
	h.run(100*time.Millisecond, fixed(nil))
	h.expect(t, "left", "a", "b")
}
