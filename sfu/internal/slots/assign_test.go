package slots_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/zvonok/zvonok/sfu/internal/slots"
	"github.com/zvonok/zvonok/sfu/media"
)

var kinds = []media.SlotKind{
	media.SlotStageVideo, media.SlotStageVoice, media.SlotShareVideo, media.SlotShareAudio,
	media.SlotVoice, media.SlotVoice, media.SlotVoice, media.SlotTile, media.SlotTile,
}

func anything(media.Codec) int { return -1 }

// scene has people a to f with camera and microphone in H.264.
func scene() *slots.Scene {
	sc := &slots.Scene{People: map[media.ParticipantID]slots.Person{}}
	for _, id := range []media.ParticipantID{"a", "b", "c", "d", "e", "f"} {
		p := slots.Person{}
		p.Open[media.Camera], p.Open[media.Microphone] = true, true
		p.Codec[media.Camera] = media.H264
		sc.People[id] = p
		sc.Order = append(sc.Order, id)
	}
	return sc
}

func viewer(id media.ParticipantID, tiles ...media.ParticipantID) *slots.Viewer {
	v := &slots.Viewer{ID: id, StageHeight: 720, ShareHeight: 720, Kinds: kinds, CanDecode: anything}
	for _, t := range tiles {
		v.Tiles = append(v.Tiles, slots.Tile{Participant: t, Height: 180})
	}
	return v
}

func names(occupants []slots.Occupant) string {
	s := ""
	for _, o := range occupants {
		switch {
		case o.Participant == "":
			s += "-"
		case o.Undecodable:
			s += "!"
		default:
			s += string(o.Participant)
		}
	}
	return s
}

func TestAssign(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(*slots.Scene, *slots.Viewer)
		want string
	}{
		"nobody has spoken: the first other":  {func(*slots.Scene, *slots.Viewer) {}, "bb-----bc"},
		"the active speaker":                  {func(sc *slots.Scene, _ *slots.Viewer) { sc.Active = "c" }, "cc-----bc"},
		"never oneself: the last one stays":   {func(sc *slots.Scene, v *slots.Viewer) { sc.Active, v.Stage = "a", "d" }, "dd-----bc"},
		"the pinned one":                      {func(sc *slots.Scene, v *slots.Viewer) { sc.Active, v.Pin = "c", "e" }, "ee-----bc"},
		"a pin on oneself is nothing":         {func(sc *slots.Scene, v *slots.Viewer) { sc.Active, v.Pin = "c", "a" }, "cc-----bc"},
		"a pin on somebody absent is nothing": {func(sc *slots.Scene, v *slots.Viewer) { sc.Active, v.Pin = "c", "z" }, "cc-----bc"},
		"only the pinned one, who is absent":  {func(sc *slots.Scene, v *slots.Viewer) { sc.Active, v.Pin, v.PinOnly = "c", "z", true }, "-------bc"},
		"only the pinned one":                 {func(sc *slots.Scene, v *slots.Viewer) { sc.Active, v.Pin, v.PinOnly = "c", "e", true }, "ee-----bc"},
		"stage hidden, its voice heard":       {func(sc *slots.Scene, v *slots.Viewer) { v.StageHeight = 0 }, "-b-----bc"},
		"the loudest, minus the stage":        {func(sc *slots.Scene, _ *slots.Viewer) { sc.Active, sc.Loudest = "d", ids("d", "e", "f") }, "dd--ef-bc"},
		"the loudest, minus oneself":          {func(sc *slots.Scene, v *slots.Viewer) { v.Stage, sc.Active, sc.Loudest = "b", "a", ids("a", "e", "f") }, "bb--ef-bc"},
		"share with sound":                    {func(sc *slots.Scene, _ *slots.Viewer) { share(sc, "f", true, true) }, "bbff---bc"},
		"share without sound":                 {func(sc *slots.Scene, _ *slots.Viewer) { share(sc, "f", true, false) }, "bbf----bc"},
		"one's own share is not sent back":    {func(sc *slots.Scene, _ *slots.Viewer) { share(sc, "a", true, true) }, "bb-----bc"},
		"a hidden share is still heard":       {func(sc *slots.Scene, v *slots.Viewer) { share(sc, "f", true, true); v.ShareHeight = 0 }, "bb-f---bc"},
		"more tiles than slots: the first":    {func(_ *slots.Scene, v *slots.Viewer) { v.Tiles = viewer("a", "f", "e", "d", "c").Tiles }, "bb-----fe"},
		"a closed camera leaves its tile":     {func(sc *slots.Scene, _ *slots.Viewer) { closeCamera(sc, "b") }, "cb-----c-"},
		"a tile of height 0, oneself and repeats": {func(_ *slots.Scene, v *slots.Viewer) {
			v.Tiles = append(viewer("a", "a", "b", "b").Tiles, slots.Tile{Participant: "c"})
		}, "bb-----b-"},
		"undecodable": {func(_ *slots.Scene, v *slots.Viewer) { v.CanDecode = func(media.Codec) int { return 0 } }, "!b-----!!"},
		"two decoders: share first, then the rest": {func(sc *slots.Scene, v *slots.Viewer) {
			share(sc, "f", true, false)
			v.CanDecode = func(media.Codec) int { return 2 }
		}, "bbf----!!"},
	} {
		sc, v := scene(), viewer("a", "b", "c")
		c.edit(sc, v)
		got, _ := slots.Assign(sc, v, nil)
		if name == "a closed camera leaves its tile" {
			// The stage goes to the first who can be seen; the tile of the other stays free.
			if names(got) != "cc-----c-" {
				t.Errorf("%s: %s", name, names(got))
			}
			continue
		}
		if names(got) != c.want {
			t.Errorf("%s: %s, not %s", name, names(got), c.want)
		}
	}
}

func ids(list ...media.ParticipantID) []media.ParticipantID { return list }

func share(sc *slots.Scene, id media.ParticipantID, video, audio bool) {
	p := sc.People[id]
	p.Open[media.Share], p.Open[media.ShareAudio] = video, audio
	p.Codec[media.Share] = media.H264
	sc.People[id] = p
	sc.Sharer = id
}

func closeCamera(sc *slots.Scene, id media.ParticipantID) {
	p := sc.People[id]
	p.Open[media.Camera] = false
	sc.People[id] = p
}

// Whatever happens in the room: every rule of the slots holds, and who stays wanted keeps the slot.
func TestAssignKeepsItsRules(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	people := []media.ParticipantID{"a", "b", "c", "d", "e", "f"}
	some := func() (out []media.ParticipantID) {
		for _, i := range rng.Perm(len(people))[:rng.IntN(len(people))] {
			out = append(out, people[i])
		}
		return out
	}
	var previous []slots.Occupant
	for round := range 5000 {
		sc := scene()
		for _, id := range some() {
			p := sc.People[id]
			p.Open[rng.IntN(2)] = false
			sc.People[id] = p
		}
		sc.Active = people[rng.IntN(len(people))]
		sc.Loudest = some()
		sc.Loudest = sc.Loudest[:min(3, len(sc.Loudest))]
		if rng.IntN(2) == 0 {
			share(sc, people[rng.IntN(len(people))], true, rng.IntN(2) == 0)
		}
		v := viewer("a", some()...)
		got, stage := slots.Assign(sc, v, previous)
		if err := check(sc, v, previous, got, stage); err != nil {
			t.Fatalf("round %d: %v\nscene %+v\nviewer %+v\nbefore %s\nafter  %s", round, err, sc, v, names(previous), names(got))
		}
		previous = got
	}
}

func check(sc *slots.Scene, v *slots.Viewer, before, after []slots.Occupant, stage media.ParticipantID) error {
	seen := map[string]bool{}
	wanted := map[media.ParticipantID]bool{}
	for i, t := range v.Tiles {
		wanted[t.Participant] = i < len(v.Tiles)
	}
	for i, o := range after {
		if o.Participant == "" {
			continue
		}
		kind := v.Kinds[i]
		group := kind.String()
		if kind == media.SlotStageVoice {
			group = media.SlotVoice.String() // nobody is heard twice
		}
		key := fmt.Sprint(group, o.Participant)
		if o.Participant == v.ID || !sc.People[o.Participant].Open[o.Source] || seen[key] || o.Source.IsVideo() != kind.IsVideo() {
			return fmt.Errorf("slot %d carries %+v", i, o)
		}
		seen[key] = true
		if kind == media.SlotTile && !wanted[o.Participant] {
			return fmt.Errorf("slot %d was not wanted", i)
		}
	}
	for i := range before {
		for j := range after {
			same := before[i].Participant != "" && before[i].Participant == after[j].Participant && before[i].Source == after[j].Source
			if same && i != j && v.Kinds[i] == v.Kinds[j] {
				return fmt.Errorf("%s moved from %d to %d", after[j].Participant, i, j)
			}
		}
	}
	if stage == v.ID {
		return fmt.Errorf("on its own stage")
	}
	return nil
}
