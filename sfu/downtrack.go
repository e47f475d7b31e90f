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
	// keptEpochs is how many switches back a retransmission reaches; a power of two.
	keptEpochs = 4
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
	// send writes one packet with its place in the outgoing stream; it gives the length on the wire, 0 when it is lost.
	send(p parcel, seq, ts uint64) int
	// resend writes it again as a retransmission; it is false when it is lost or none was negotiated.
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
	// sent is a ring by outgoing number; epochs, of which number is the current one, are a ring too.
	sent   []sent
	epochs [keptEpochs]epoch
	number uint16
	// outlet is the subscriber's, nil for the tap.
	outlet *outlet
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

// sent remembers what one outgoing sequence number carried, in few bytes: there are many of them.
type sent struct {
	out     uint32 // the number's low bits
	resent  uint32 // when, in milliseconds since the server's origin
	epoch   uint16 // 0 for nothing sent yet
	resends uint8
}

// epoch is a span of a slot's stream that one up track fed without a break: numbers and timestamps are moved by fixed
// amounts in it, modulo 2^64.
type epoch struct {
	up                *upTrack
	seqShift, tsShift uint64
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
		d.deliver(parcel{packet: &silence, payload: silence.Payload}, seq, ts)
	}
}

// canBeginAt says whether a free slot may begin with a keyframe that has come already: so recent that what followed
// is a short burst from the history, and not older than what the slot showed before, whose time must not run back.
func (d *downTrack) canBeginAt(p *media.Packet, now time.Time) bool {
	return d.current == nil && now.Sub(p.Arrival) <= recentKeyframe && p.Arrival.After(d.lastArrival) &&
		d.target.source.passes() && !d.refused[p.Codec] && d.sink.ready(p.Codec) && d.target.history.Get(p.Seq) == p
}

// packet takes the next packet of an up track that feeds this down track.
func (d *downTrack) packet(u *upTrack, whole parcel) {
	p := whole.packet
	if u != d.current || p.Codec != d.codec {
		c := d.shard.room.counters
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
	d.write(u, whole)
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
	d.number = max(d.number+1, 1) // never 0
	d.write(u, parcel{packet: p, payload: p.Payload})
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
		d.write(u, parcel{packet: next, payload: next.Payload})
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

func (d *downTrack) write(u *upTrack, whole parcel) {
	p := whole.packet
	seq, ts, ok := d.stream.Map(p.Seq, p.TS)
	if !ok {
		d.shard.room.counters.drop(DropStale)
		return
	}
	if d.video && !d.remember(u, p, seq, ts) {
		d.shard.room.counters.drop(DropDuplicate) // sent already, by the catching up of begin
		return
	}
	if u != d.lastUp || p.TS >= d.lastTS {
		d.lastUp, d.lastTS, d.lastArrival = u, p.TS, p.Arrival
	}
	if d.video && d.outlet != nil && !d.outlet.pass(d.shard.now, len(p.Payload)) {
		d.shard.hold(d.outlet, waiting{down: d, up: u, packet: p, seq: seq, ts: ts})
		return
	}
	d.deliver(whole, seq, ts)
}

// deliver gives a packet to the sink.
func (d *downTrack) deliver(p parcel, seq, ts uint64) {
	n := d.sink.send(p, seq, ts)
	if n == 0 {
		d.shard.room.counters.drop(DropWrite)
		return
	}
	d.shard.forwarded++
	d.shard.forwardedBytes += uint64(n)
}

// remember notes what is sent under a number; it is false when that was done before.
func (d *downTrack) remember(u *upTrack, p *media.Packet, seq, ts uint64) bool {
	if d.sent == nil {
		d.sent = make([]sent, sentSlots)
	}
	place := &d.sent[seq%sentSlots]
	if place.epoch != 0 && int32(place.out-uint32(seq)) >= 0 {
		return false
	}
	*place = sent{out: uint32(seq), epoch: d.number}
	d.epochs[d.number%keptEpochs] = epoch{up: u, seqShift: seq - p.Seq, tsShift: ts - p.TS}
	return true
}

// resend answers one sequence number of a NACK from the up track's history.
func (d *downTrack) resend(wire uint16, now time.Duration) {
	c := d.shard.room.counters
	if d.sent == nil {
		c.drop(DropNACKUnknown)
		return
	}
	place := &d.sent[uint64(wire)%sentSlots]
	if place.epoch == 0 || uint16(place.out) != wire || d.number-place.epoch >= keptEpochs {
		c.drop(DropNACKUnknown)
		return
	}
	at := uint32(now / time.Millisecond)
	if place.resends >= resendLimit || place.resends > 0 && time.Duration(at-place.resent)*time.Millisecond < resendPause {
		c.drop(DropNACKRepeat)
		return
	}
	from := &d.epochs[place.epoch%keptEpochs]
	seq := d.stream.Near(place.out)
	p := from.up.history.Get(seq - from.seqShift)
	// What was sent before its source was closed is not sent again afterwards.
	if p == nil || !from.up.source.passes() {
		c.drop(DropNACKGone)
		return
	}
	place.resent = at
	place.resends++
	if d.outlet != nil {
		d.outlet.budget.Spend(d.shard.now, len(p.Payload))
	}
	if !d.sink.resend(p, seq, p.TS+from.tsShift) {
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
