package alloc_test

import (
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/zvonok/zvonok/sfu/internal/alloc"
	"github.com/zvonok/zvonok/sfu/media"
)

func layer(rates ...media.Bitrate) (l alloc.Layer) {
	copy(l.Rates[:], rates)
	return l
}

// camera is the usual ladder with two temporal layers each.
func camera(id uint64, c alloc.Class) alloc.Slot {
	return alloc.Slot{Occupant: id, Class: c, Layers: [alloc.MaxLayers]alloc.Layer{
		layer(80_000, 130_000), layer(250_000, 430_000), layer(900_000, 1_550_000),
	}}
}

func share(id uint64) alloc.Slot {
	return alloc.Slot{Occupant: id, Class: alloc.Share, Still: 60_000, Layers: [alloc.MaxLayers]alloc.Layer{layer(300_000, 600_000, 1_200_000)}}
}

const voice = media.Bitrate(45_000)

// fresh decides without a past.
func fresh(in alloc.Input) alloc.Result {
	var a alloc.Allocator
	return a.Decide(0, &in)
}

func TestWhatIsImportantComesFirst(t *testing.T) {
	stage, tiles := camera(1, alloc.Stage), []alloc.Slot{camera(2, alloc.Tile), camera(3, alloc.Tile)}
	for i := range tiles {
		tiles[i].Layers[1], tiles[i].Layers[2] = alloc.Layer{}, alloc.Layer{}
	}
	pause := alloc.Paused
	low, whole := alloc.Target{}, alloc.Target{Temporal: 1}
	middle, top := alloc.Target{Layer: 1, Temporal: 1}, alloc.Target{Layer: 2, Temporal: 1}
	for name, c := range map[string]struct {
		in   alloc.Input
		want []alloc.Target
	}{
		"plenty": {
			alloc.Input{Budget: 10_000_000, Slots: append([]alloc.Slot{share(9), stage}, tiles...)},
			[]alloc.Target{{Temporal: 2}, top, whole, whole},
		},
		"a good stage and tiles": {
			alloc.Input{Budget: 900_000, Slots: append([]alloc.Slot{stage}, tiles...)}, []alloc.Target{middle, whole, whole},
		},
		"the stage before the tiles": {
			alloc.Input{Budget: 500_000, Slots: append([]alloc.Slot{stage}, tiles...)}, []alloc.Target{middle, pause, pause},
		},
		"a few frames of the stage": {
			alloc.Input{Budget: 100_000, Slots: append([]alloc.Slot{stage}, tiles...)}, []alloc.Target{low, pause, pause},
		},
		"a still share and a small stage": {
			alloc.Input{Budget: 250_000, Slots: []alloc.Slot{share(9), stage}}, []alloc.Target{{Still: true}, whole},
		},
		"the share loses frames, not sharpness": {
			alloc.Input{Budget: 500_000, Slots: []alloc.Slot{share(9), stage}}, []alloc.Target{{Temporal: 0}, whole},
		},
		"nothing but sound": {
			alloc.Input{Budget: 30_000, Slots: []alloc.Slot{share(9), stage}, Voices: []media.Bitrate{voice}}, []alloc.Target{pause, pause},
		},
		"an empty slot": {
			alloc.Input{Budget: 500_000, Slots: []alloc.Slot{{}, stage}}, []alloc.Target{pause, middle},
		},
		"low data": {
			alloc.Input{Budget: 5_000_000, LowData: true, Slots: []alloc.Slot{share(9), stage}, Voices: []media.Bitrate{voice}},
			[]alloc.Target{{Still: true}, pause},
		},
		"low data, a thumbnail": {
			alloc.Input{Budget: 5_000_000, LowData: true, Slots: []alloc.Slot{tiles[0]}, Voices: []media.Bitrate{voice}},
			[]alloc.Target{low},
		},
	} {
		res := fresh(c.in)
		if !reflect.DeepEqual(res.Targets, c.want) {
			t.Errorf("%s: %+v, not %+v", name, res.Targets, c.want)
		}
	}
}

func TestSoundComesBeforeAnyPicture(t *testing.T) {
	voices := []media.Bitrate{voice, voice, voice}
	for name, c := range map[string]struct {
		budget     media.Bitrate
		congested  bool
		voices     int
		redundancy bool
	}{
		"plenty":                    {2_000_000, false, 3, true},
		"a full path":               {2_000_000, true, 3, false},
		"redundancy goes first":     {300_000, false, 3, false},
		"then the voices":           {120_000, false, 1, false},
		"one voice whatever it has": {10_000, true, 1, false},
	} {
		res := fresh(alloc.Input{Budget: c.budget, Congested: c.congested, Voices: voices, Redundancy: 100_000})
		if res.Voices != c.voices || res.Redundancy != c.redundancy {
			t.Errorf("%s: %d voices, redundancy %v", name, res.Voices, res.Redundancy)
		}
	}
}

// anyInput is a room of any kind; the budget is set by the caller.
func anyInput(rng *rand.Rand) alloc.Input {
	in := alloc.Input{LowData: rng.IntN(8) == 0, Congested: rng.IntN(4) == 0}
	for i := range 1 + rng.IntN(12) {
		s := alloc.Slot{Occupant: uint64(rng.IntN(20)), Class: alloc.Class(rng.IntN(3))}
		if s.Class == alloc.Share && rng.IntN(2) == 0 {
			s.Still = media.Bitrate(20_000 + rng.IntN(100_000))
		}
		rate := media.Bitrate(40_000 + rng.IntN(200_000))
		for l := range rng.IntN(4) {
			for k := range rng.IntN(5) {
				s.Layers[l].Rates[k] = rate * media.Bitrate(k+2) / 2
			}
			rate = rate * media.Bitrate(rng.IntN(5)+1) / 2
		}
		if i == 0 {
			s.Occupant++
		}
		in.Slots = append(in.Slots, s)
	}
	for range rng.IntN(4) {
		in.Voices = append(in.Voices, media.Bitrate(20_000+rng.IntN(50_000)))
	}
	in.Redundancy = media.Bitrate(rng.IntN(100_000))
	return in
}

func cost(in *alloc.Input, i int, t alloc.Target) media.Bitrate {
	switch {
	case t.Layer < 0:
		return 0
	case t.Still:
		return in.Slots[i].Still
	}
	return in.Slots[i].Layers[t.Layer].Rates[t.Temporal]
}

func spent(in *alloc.Input, res *alloc.Result) (all, sound media.Bitrate) {
	for _, v := range in.Voices[:res.Voices] {
		sum := v
		sound += sum
	}
	if res.Redundancy {
		sound += in.Redundancy
	}
	all = sound
	for i, t := range res.Targets {
		all += cost(in, i, t)
	}
	return all, sound
}

func TestTheBudgetIsKept(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		var a alloc.Allocator
		in := anyInput(rng)
		now := time.Duration(0)
		for range 30 {
			in.Budget = media.Bitrate(rng.IntN(3_000_000))
			if rng.IntN(10) == 0 {
				in = anyInput(rng)
			}
			now += time.Duration(rng.IntN(2000)) * time.Millisecond
			res := a.Decide(now, &in)
			all, sound := spent(&in, &res)
			budget := in.Budget
			if in.LowData {
				budget = min(budget, alloc.LowData)
			}
			if all != res.Used {
				t.Fatalf("used %d, said %d", all, res.Used)
			}
			if all > budget && (all > sound || res.Voices > 1 || res.Redundancy) {
				t.Fatalf("%d spent of %d, %d of it sound, %d voices", all, budget, sound, res.Voices)
			}
			for i, target := range res.Targets {
				if in.Slots[i].Occupant == 0 && target.Layer >= 0 {
					t.Fatalf("slot %d is empty and gets %+v", i, target)
				}
			}
		}
	}
}

func TestTheSameGivesTheSame(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	var a, b alloc.Allocator
	now := time.Duration(0)
	for range 3000 {
		in := anyInput(rng)
		in.Budget = media.Bitrate(rng.IntN(3_000_000))
		now += 100 * time.Millisecond
		x, y := a.Decide(now, &in), b.Decide(now, &in)
		if !reflect.DeepEqual(x, y) {
			t.Fatalf("%+v and %+v", x, y)
		}
	}
}

// order is the sequence in which costs are taken on, for comparing two decisions: what is more important comes first.
func order(in *alloc.Input, res *alloc.Result) (out []media.Bitrate) {
	for _, class := range []alloc.Class{alloc.Share, alloc.Stage, alloc.Tile} {
		for i, s := range in.Slots {
			if s.Class == class && s.Occupant != 0 {
				out = append(out, cost(in, i, res.Targets[i]))
			}
		}
	}
	return out
}

// A larger budget never takes from the more important to give to the less: at the first step in the order of
// importance where two budgets differ, the larger one has more.
func TestMoreIsNeverLess(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 5000 {
		in := anyInput(rng)
		in.Voices, in.Redundancy, in.LowData = nil, 0, false
		// One class: with several, the order has more than one place for a slot.
		class := alloc.Class(rng.IntN(2))
		for i := range in.Slots {
			in.Slots[i].Class = class
			if class == alloc.Stage {
				in.Slots[i].Layers[2] = alloc.Layer{}
			}
		}
		low := in
		low.Budget = media.Bitrate(rng.IntN(3_000_000))
		in.Budget = low.Budget + media.Bitrate(rng.IntN(1_000_000))
		more, less := fresh(in), fresh(low)
		a, b := firstShown(&in, &more), firstShown(&low, &less)
		for i := range a {
			if a[i] == b[i] {
				continue
			}
			if !a[i] {
				t.Fatalf("with %d picture %d is lost that %d had", in.Budget, i, low.Budget)
			}
			break
		}
	}
}

// firstShown says in the order of importance who is shown at all.
func firstShown(in *alloc.Input, res *alloc.Result) (out []bool) {
	for _, c := range order(in, res) {
		out = append(out, c > 0)
	}
	return out
}

// Who is more important is not paused for the sake of who is less: without the less important, nothing changes for it.
func TestNobodyStarvesTheMoreImportant(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for range 5000 {
		in := anyInput(rng)
		in.Budget = media.Bitrate(rng.IntN(3_000_000))
		res := fresh(in)
		alone := in
		alone.Slots = append([]alloc.Slot(nil), in.Slots...)
		class := alloc.Class(rng.IntN(2))
		for i := range alone.Slots {
			if alone.Slots[i].Class > class {
				alone.Slots[i].Occupant = 0
			}
		}
		without := fresh(alone)
		for i, s := range in.Slots {
			if s.Class > class || s.Occupant == 0 {
				continue
			}
			if (res.Targets[i].Layer < 0) != (without.Targets[i].Layer < 0) {
				t.Fatalf("slot %d of class %d: %+v, alone %+v", i, s.Class, res.Targets[i], without.Targets[i])
			}
		}
	}
}

func TestDownAtOnceUpWithPatience(t *testing.T) {
	var a alloc.Allocator
	in := alloc.Input{Slots: []alloc.Slot{camera(1, alloc.Stage)}, Voices: []media.Bitrate{voice}}
	now := time.Duration(0)
	at := func(d time.Duration, budget media.Bitrate) int {
		now += d
		in.Budget = budget
		return a.Decide(now, &in).Targets[0].Layer
	}
	if at(0, 2_000_000) != 2 {
		t.Fatal("a new occupant waits")
	}
	if at(50*time.Millisecond, 600_000) != 1 {
		t.Fatal("not down at once")
	}
	const enough = 1_800_000
	if at(50*time.Millisecond, enough) != 1 {
		t.Fatal("up at once")
	}
	if at(1500*time.Millisecond, enough) != 1 {
		t.Fatal("up too soon")
	}
	if at(600*time.Millisecond, enough) != 2 {
		t.Fatal("not up after two seconds")
	}
	if at(time.Second, 600_000) != 1 || at(50*time.Millisecond, 3_000_000) != 1 || at(600*time.Millisecond, 3_000_000) != 2 {
		t.Fatal("not up soon where there is plenty")
	}
}

// A budget that swings around a border changes the picture ever less often.
func TestNoFlapping(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	worst := 0
	for range 200 {
		var a alloc.Allocator
		in := alloc.Input{Slots: []alloc.Slot{camera(1, alloc.Stage)}, Voices: []media.Bitrate{voice}}
		border := float64(voice + 1_550_000)
		changes, last := 0, -1
		for now := time.Duration(0); now < time.Minute; now += 100 * time.Millisecond {
			in.Budget = media.Bitrate(border * (1 + 0.15*rng.NormFloat64()))
			target := a.Decide(now, &in).Targets[0]
			if last >= 0 && target.Layer != last {
				changes++
			}
			last = target.Layer
		}
		worst = max(worst, changes)
	}
	if worst > 12 {
		t.Errorf("%d changes in a minute", worst)
	}
	t.Logf("at most %d changes in a minute of noise", worst)
}

func TestNoAllocation(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	in := anyInput(rng)
	in.Budget = 1_000_000
	var a alloc.Allocator
	now := time.Duration(0)
	a.Decide(now, &in)
	if n := testing.AllocsPerRun(100, func() {
		now += 100 * time.Millisecond
		a.Decide(now, &in)
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}
