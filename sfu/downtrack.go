package sfu

import (
	"math/rand/v2"
	"time"

	"github.com/zvonok/zvonok/sfu/internal/rewrite"
	"github.com/zvonok/zvonok/sfu/media"
)

const (
	// sentSlots is how many sent packets a slot can answer for; a power of two.
	sentSlots = 512
	// resendPause and resendLimit bound what one packet's retransmission can cost.
	resendPause = 10 * time.Millisecond
	resendLimit = 12
	// recentKeyframe is how old a keyframe may be that a slot begins with.
	recentKeyframe = 400 * time.Millisecond
	// catchUpGap is how many missing packets end the search for what followed a keyframe.
	catchUpGap = 16
	// hushFrames of hushTicks each follow a voice that ends.
	hushFrames = 5
	hushTicks  = 960
	// firstNumbers keeps a stream's first number below 32,768, so that a receiver that loses the first packets guesses
	// SRTP's roll-over counter right (RFC 3711, section 3.3.1).
	firstNumbers = 1<<15 - 1
	// reportInterval is between our sender reports.
	reportInterval = time.Second
)

// sink is where a down track's packets go.
type sink interface {
	// ready says whether packets of the codec can be sent now.
	ready(c media.Codec) bool
	// send writes one packet with its place in the outgoing stream.
	send(p *media.Packet, seq, ts uint64) bool
	// resend writes it again, as a retransmission where one was negotiated.
	resend(p *media.Packet, seq, ts uint64) bool
	// published hands over the publisher's sender report, in the outgoing timestamps.
	published(sr media.SenderReport)
	// report writes a sender report of ours: the outgoing timestamp ts is at now.
	report(ts uint64, now time.Time)
}

// downTrack is one sent stream: a slot of a subscriber, or one source of the tap. The shard owns it.
type downTrack struct {
	video bool
	// refused are the codecs that the receiver cannot decode: they are not sent even before the room has heard of a
	// publisher's change.
	refused [media.Opus + 1]bool
	sink    sink
	shard   *shard

	// source and target are what the room wants; current is what is sent until a keyframe of the target begins.
	source  *upSource
	target  *upTrack
	current *upTrack
	codec   media.Codec
	stream  rewrite.Stream
	sent    []sent
	// the last packet that was sent, for the timestamps of a switch
	lastUp      *upTrack
	lastTS      uint64
	lastArrival time.Time
	reportedAt  time.Time
	// hushes says that the receiver plays what it gets: a voice that ends is followed by silence, hushed ticks of it.
	hushes bool
	hushed uint64
}

// silence is an Opus frame of 20 ms in which nothing was coded (RFC 6716, section 3.1: CELT, one frame; what encoders
// send in DTX).
var silence = media.Packet{Codec: media.Opus, Payload: []byte{0xf8, 0xff, 0xfe}, Level: 127}

// sent remembers what one outgoing sequence number carried.
type sent struct {
	up      *upTrack
	seq     uint64 // of the up track
	out     uint64
	ts      uint64 // outgoing
	resent  time.Time
	resends uint8
}

func newDownTrack(video bool, to sink) *downTrack {
	return &downTrack{
		video: video, sink: to, stream: rewrite.NewStream(uint16(rand.Uint32())&firstNumbers, rand.Uint32()),
	}
}

// retarget says what to send from now on. Another encoding of the same source takes over at its next keyframe, until
// then the old one continues; another source, or nil, ends the old one at once.
func (d *downTrack) retarget(src *upSource, target *upTrack) {
	if d.current != nil && d.source != src {
		d.shard.unfeed(d.current, d)
		d.current = nil
	}
	if d.target != nil && d.target != d.current && d.target != target {
		d.shard.unfeed(d.target, d)
	}
	d.source, d.target = src, target
	if target == nil {
		if d.current != nil {
			d.shard.unfeed(d.current, d)
			d.current = nil
		}
		d.hush()
		return
	}
	d.shard.feed(target, d)
	if target == d.current || !d.video {
		return
	}
	if p := target.keyframe.Load(); p != nil && d.canBeginAt(p, time.Now()) {
		d.begin(target, p)
		return
	}
	target.requestKeyframe()
}

// hush sends a tenth of a second of silence into a voice's slot that became free. When packets merely stop, a receiver
// takes it for loss and draws the last sound out for up to half a second.
func (d *downTrack) hush() {
	if !d.hushes || d.lastUp == nil || d.hushed > 0 || d.codec != media.Opus || !d.sink.ready(media.Opus) {
		return
	}
	for range hushFrames {
		seq, ts := d.stream.Append(hushTicks)
		d.hushed += hushTicks
		if !d.sink.send(&silence, seq, ts) {
			d.shard.room.counters.drop(DropWrite)
		}
	}
}

// canBeginAt says whether a free slot may begin with a keyframe that has come already: so recent that what followed
// is a short burst from the history, and not older than what the slot showed before, whose time must not run back.
func (d *downTrack) canBeginAt(p *media.Packet, now time.Time) bool {
	return d.current == nil && now.Sub(p.Arrival) <= recentKeyframe && p.Arrival.After(d.lastArrival) &&
		d.target.source.passes() && !d.refused[p.Codec] && d.sink.ready(p.Codec) && d.target.history.Get(p.Seq) == p
}

// packet takes the next packet of an up track that feeds this down track.
func (d *downTrack) packet(u *upTrack, p *media.Packet) {
	c := d.shard.room.counters
	if u != d.current || p.Codec != d.codec {
		switch {
		case u != d.target:
			c.drop(DropStale)
			return
		case d.refused[p.Codec] || !d.sink.ready(p.Codec):
			c.drop(DropNoPayloadType)
			return
		case d.video && !p.Keyframe:
			c.drop(DropKeyframeWait)
			if u == d.current {
				u.requestKeyframe() // the codec changed in mid-stream
			}
			return
		}
		d.begin(u, p)
		return
	}
	d.write(u, p)
}

// begin switches to u at p, the first packet of a keyframe. When p came late, by retransmission, what arrived after
// it is in the history and follows at once.
func (d *downTrack) begin(u *upTrack, p *media.Packet) {
	if d.current != nil && d.current != u {
		d.shard.unfeed(d.current, d)
	}
	d.current, d.codec = u, p.Codec
	elapsed := d.elapsed(u, p)
	d.stream.Switch(p.Seq, p.TS, elapsed-min(elapsed, d.hushed))
	d.hushed = 0
	d.write(u, p)
	if !d.video {
		return
	}
	for seq, missing := p.Seq+1, 0; missing < catchUpGap; seq++ {
		next := u.history.Get(seq)
		if next == nil {
			missing++ // lost, or not come yet
			continue
		}
		if next.Codec != p.Codec {
			break
		}
		missing = 0
		d.write(u, next)
	}
	d.reportedAt = time.Time{} // a switch moves the timestamps: tell the receiver soon
	d.senderReport(p.Arrival)
}

// elapsed is how many ticks lie between the last packet sent and p: by when they were captured where both publishers
// have told us their clocks, else by when they arrived.
func (d *downTrack) elapsed(u *upTrack, p *media.Packet) uint64 {
	if d.lastUp == nil {
		return 0
	}
	between := p.Arrival.Sub(d.lastArrival)
	if from, ok := d.lastUp.capturedAt(d.lastTS); ok {
		if to, ok := u.capturedAt(p.TS); ok {
			between = to.Sub(from)
		}
	}
	return uint64(max(0, durationToTicks(between, u.source.rate())))
}

func (d *downTrack) write(u *upTrack, p *media.Packet) {
	c := d.shard.room.counters
	seq, ts, ok := d.stream.Map(p.Seq, p.TS)
	if !ok {
		c.drop(DropStale)
		return
	}
	if d.video {
		if d.sent == nil {
			d.sent = make([]sent, sentSlots)
		}
		place := &d.sent[seq%sentSlots]
		if place.out >= seq {
			c.drop(DropDuplicate) // sent already, by the catching up of begin
			return
		}
		*place = sent{up: u, seq: p.Seq, out: seq, ts: ts}
	}
	if u != d.lastUp || p.TS >= d.lastTS {
		d.lastUp, d.lastTS, d.lastArrival = u, p.TS, p.Arrival
	}
	if !d.sink.send(p, seq, ts) {
		c.drop(DropWrite)
	}
}

// resend answers one sequence number of a NACK from the up track's history.
func (d *downTrack) resend(wire uint16, now time.Time) {
	c := d.shard.room.counters
	if d.sent == nil {
		c.drop(DropNACKUnknown)
		return
	}
	place := &d.sent[uint64(wire)%sentSlots]
	if place.up == nil || uint16(place.out) != wire {
		c.drop(DropNACKUnknown)
		return
	}
	if place.resends >= resendLimit || now.Sub(place.resent) < resendPause {
		c.drop(DropNACKRepeat)
		return
	}
	p := place.up.history.Get(place.seq)
	// What was sent before its source was closed is not sent again afterwards.
	if p == nil || !place.up.source.passes() {
		c.drop(DropNACKGone)
		return
	}
	place.resent = now
	place.resends++
	if !d.sink.resend(p, place.out, place.ts) {
		c.drop(DropWrite)
		return
	}
	c.retransmitted.Add(1)
}

// requestKeyframe passes a receiver's wish on to the encoding that it will be answered from.
func (d *downTrack) requestKeyframe() {
	if d.target != nil && d.video {
		d.target.requestKeyframe()
	}
}

// publisherReport passes a report of the current encoding on.
func (d *downTrack) publisherReport(u *upTrack, sr *media.SenderReport) {
	if u != d.current {
		return
	}
	mapped := *sr
	mapped.TS = d.stream.Ticks(sr.TS)
	d.sink.published(mapped)
	if d.reportedAt.IsZero() {
		d.senderReport(sr.Arrival)
	}
}

// senderReport writes a report of ours when one is due and the publisher's clock is known: without it, sound and
// picture could not be brought together anyway.
func (d *downTrack) senderReport(now time.Time) {
	if d.current == nil || now.Sub(d.reportedAt) < reportInterval {
		return
	}
	ticks, ok := d.current.ticksAt(now)
	if !ok {
		return
	}
	d.reportedAt = now
	d.sink.report(d.stream.Ticks(ticks), now)
}
