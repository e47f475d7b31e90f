package alloc

import "github.com/zvonok/zvonok/sfu/media"

const (
	// maxRungs is what a ladder can have: a still, and each layer with each of its temporal layers.
	maxRungs = 1 + MaxLayers + MaxTemporal
	// goodRungs is how far the stage climbs before the tiles get anything: its first temporal part, its smallest layer,
	// the middle one.
	goodRungs = 3
)

// rung is one way to send a source, and its cost.
type rung struct {
	target Target
	cost   media.Bitrate
}

// ladder is the ways to send a source, the cheapest first; each costs more than the one before.
type ladder struct {
	at [maxRungs]rung
	n  int
}

func (l *ladder) build(s *Slot, lowData bool) {
	l.n = 0
	if s.Occupant == 0 {
		return
	}
	if s.Class == Share {
		l.buildShare(s)
	} else {
		l.buildCamera(s)
	}
	if lowData {
		l.n = min(l.n, 1)
	}
}

// buildCamera: the smallest layer may lose frames as the last resort; above it motion is kept and size grows.
func (l *ladder) buildCamera(s *Slot) {
	first := true
	for i := range s.Layers {
		n := s.Layers[i].temporals()
		if n == 0 {
			continue
		}
		if first && n > 1 {
			l.add(Target{Layer: i}, s.Layers[i].Rates[0])
		}
		first = false
		l.add(Target{Layer: i, Temporal: n - 1}, s.Layers[i].Rates[n-1])
	}
}

// buildShare: a still, then the sharpest layer with more and more frames. A smaller layer is taken only where the
// sharpest is too much even with the fewest frames.
func (l *ladder) buildShare(s *Slot) {
	top := -1
	for i := range s.Layers {
		if s.Layers[i].temporals() > 0 {
			top = i
		}
	}
	if top < 0 {
		return
	}
	if s.Still > 0 {
		l.add(Target{Layer: top, Still: true}, s.Still)
	}
	for i := range top {
		if s.Layers[i].temporals() > 0 {
			l.add(Target{Layer: i}, s.Layers[i].Rates[0])
		}
	}
	for t := range s.Layers[top].temporals() {
		l.add(Target{Layer: top, Temporal: t}, s.Layers[top].Rates[t])
	}
}

func (y *Layer) temporals() int {
	for i, r := range y.Rates {
		if r <= 0 {
			return i
		}
	}
	return len(y.Rates)
}

// add puts a better rung on top; those that cost as much or more go.
func (l *ladder) add(t Target, cost media.Bitrate) {
	for l.n > 0 && l.at[l.n-1].cost >= cost {
		l.n--
	}
	if l.n < maxRungs {
		l.at[l.n] = rung{t, cost}
		l.n++
	}
}

// find is the rung of a target, or the next one below; -1 for none. What is paused holds nothing.
func (l *ladder) find(t Target) int {
	if t.Layer < 0 {
		return -1
	}
	best := -1
	for i := range l.n {
		if !better(l.at[i].target, t) {
			best = i
		}
	}
	return best
}

// better says whether a shows more than b.
func better(a, b Target) bool {
	if a.Still != b.Still {
		return b.Still
	}
	if a.Layer != b.Layer {
		return a.Layer > b.Layer
	}
	return a.Temporal > b.Temporal
}
