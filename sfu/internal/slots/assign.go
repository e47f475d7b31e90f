package slots

import (
	"slices"

	"github.com/zvonok/zvonok/sfu/media"
)

// Person is a participant as a possible occupant.
type Person struct {
	// Open are the sources that are published and may be forwarded.
	Open [media.Sources]bool
	// Codec is what each open source is coded in.
	Codec [media.Sources]media.Codec
}

// Scene is the state of a room, the same for all its subscribers.
type Scene struct {
	People map[media.ParticipantID]Person
	// Order lists the people as they joined.
	Order []media.ParticipantID
	// Loudest are the voices that everyone hears.
	Loudest []media.ParticipantID
	// Active is who speaks or spoke last; empty: nobody yet.
	Active media.ParticipantID
	// Sharer is who shares now; empty: nobody.
	Sharer media.ParticipantID
}

// Tile wants one camera.
type Tile struct {
	Participant media.ParticipantID
	Height      int
}

// Viewer is one subscriber and what it looks at.
type Viewer struct {
	ID  media.ParticipantID
	Pin media.ParticipantID
	// PinOnly leaves the stage empty while the pinned one is not in the room.
	PinOnly     bool
	StageHeight int
	ShareHeight int
	Tiles       []Tile
	// Stage is who was on this viewer's stage last.
	Stage media.ParticipantID
	// Kinds are the slots.
	Kinds []media.SlotKind
	// CanDecode tells how many streams of a codec can be decoded at once; 0 for none, negative for any number.
	CanDecode func(media.Codec) int
}

// Occupant is what one slot carries; the zero value is a free slot.
type Occupant struct {
	Participant media.ParticipantID
	Source      media.Source
	Undecodable bool
	// Height is how tall the picture is wanted.
	Height int
}

// Assign gives the occupant of every slot and who is on stage. previous are the occupants of the last call, or nil:
// voices and tiles stay in their slots while they are wanted.
func Assign(sc *Scene, v *Viewer, previous []Occupant) (occupants []Occupant, stage media.ParticipantID) {
	occupants = make([]Occupant, len(v.Kinds))
	stage = stageOf(sc, v)
	free := make([]int, 0, len(v.Kinds))
	var voices, tiles []int
	for i, kind := range v.Kinds {
		switch kind {
		case media.SlotStageVideo:
			if v.StageHeight > 0 {
				occupants[i] = sc.occupant(v, stage, media.Camera, v.StageHeight)
			}
		case media.SlotStageVoice:
			occupants[i] = sc.occupant(v, stage, media.Microphone, 0)
		case media.SlotShareVideo:
			if v.ShareHeight > 0 {
				occupants[i] = sc.occupant(v, sc.Sharer, media.Share, v.ShareHeight)
			}
		case media.SlotShareAudio:
			occupants[i] = sc.occupant(v, sc.Sharer, media.ShareAudio, 0)
		case media.SlotVoice:
			voices = append(voices, i)
		case media.SlotTile:
			tiles = append(tiles, i)
		}
	}
	reserved := slices.Contains(v.Kinds, media.SlotStageVoice)
	fill(occupants, previous, voices, free, sc.voices(v, stage, reserved))
	fill(occupants, previous, tiles, free, sc.tiles(v))
	limitDecoders(sc, v, occupants)
	return occupants, stage
}

// stageOf: the pinned one if in the room, else who speaks, else who was there, else the first who can be seen or
// heard. Never oneself.
func stageOf(sc *Scene, v *Viewer) media.ParticipantID {
	if _, ok := sc.People[v.Pin]; ok && v.Pin != v.ID {
		return v.Pin
	}
	if v.PinOnly {
		return ""
	}
	if _, ok := sc.People[sc.Active]; ok && sc.Active != v.ID {
		return sc.Active
	}
	if _, ok := sc.People[v.Stage]; ok && v.Stage != v.ID {
		return v.Stage
	}
	for _, source := range []media.Source{media.Camera, media.Microphone} {
		for _, id := range sc.Order {
			if id != v.ID && sc.People[id].Open[source] {
				return id
			}
		}
	}
	return ""
}

// occupant is empty when the source is not open or is the viewer's own.
func (sc *Scene) occupant(v *Viewer, id media.ParticipantID, s media.Source, height int) Occupant {
	if id == "" || id == v.ID || !sc.People[id].Open[s] {
		return Occupant{}
	}
	return Occupant{Participant: id, Source: s, Height: height}
}

func (sc *Scene) voices(v *Viewer, stage media.ParticipantID, reserved bool) []Occupant {
	var out []Occupant
	for _, id := range sc.Loudest {
		if reserved && id == stage {
			continue
		}
		if o := sc.occupant(v, id, media.Microphone, 0); o.Participant != "" {
			out = append(out, o)
		}
	}
	return out
}

func (sc *Scene) tiles(v *Viewer) []Occupant {
	var out []Occupant
	for _, t := range v.Tiles {
		if t.Height <= 0 || slices.ContainsFunc(out, func(o Occupant) bool { return o.Participant == t.Participant }) {
			continue
		}
		if o := sc.occupant(v, t.Participant, media.Camera, t.Height); o.Participant != "" {
			out = append(out, o)
		}
	}
	return out
}

// fill puts the wanted occupants into the places: first each where it was, then the others where there is room, in
// their order. What does not fit is not shown. free is scratch space.
func fill(occupants, previous []Occupant, places, free []int, wanted []Occupant) {
	wanted = wanted[:min(len(wanted), len(places))]
	placed := make([]bool, len(wanted))
	free = free[:0]
	for _, place := range places {
		kept := -1
		if place < len(previous) && previous[place].Participant != "" {
			kept = slices.IndexFunc(wanted, func(o Occupant) bool {
				return o.Participant == previous[place].Participant && o.Source == previous[place].Source
			})
		}
		if kept < 0 || placed[kept] {
			free = append(free, place)
			continue
		}
		occupants[place] = wanted[kept]
		placed[kept] = true
	}
	for i, o := range wanted {
		if !placed[i] {
			occupants[free[0]] = o
			free = free[1:]
		}
	}
}

// limitDecoders marks what the viewer cannot decode, and of each codec what is more than it can decode at once; the
// share comes first, then the stage, then the tiles in their order.
func limitDecoders(sc *Scene, v *Viewer, occupants []Occupant) {
	left := map[media.Codec]int{}
	for _, kind := range []media.SlotKind{media.SlotShareVideo, media.SlotStageVideo, media.SlotTile} {
		for i := range occupants {
			o := &occupants[i]
			if v.Kinds[i] != kind || o.Participant == "" {
				continue
			}
			codec := sc.People[o.Participant].Codec[o.Source]
			n, known := left[codec]
			if !known {
				n = v.CanDecode(codec)
			}
			if n == 0 {
				o.Undecodable = true
				continue
			}
			left[codec] = n - 1
			if n < 0 {
				left[codec] = n
			}
		}
	}
}
