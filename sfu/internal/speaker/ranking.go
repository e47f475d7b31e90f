package speaker

import (
	"slices"
	"time"
)

// Voice is one open microphone at one moment.
type Voice struct {
	ID string
	// Score is [Meter.Score].
	Score float64
	// Silent is [Meter.Silent].
	Silent bool
}

// Voices is how many are heard at once.
const Voices = 3

const (
	// margin is by how much a challenger must be louder than someone who is speaking.
	margin = 3.0
	// patience is for how long.
	patience = 300 * time.Millisecond
	// stageMargin and stagePatience are the same for the stage, which should be calm.
	stageMargin   = 6.0
	stagePatience = time.Second
	// stageStart is how long someone must speak to take the stage from someone silent.
	stageStart = 300 * time.Millisecond
)

// Ranking keeps the loudest voices. The zero value is ready.
type Ranking struct {
	loudest []string
	active  string
	// louder is since when the first challenger has been louder than the weakest, speaking since when each has spoken.
	louder    time.Duration
	speaking  map[string]time.Duration
	overtaken time.Duration
	overtaker string
	order     []string
}

// Update takes all open microphones and says whether anything that the getters give has changed.
func (r *Ranking) Update(now time.Duration, voices []Voice) bool {
	sorted := slices.Clone(voices)
	slices.SortStableFunc(sorted, func(a, b Voice) int {
		switch {
		case a.Score > b.Score:
			return -1
		case a.Score < b.Score:
			return 1
		}
		return 0
	})
	r.noteSpeaking(now, sorted)
	loudest := r.pick(now, sorted)
	active := r.pickActive(now, sorted)
	order := make([]string, 0, len(r.speaking))
	for _, v := range sorted {
		if _, ok := r.speaking[v.ID]; ok {
			order = append(order, v.ID)
		}
	}
	// The order of those who speak at once would flicker: only the set is a change, unless the active one changed.
	changed := active != r.active || !slices.Equal(loudest, r.loudest) || !sameSet(order, r.order)
	r.loudest, r.active = loudest, active
	if changed {
		r.order = order
	}
	return changed
}

// Loudest are the voices that everyone hears, at most three, in the order in which they came in.
func (r *Ranking) Loudest() []string { return r.loudest }

// Active is who has the stage; empty before anybody spoke.
func (r *Ranking) Active() string { return r.active }

// Speaking are all who speak, loudest first.
func (r *Ranking) Speaking() []string { return r.order }

// noteSpeaking keeps since when each has spoken; the score's hold bridges the pauses between words.
func (r *Ranking) noteSpeaking(now time.Duration, voices []Voice) {
	if r.speaking == nil {
		r.speaking = map[string]time.Duration{}
	}
	present := map[string]bool{}
	for _, v := range voices {
		if v.Score > 127-Silence {
			present[v.ID] = true
			if _, ok := r.speaking[v.ID]; !ok {
				r.speaking[v.ID] = now
			}
		}
	}
	for id := range r.speaking {
		if !present[id] {
			delete(r.speaking, id)
		}
	}
}

// pick keeps the incumbents that still exist, fills free places with the loudest others, and lets one challenger in
// per update: at once when the weakest incumbent is silent and quieter, after a while when both speak.
func (r *Ranking) pick(now time.Duration, sorted []Voice) []string {
	byID := make(map[string]Voice, len(sorted))
	for _, v := range sorted {
		byID[v.ID] = v
	}
	kept := make([]string, 0, Voices)
	for _, id := range r.loudest {
		if _, ok := byID[id]; ok {
			kept = append(kept, id)
		}
	}
	for _, v := range sorted {
		if len(kept) < Voices && !slices.Contains(kept, v.ID) {
			kept = append(kept, v.ID)
		}
	}
	first := slices.IndexFunc(sorted, func(v Voice) bool { return !slices.Contains(kept, v.ID) })
	if first < 0 {
		r.louder = 0
		return kept
	}
	weakest := 0
	for i, id := range kept {
		if byID[id].Score < byID[kept[weakest]].Score {
			weakest = i
		}
	}
	challenger, incumbent := sorted[first], byID[kept[weakest]]
	switch {
	case challenger.Silent || challenger.Score < incumbent.Score+margin:
		r.louder = 0
		return kept
	case incumbent.Silent:
	case r.louder == 0:
		r.louder = now
		return kept
	case now-r.louder < patience:
		return kept
	}
	r.louder = 0
	kept[weakest] = challenger.ID
	return kept
}

func (r *Ranking) pickActive(now time.Duration, sorted []Voice) string {
	best := -1
	current := -1
	for i, v := range sorted {
		if v.ID == r.active {
			current = i
		} else if _, speaks := r.speaking[v.ID]; speaks && best < 0 {
			best = i
		}
	}
	if best < 0 {
		r.overtaker = ""
		return r.active // nobody else: the last one keeps the stage, even after leaving
	}
	challenger := sorted[best]
	if challenger.ID != r.overtaker {
		r.overtaker, r.overtaken = challenger.ID, now
	}
	if r.active == "" {
		return challenger.ID
	}
	_, speaks := r.speaking[r.active]
	wait := stageStart
	if current >= 0 && speaks {
		if challenger.Score < sorted[current].Score+stageMargin {
			r.overtaken = now
			return r.active
		}
		wait = stagePatience
	}
	if now-r.overtaken < wait || challenger.Silent {
		return r.active // a cough is over by then
	}
	return challenger.ID
}

func sameSet(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	for _, id := range a {
		if !slices.Contains(b, id) {
			return false
		}
	}
	return true
}
