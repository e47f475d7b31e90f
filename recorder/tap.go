package recorder

import (
	"sync/atomic"
	"time"

	"github.com/zvonok/zvonok/sfu"
	"github.com/zvonok/zvonok/sfu/media"
)

const (
	// queueLength is how many packets wait for a recording's goroutine: about ten seconds of a lesson.
	queueLength = 8192
	// queueReserve is kept free of packets, for what happens rarely and may not be lost.
	queueReserve = 512
)

// item is one thing that a tap tells its session; exactly one of the fields behind from is set.
type item struct {
	from   *tapTrack
	packet *media.Packet
	report *media.SenderReport
	opened bool
	closed bool
	// speakers is set when from is nil.
	speakers *speakers
}

type speakers struct {
	active   media.ParticipantID
	speaking []media.ParticipantID
	at       time.Time
}

// tap is a session's ear in a room. It is called on the room's goroutines and never blocks.
type tap struct {
	now   func() time.Time
	queue chan item
	// overflow counts packets that did not fit, lost the rarer things that did not.
	overflow, lost atomic.Uint64
}

// Open implements [sfu.Tap].
func (t *tap) Open(src sfu.TapSource) sfu.TapTrack {
	if src.Codec == media.CodecNone {
		return nil
	}
	tt := &tapTrack{tap: t, src: src, opened: t.now()}
	if !t.rare(item{from: tt, opened: true}) {
		return nil // the recording's goroutine is stuck; the source is not recorded until it is opened again
	}
	return tt
}

// Speakers implements [sfu.Tap].
func (t *tap) Speakers(active media.ParticipantID, speaking []media.ParticipantID) {
	t.rare(item{speakers: &speakers{active, append([]media.ParticipantID(nil), speaking...), t.now()}})
}

// rare queues what may use the reserve; a full queue loses it, counted.
func (t *tap) rare(it item) bool {
	select {
	case t.queue <- it:
		return true
	default:
		t.lost.Add(1)
		return false
	}
}

type tapTrack struct {
	tap    *tap
	src    sfu.TapSource
	opened time.Time
	// gone is set by Close, in case its item was lost.
	gone atomic.Bool
}

// Packet implements [sfu.TapTrack]. When the queue is full the packet is lost and counted: live media does not wait,
// and the reorder buffer will see a gap.
func (t *tapTrack) Packet(p *media.Packet) {
	if len(t.tap.queue) >= queueLength-queueReserve {
		t.tap.overflow.Add(1)
		return
	}
	select {
	case t.tap.queue <- item{from: t, packet: p}:
	default:
		t.tap.overflow.Add(1)
	}
}

// Report implements [sfu.TapTrack].
func (t *tapTrack) Report(sr media.SenderReport) { t.tap.rare(item{from: t, report: &sr}) }

// Close implements [sfu.TapTrack].
func (t *tapTrack) Close() {
	t.gone.Store(true)
	t.tap.rare(item{from: t, closed: true})
}
