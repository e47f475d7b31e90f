package sfu

import (
	"context"
	"sync/atomic"

	"github.com/zvonok/zvonok/sfu/internal/speaker"
	"github.com/zvonok/zvonok/sfu/media"
)

// Participant is one member of a room. Its methods may be called from any goroutine.
type Participant struct {
	room *Room
	id   media.ParticipantID
	caps Capabilities
	// sources are always all four; whether one exists is said by its fields.
	sources [media.Sources]*upSource
	// view and left are set by any goroutine; [Room.touch] makes the room look.
	view atomic.Pointer[View]
	left atomic.Bool
	// path is that of the subscribe transport, nil for none.
	path atomic.Pointer[path]

	// owned by the room's goroutine
	present   bool
	publish   *publishLeg
	subscribe *subscribeLeg
}

var _ Member = (*Participant)(nil)

func newParticipant(r *Room, id media.ParticipantID, caps Capabilities) *Participant {
	p := &Participant{room: r, id: id, caps: caps}
	clock := newSenderClock()
	for i := range p.sources {
		p.sources[i] = &upSource{participant: id, kind: media.Source(i), clock: clock, meter: speaker.NewMeter()}
	}
	p.view.Store(&View{})
	return p
}

// ID names the participant.
func (p *Participant) ID() media.ParticipantID { return p.id }

// Publish implements [Member]. The errors are ErrBadOffer, ErrClosed and ctx's. A source is forwarded once
// [Participant.SetSource] has opened it too.
func (p *Participant) Publish(ctx context.Context, pub Publication) (string, error) {
	leg, err := newPublishLeg(ctx, p.room.server, pub)
	if err != nil {
		return "", err
	}
	if err := p.room.do(ctx, func() error { return p.room.installPublish(p, leg) }); err != nil {
		leg.close()
		return "", err
	}
	return p.room.server.withStreams(leg.sdp), nil
}

// Subscribe implements [Member]. The errors are ErrBadOffer, ErrClosed and ctx's.
func (p *Participant) Subscribe(ctx context.Context, sub Subscription) (string, error) {
	link, err := newOwnDownlink(p.room.server, sub)
	if err != nil {
		return "", err
	}
	leg := newSubscribeLeg(link, sub.Slots, p.canDecode)
	if err := p.room.do(ctx, func() error { return p.room.installSubscribe(p, leg) }); err != nil {
		link.close()
		return "", err
	}
	return p.room.server.withStreams(link.answer()), nil
}

// SetView implements [Member].
func (p *Participant) SetView(v View) {
	p.view.Store(&v)
	p.room.touch(p)
}

// SetSource implements [Member]. A source begins closed. Closing takes effect with the next packet, before the
// room's goroutine hears of it.
func (p *Participant) SetSource(s media.Source, open bool) {
	if int(s) >= len(p.sources) {
		return
	}
	if p.sources[s].open.Swap(open) != open {
		p.room.touch(p)
	}
}

// Leave implements [Member].
func (p *Participant) Leave() {
	p.left.Store(true)
	p.room.touch(p)
}

// canDecode is how many streams of a codec the participant can decode at once: negative for any number. Somebody who
// stated nothing can decode everything.
func (p *Participant) canDecode(c media.Codec) int {
	if len(p.caps.Decode) == 0 || c == media.CodecNone {
		return -1
	}
	for _, d := range p.caps.Decode {
		if d.Codec == c {
			if d.Max == 0 {
				return -1
			}
			return d.Max
		}
	}
	return 0
}

// heightLimit is the tallest picture of a codec that the participant can decode; 0 for no limit.
func (p *Participant) heightLimit(c media.Codec) int {
	for _, d := range p.caps.Decode {
		if d.Codec == c {
			return d.Height
		}
	}
	return 0
}

func (p *Participant) canEncode(c media.Codec) bool {
	if len(p.caps.Encode) == 0 {
		return true // states nothing, or publishes nothing
	}
	for _, e := range p.caps.Encode {
		if e == c {
			return true
		}
	}
	return false
}
