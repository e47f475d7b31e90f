package sfu

import (
	"slices"
	"time"

	"github.com/zvonok/zvonok/sfu/internal/layersel"
	"github.com/zvonok/zvonok/sfu/internal/slots"
	"github.com/zvonok/zvonok/sfu/internal/speaker"
	"github.com/zvonok/zvonok/sfu/media"
)

// layerTimeout is after how long without packets a layer is not sent any more by its publisher.
const layerTimeout = 400 * time.Millisecond

// The methods in this file run on the room's goroutine.

// rank listens to the meters and tells when the picture of who speaks has changed.
func (r *Room) rank() {
	now := r.server.since(time.Now())
	voices := make([]speaker.Voice, 0, len(r.order))
	for _, id := range r.order {
		src := r.people[id].sources[media.Microphone]
		if src.live() {
			voices = append(voices, speaker.Voice{ID: string(id), Score: src.meter.Score(now), Silent: src.meter.Silent(now)})
		}
	}
	active, speaking := r.ranking.Active(), r.ranking.Speaking()
	if !r.ranking.Update(now, voices) {
		return
	}
	r.dirty = true
	if active != r.ranking.Active() || !slices.Equal(speaking, r.ranking.Speaking()) {
		r.events.SpeakersChanged(media.ParticipantID(r.ranking.Active()), participants(r.ranking.Speaking()))
		if r.tap != nil && r.tap.tap != nil {
			r.tap.tap.Speakers(media.ParticipantID(r.ranking.Active()), participants(r.ranking.Speaking()))
		}
	}
}

func participants(ids []string) []media.ParticipantID {
	out := make([]media.ParticipantID, len(ids))
	for i, id := range ids {
		out[i] = media.ParticipantID(id)
	}
	return out
}

func (r *Room) scene() *slots.Scene {
	sc := &slots.Scene{
		People: make(map[media.ParticipantID]slots.Person, len(r.people)), Order: r.order,
		Loudest: participants(r.ranking.Loudest()), Active: media.ParticipantID(r.ranking.Active()),
	}
	newest := uint64(0)
	for id, p := range r.people {
		var person slots.Person
		for i, src := range p.sources {
			person.Open[i], person.Codec[i] = src.live(), src.codec
		}
		for _, s := range []media.Source{media.Share, media.ShareAudio} {
			if at := p.sources[s].openedAt; person.Open[s] && at > newest {
				newest, sc.Sharer = at, id
			}
		}
		sc.People[id] = person
	}
	return sc
}

// assign gives every connected subscriber's slots their occupants and layers.
func (r *Room) assign() {
	sc := r.scene()
	for _, id := range r.order {
		p := r.people[id]
		if p.subscribe != nil && p.subscribe.connected {
			r.assignTo(p, p.subscribe, sc)
		}
	}
}

func (r *Room) assignTo(p *Participant, leg *subscribeLeg, sc *slots.Scene) {
	v := p.view.Load()
	viewer := slots.Viewer{
		ID: p.id, Pin: v.Stage, StageHeight: v.StageHeight, ShareHeight: v.ShareHeight,
		Stage: leg.stage, PinOnly: v.StageOnly, Kinds: leg.kinds, CanDecode: p.canDecode,
	}
	for _, t := range v.Tiles {
		viewer.Tiles = append(viewer.Tiles, slots.Tile(t))
	}
	next, stage := slots.Assign(sc, &viewer, leg.occupants)
	leg.stage = stage
	for i, o := range next {
		leg.layers[i] = r.layerFor(p, leg, i, o)
	}
	r.decide(leg, next)
	var changed []Occupant
	var moves []move
	for i, o := range next {
		src, target := r.targetOf(leg, i, o)
		paused := src != nil && target == nil && leg.layers[i] >= 0 && o.Source.IsVideo()
		was := leg.occupants[i]
		if o.Participant != was.Participant || o.Source != was.Source || o.Undecodable != was.Undecodable || paused != leg.share.paused[i] {
			changed = append(changed, Occupant{
				Slot: i, Participant: o.Participant, Source: o.Source, Undecodable: o.Undecodable, Paused: paused,
			})
			leg.share.paused[i] = paused
		}
		if target != leg.targets[i] || src != leg.sources[i] {
			moves = append(moves, move{leg.downs[i], src, target, leg.overloaded(leg.targets[i], target)})
			leg.targets[i], leg.sources[i] = target, src
		}
	}
	leg.occupants = next
	if len(moves) > 0 {
		leg.shard.do(func() { apply(moves) })
	}
	if len(changed) > 0 {
		r.events.SlotsChanged(p.id, changed)
	}
}

// move is one command to a shard.
type move struct {
	down   *downTrack
	source *upSource
	target *upTrack
	// cut ends what was sent at once, without waiting for the target's keyframe.
	cut bool
}

func apply(moves []move) {
	for _, m := range moves {
		if m.cut {
			m.down.retarget(m.source, nil)
		}
		m.down.retarget(m.source, m.target)
	}
}

// layerFor is the layer that slot i's size asks for, -1 for none.
func (r *Room) layerFor(p *Participant, leg *subscribeLeg, i int, o slots.Occupant) int {
	was := leg.occupants[i]
	if o.Participant == "" || o.Undecodable || !o.Source.IsVideo() {
		return -1
	}
	current := leg.layers[i]
	if o.Participant != was.Participant || o.Source != was.Source || o.Undecodable != was.Undecodable {
		current = -1
	}
	src := r.people[o.Participant].sources[o.Source]
	return layersel.Choose(layersel.Choice{Height: o.Height, Limit: p.heightLimit(src.codec), Current: current}, r.layersOf(src))
}

// targetOf is the encoding that slot i of a subscriber should get; nil for nothing.
func (r *Room) targetOf(leg *subscribeLeg, i int, o slots.Occupant) (*upSource, *upTrack) {
	if o.Participant == "" || o.Undecodable {
		return nil, nil
	}
	src := r.people[o.Participant].sources[o.Source]
	if !o.Source.IsVideo() {
		if leg.share.hushed[i] {
			return src, nil
		}
		return src, src.layers[0]
	}
	layer := leg.share.limit(i, leg.layers[i])
	if layer < 0 {
		return src, nil
	}
	return src, src.layers[layer]
}
