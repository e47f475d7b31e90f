package signaling

import (
	"maps"
	"slices"
	"time"

	"github.com/zvonok/zvonok/sfu"
	"github.com/zvonok/zvonok/sfu/media"
)

// read passes on what media and recorder reported.
func (r *room) read(n news) {
	for _, match := range n.expel {
		r.expelWhere(match)
	}
	for _, do := range n.devices {
		do(r)
	}
	if r.state == stateEnded {
		return
	}
	for to, changed := range n.slots {
		if s := r.sessions[string(to)]; s != nil {
			r.tellOne(s, "slots", slotsOf(changed))
		}
	}
	for key, state := range n.legs {
		if s := r.sessions[string(key.of)]; s != nil {
			r.readLeg(s, key.leg, state)
		}
	}
	if n.codec != nil && n.codec.String() != r.codec {
		r.codec = n.codec.String()
		r.tell("codec", VideoCodec{Codec: r.codec})
	}
	if n.speakers != nil {
		r.readSpeakers(*n.speakers)
	}
	if n.saved != nil {
		r.readSaved(*n.saved)
	}
}

// readLeg passes a transport's state on; a device without one is gone.
func (r *room) readLeg(s *session, leg sfu.Leg, state sfu.LegState) {
	switch {
	case s.door != nil && state == sfu.LegFailed:
		r.drop(s, "lost")
	case s.door != nil && state == sfu.LegClosed:
		r.drop(s, "left")
	case state != sfu.LegClosed: // whoever closes one knows
		r.tellOne(s, "transport", Transport{Leg: legName(leg), State: legStateName(state)})
	}
}

func (r *room) readSpeakers(n speakerNews) {
	now := Speakers{Active: string(n.active), Speaking: make([]string, 0, len(n.speaking))}
	for _, id := range n.speaking {
		now.Speaking = append(now.Speaking, string(id))
	}
	r.speakers = now
	r.tell("speakers", now)
	r.timeline("speakers", nil, now)
}

func slotsOf(changed map[int]sfu.Occupant) Slots {
	list := make([]Occupant, 0, len(changed))
	for _, slot := range slices.Sorted(maps.Keys(changed)) {
		o := changed[slot]
		list = append(list, Occupant{
			Slot: slot, Participant: string(o.Participant), Source: o.Source.String(),
			Undecodable: o.Undecodable, Paused: o.Paused,
		})
	}
	return Slots{Slots: list}
}

func legName(l sfu.Leg) string {
	if l == sfu.SubscribeLeg {
		return "subscribe"
	}
	return "publish"
}

func legStateName(s sfu.LegState) string {
	switch s {
	case sfu.LegConnected:
		return "connected"
	case sfu.LegFailed:
		return "failed"
	default:
		return "connecting"
	}
}

// setSource opens or closes a source's gate and tells everyone.
func (r *room) setSource(s *session, source media.Source, on bool) {
	if s.on[source] == on {
		return
	}
	s.on[source] = on
	if s.member != nil {
		s.member.SetSource(source, on)
	}
	r.tell("participant", s.participant())
	if source == media.Share {
		person := s.person
		r.timeline("share", &person, map[string]bool{"on": on})
	}
}

// noteSharesEnd is for the timeline of a session that goes while it shares.
func (r *room) noteSharesEnd(s *session) {
	if s.on[media.Share] {
		person := s.person
		r.timeline("share", &person, map[string]bool{"on": false})
	}
}

// muteBy closes sources in someone else's name; the one it happens to is told by whom.
func (r *room) muteBy(s *session, by string, sources ...media.Source) {
	for _, source := range sources {
		if !s.on[source] {
			continue
		}
		r.setSource(s, source, false)
		r.tellOne(s, "muted", Muted{Source: source.String(), By: by})
	}
}

// shareFree makes room for a new share: there is one share pair, and the newest share has it. A pupil does not take it
// from staff.
func (r *room) shareFree(s *session) error {
	for _, other := range r.sessions {
		if other == s || !other.on[media.Share] {
			continue
		}
		if other.staff() && !s.staff() {
			return refuse(NotNow, "a teacher is sharing")
		}
		r.muteBy(other, s.who.Person.Name, media.Share, media.ShareAudio)
	}
	return nil
}

// viewOf makes the media's view of the wire's.
func viewOf(v SetView) sfu.View {
	view := sfu.View{
		Stage: media.ParticipantID(v.Stage), StageHeight: v.StageHeight, ShareHeight: v.ShareHeight,
		Tiles: make([]sfu.TileView, 0, len(v.Tiles)),
	}
	for _, t := range v.Tiles {
		view.Tiles = append(view.Tiles, sfu.TileView{Participant: media.ParticipantID(t.Participant), Height: t.Height})
	}
	return view
}

// nextMoment is a moment for a chat message, later than every earlier one to the microsecond: pages are cut by it.
func (r *room) nextMoment() time.Time {
	at := microsecond(r.cfg.Clock())
	if !at.After(r.lastSent) {
		at = r.lastSent.Add(time.Microsecond)
	}
	r.lastSent = at
	return at
}
