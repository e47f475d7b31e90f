package sfu

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"

	"github.com/zvonok/zvonok/sfu/internal/history"
	"github.com/zvonok/zvonok/sfu/internal/rewrite"
	"github.com/zvonok/zvonok/sfu/internal/rtpwire"
	"github.com/zvonok/zvonok/sfu/media"
)

const (
	// videoHistory and audioHistory are how many packets can be sent again: about 5 s of 1.5 Mbit/s, 2.5 s of sound.
	videoHistory, audioHistory = 1024, 128
	// keyframeInterval limits requests to the publisher, per encoding.
	keyframeInterval = 500 * time.Millisecond
	// maxPacket is the longest datagram that is read.
	maxPacket = 1500
)

// upTrack is one received encoding. Its goroutine owns the fields in the first group; the others are read by any.
type upTrack struct {
	seqs    media.Seq16
	ticks   media.Ticks32
	compact rewrite.Compact
	slab    slab
	current media.Codec

	room   *Room
	source *upSource
	layer  uint8
	ssrc   uint32
	codecs *payloadTypes
	rtcp   func([]rtcp.Packet) error

	history *history.Ring
	// shards have a down track that wants the packets.
	shards atomic.Pointer[[]*shard]
	report atomic.Pointer[media.SenderReport]
	lead   reportLead // of the goroutine that reads RTCP
	// arrived is the time of the latest packet, ticked its timestamp, both since the origin and unwrapped.
	arrived atomic.Int64
	ticked  atomic.Uint64
	height  atomic.Int32
	// wire counts what came, in bytes as they cost others; meter, which the room's goroutine owns, makes a rate of it.
	wire  atomic.Uint64
	meter rateMeter
	// keyWanted is set until a keyframe begins, keySent when one was last asked for.
	keyWanted atomic.Bool
	keySent   atomic.Int64
	// keyframe is the first packet of the latest keyframe.
	keyframe atomic.Pointer[media.Packet]

	mu sync.Mutex // guards the making of a new shards slice
}

// payloadTypes maps an RTP payload type to its codec; CodecNone where nothing was negotiated.
type payloadTypes struct {
	codec      [128]media.Codec
	audioLevel uint8 // id of the header extension, 0 for none
}

func newUpTrack(room *Room, src *upSource, layer uint8, ssrc uint32, codecs *payloadTypes, send func([]rtcp.Packet) error) *upTrack {
	size, chunk := videoHistory, 64<<10
	if !src.kind.IsVideo() {
		size, chunk = audioHistory, 8<<10
	}
	u := &upTrack{room: room, source: src, layer: layer, ssrc: ssrc, codecs: codecs, rtcp: send, history: history.NewRing(size)}
	u.slab.chunk = chunk
	u.shards.Store(&[]*shard{})
	u.keySent.Store(int64(-keyframeInterval))
	return u
}

// receive takes one packet off the wire and hands it to whoever wants it. It allocates nothing but the packet.
func (u *upTrack) receive(wire []byte, now time.Time) {
	c := u.room.counters
	var h rtpwire.Header
	if !rtpwire.Parse(wire, &h) {
		c.drop(DropMalformed)
		return
	}
	c.received.Add(1)
	c.receivedBytes.Add(uint64(len(wire)))
	seq := u.seqs.Unwrap(h.Seq)
	codec := u.codecs.codec[h.PayloadType&0x7f]
	if codec == media.CodecNone || (codec == media.Opus) == u.source.kind.IsVideo() {
		u.compact.Skip(seq)
		c.drop(DropPayloadType)
		return
	}
	if len(h.Payload) == 0 {
		u.compact.Skip(seq)
		c.drop(DropPadding)
		return
	}
	seq, ok := u.compact.Map(seq)
	if !ok {
		c.drop(DropDuplicate)
		return
	}
	ts := u.ticks.Unwrap(h.TS)
	since := u.room.server.since(now)
	u.arrived.Store(int64(since))
	u.ticked.Store(ts)
	// The gate comes before everything that could remember, count or show the content.
	if !u.source.passes() {
		c.drop(DropGated)
		return
	}
	u.wire.Add(uint64(len(wire) + perPacket))
	p := u.slab.packet(h.Payload)
	p.Seq, p.TS, p.Arrival, p.Codec, p.Layer, p.Marker, p.Level = seq, ts, now, codec, u.layer, h.Marker, 127
	if u.source.kind.IsVideo() {
		u.readFacts(p)
	} else {
		u.readLevel(p, &h, since)
	}
	if !u.history.Store(p) {
		c.drop(DropDuplicate)
		return
	}
	if p.Keyframe {
		u.keyframe.Store(p)
	}
	if codec != u.current {
		u.current = codec
		u.room.codecChanged(u.source, codec)
	}
	for _, s := range *u.shards.Load() {
		s.offer(inbound{up: u, packet: p})
	}
}

func (u *upTrack) readFacts(p *media.Packet) {
	f := media.Inspect(p.Codec, p.Payload)
	p.Keyframe = f.Keyframe
	if f.Keyframe {
		u.keyWanted.Store(false)
		if f.Height > 0 && u.height.Swap(int32(f.Height)) != int32(f.Height) {
			u.room.pokeLayers()
		}
	}
}

// readLevel: a client without the level extension counts as speaking quietly.
func (u *upTrack) readLevel(p *media.Packet, h *rtpwire.Header, since time.Duration) {
	p.Level = 45
	if ext := h.Extension(u.codecs.audioLevel); len(ext) > 0 {
		p.Level = ext[0] & 0x7f
	}
	if u.source.kind == media.Microphone && u.source.meter.Add(since, p.Level) {
		u.room.poke()
	}
}

// alive says whether packets came within the window before now.
func (u *upTrack) alive(now time.Duration, window time.Duration) bool {
	at := u.arrived.Load()
	return at != 0 && now-time.Duration(at) <= window
}

// requestKeyframe asks the publisher, at most once per interval; the room's tick repeats it until a keyframe begins.
// Any goroutine may call it.
func (u *upTrack) requestKeyframe() {
	u.keyWanted.Store(true)
	u.retryKeyframe(u.room.server.since(time.Now()))
}

// retryKeyframe sends a request that is wanted and due.
func (u *upTrack) retryKeyframe(now time.Duration) {
	last := u.keySent.Load()
	if !u.keyWanted.Load() || now-time.Duration(last) < keyframeInterval || !u.keySent.CompareAndSwap(last, int64(now)) {
		return
	}
	u.room.counters.keyframeRequests.Add(1)
	// An error means that the transport is closing; the tick will try again or the track will end.
	_ = u.rtcp([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: u.ssrc}})
}

// setReport takes the publisher's sender report, on the goroutine that reads its RTCP.
func (u *upTrack) setReport(ntp uint64, ts uint32, now time.Time) {
	ref := u.ticked.Load()
	if ref == 0 {
		return // nothing received yet: the timestamp cannot be unwrapped
	}
	sr := &media.SenderReport{TS: media.NearTicks(ref, ts), NTP: ntpTime(ntp), Arrival: now}
	if !u.lead.credible(u.leadOf(sr.TS, now)) {
		return
	}
	u.source.clock.add(*sr)
	u.report.Store(sr)
	if !u.source.passes() {
		return
	}
	for _, s := range *u.shards.Load() {
		s.offer(inbound{up: u, report: sr})
	}
}

// addShard and removeShard are called by a shard when its first down track wants the packets or its last does not.
func (u *upTrack) addShard(s *shard) {
	u.mu.Lock()
	defer u.mu.Unlock()
	next := append(slices.Clone(*u.shards.Load()), s)
	u.shards.Store(&next)
}

func (u *upTrack) removeShard(s *shard) {
	u.mu.Lock()
	defer u.mu.Unlock()
	next := slices.DeleteFunc(slices.Clone(*u.shards.Load()), func(o *shard) bool { return o == s })
	u.shards.Store(&next)
}

// slab carves packets and payloads out of larger allocations; the collector frees one when nobody holds any part.
type slab struct {
	chunk   int
	bytes   []byte
	packets []media.Packet
}

func (s *slab) packet(payload []byte) *media.Packet {
	if len(s.packets) == 0 {
		s.packets = make([]media.Packet, 32)
	}
	if len(s.bytes) < len(payload) {
		s.bytes = make([]byte, max(s.chunk, len(payload)))
	}
	p := &s.packets[0]
	s.packets = s.packets[1:]
	p.Payload = s.bytes[:len(payload):len(payload)]
	s.bytes = s.bytes[len(payload):]
	copy(p.Payload, payload)
	return p
}

// ntpEpoch is the origin of NTP time, as Unix seconds.
const ntpEpoch = -2208988800

// ntpTime turns a 64-bit NTP timestamp (Q32.32, RFC 3550, section 4) into a time.
func ntpTime(ntp uint64) time.Time {
	return time.Unix(int64(ntp>>32)+ntpEpoch, int64((ntp&0xffffffff)*1e9>>32))
}

// toNTP is the inverse of ntpTime.
func toNTP(t time.Time) uint64 {
	return uint64(t.Unix()-ntpEpoch)<<32 | uint64(t.Nanosecond())<<32/1e9
}
