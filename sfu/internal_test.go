package sfu

import (
	"io"
	"log/slog"
	"testing"
	"time"
	"unsafe"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"

	"github.com/zvonok/zvonok/sfu/internal/speaker"
	"github.com/zvonok/zvonok/sfu/media"
)

// box is a sink that remembers what it was sent.
type box struct {
	refuse  bool
	packets []*media.Packet
	seqs    []uint64
	ticks   []uint64
	again   []uint64
	reports []uint64
	quiet   bool
}

func (b *box) ready(media.Codec) bool { return !b.refuse }

func (b *box) send(p parcel, seq, ts uint64) int {
	if !b.quiet {
		b.packets, b.seqs, b.ticks = append(b.packets, p.packet), append(b.seqs, seq), append(b.ticks, ts)
	}
	return len(p.payload)
}

func (b *box) resend(_ *media.Packet, seq, _ uint64) bool {
	b.again = append(b.again, seq)
	return true
}

func (b *box) published(media.SenderReport) {}

func (b *box) report(ts uint64, _ time.Time) { b.reports = append(b.reports, ts) }

// bench is one up track and the shard that forwards it, without goroutines and sockets.
type bench struct {
	room  *Room
	shard *shard
	up    *upTrack
	asked int
	now   time.Time
	seq   uint16
	ts    uint32
	pt    uint8
}

func newBench(kind media.Source) *bench {
	server := &Server{cfg: Config{Shards: 1, Logger: slog.New(slog.NewTextHandler(io.Discard, nil))}, origin: time.Now()}
	room := newRoom(server, "bench", nil)
	src := &upSource{participant: "a", kind: kind, clock: newSenderClock(), meter: speaker.NewMeter()}
	src.open.Store(true)
	src.allowed.Store(true)
	b := &bench{room: room, now: server.origin.Add(time.Hour), seq: 65530, ts: 1 << 31, pt: 102}
	types := &payloadTypes{audioLevel: 1}
	types.codec[102], types.codec[98], types.codec[111] = media.H264, media.VP9, media.Opus
	b.up = newUpTrack(room, src, 0, 7, types, func([]rtcp.Packet) error { b.asked++; return nil })
	b.up.current = media.H264
	if !kind.IsVideo() {
		b.up.current, b.pt = media.Opus, 111
	}
	b.shard = room.shards[0]
	return b
}

func (b *bench) down(to sink) *downTrack {
	d := newDownTrack(b.up.source.kind.IsVideo(), to)
	b.shard.add(d)
	d.retarget(b.up.source, b.up)
	return d
}

func (b *bench) wire(payload []byte, skip uint16) []byte {
	b.seq += 1 + skip
	p := rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: b.pt, SequenceNumber: b.seq, Timestamp: b.ts, SSRC: 7}, Payload: payload}
	out, err := p.Marshal()
	if err != nil {
		panic(err)
	}
	return out
}

// flush lets the shard do what it would do a moment later.
func (b *bench) flush() {
	b.shard.begin()
	b.shard.takeAll()
	b.shard.now += gatherTime
	b.shard.settle()
}

// at is the bench's time on the packet path's clock.
func (b *bench) at() time.Duration { return b.room.server.since(b.now) }

var (
	keyPayload   = []byte{0x67, 0x42, 0xe0, 0x1f, 0xda, 0x01}
	deltaPayload = []byte{0x61, 1, 2, 3}
)

func (b *bench) receive(payload []byte) {
	b.ts += 3000
	b.now = b.now.Add(time.Second / 30)
	b.up.receive(b.wire(payload, 0), b.now)
	b.flush()
}

func TestSubscribersShareOnePayload(t *testing.T) {
	b := newBench(media.Camera)
	boxes := []*box{{}, {}, {}}
	for _, to := range boxes {
		b.down(to)
	}
	b.receive(deltaPayload)
	b.receive(keyPayload)
	b.receive(deltaPayload)
	for _, to := range boxes {
		if len(to.packets) != 2 || to.packets[0] != boxes[0].packets[0] {
			t.Fatalf("%d packets", len(to.packets))
		}
		if unsafe.SliceData(to.packets[1].Payload) != unsafe.SliceData(boxes[0].packets[1].Payload) {
			t.Error("the payload was copied")
		}
	}
	if got := b.room.counters.drops[DropKeyframeWait].Load(); got != 3 {
		t.Errorf("%d packets were dropped before the keyframe", got)
	}
}

func TestAVoiceThatEndsIsFollowedBySilence(t *testing.T) {
	b := newBench(media.Microphone)
	to := &box{}
	d := b.down(to)
	d.hushes = true
	b.receive([]byte{0x78, 1})
	d.retarget(nil, nil)
	d.retarget(nil, nil) // a free slot stays free: no more of it
	if len(to.packets) != 1+hushFrames {
		t.Fatalf("%d packets", len(to.packets))
	}
	for i := 1; i < len(to.packets); i++ {
		if to.packets[i] != &silence || to.seqs[i] != to.seqs[i-1]+1 || to.ticks[i] != to.ticks[i-1]+hushTicks {
			t.Errorf("packet %d: %v, number %d, ticks %d", i, to.packets[i], to.seqs[i], to.ticks[i])
		}
	}
	d.retarget(b.up.source, b.up)
	b.receive([]byte{0x78, 2})
	last := len(to.packets) - 1
	if to.seqs[last] != to.seqs[last-1]+1 || to.ticks[last] <= to.ticks[last-1] {
		t.Errorf("the next voice begins at number %d, ticks %d after %d, %d", to.seqs[last], to.ticks[last], to.seqs[last-1], to.ticks[last-1])
	}
}

func TestForwardingDoesNotAllocate(t *testing.T) {
	b := newBench(media.Camera)
	for range 50 {
		b.down(&box{quiet: true})
	}
	b.receive(keyPayload)
	wire := b.wire(deltaPayload, 0)
	b.up.slab.packets = make([]media.Packet, 1<<12) // the packet itself is the one allocation; taken out of the measure
	b.up.slab.bytes = make([]byte, 1<<20)
	allocs := testing.AllocsPerRun(1000, func() {
		b.seq++
		wire[2], wire[3] = byte(b.seq>>8), byte(b.seq)
		b.up.receive(wire, b.now)
		b.flush()
	})
	if allocs != 0 {
		t.Errorf("%v allocations per packet to 50 down tracks", allocs)
	}
}

func TestAPacketCostsLittleMemory(t *testing.T) {
	b := newBench(media.Camera)
	b.receive(keyPayload)
	wire := b.wire(make([]byte, 1100), 0)
	allocs := testing.AllocsPerRun(2000, func() {
		b.seq++
		wire[2], wire[3] = byte(b.seq>>8), byte(b.seq)
		b.up.receive(wire, b.now)
	})
	if allocs > 0.1 {
		t.Errorf("%v allocations per packet", allocs)
	}
}

func TestALateKeyframeIsFollowedByWhatCameBefore(t *testing.T) {
	b := newBench(media.Camera)
	to := &box{}
	b.down(to)
	late := b.wire(keyPayload, 0)
	b.up.receive(b.wire(deltaPayload, 0), b.now)
	b.up.receive(b.wire(deltaPayload, 0), b.now)
	b.flush()
	b.up.receive(late, b.now)
	b.up.receive(b.wire(deltaPayload, 0), b.now)
	b.flush()
	if len(to.seqs) != 4 {
		t.Fatalf("%d packets, not 4", len(to.seqs))
	}
	for i, seq := range to.seqs {
		if seq != to.seqs[0]+uint64(i) {
			t.Errorf("numbers %v", to.seqs)
		}
	}
}

func TestAFreeSlotBeginsWithARecentKeyframe(t *testing.T) {
	b := newBench(media.Camera)
	b.now = time.Now()
	b.up.receive(b.wire(keyPayload, 0), b.now)
	b.up.receive(b.wire(deltaPayload, 0), b.now)
	b.up.receive(b.wire(deltaPayload, 1), b.now) // one is missing before it
	b.flush()
	to := &box{}
	d := b.down(to)
	if b.asked != 0 || len(to.seqs) != 3 || to.seqs[2] != to.seqs[0]+3 || !to.packets[0].Keyframe {
		t.Fatalf("asked %d times, numbers %v", b.asked, to.seqs)
	}
	d.retarget(nil, nil)
	d.retarget(b.up.source, b.up)
	if b.asked != 1 || len(to.seqs) != 3 {
		t.Errorf("the same keyframe was shown twice: asked %d times, numbers %v", b.asked, to.seqs)
	}
	old := newBench(media.Camera)
	old.now = time.Now().Add(-time.Second)
	old.receive(keyPayload)
	if old.down(&box{}); old.asked != 1 {
		t.Error("an old keyframe was taken")
	}
}

func TestRetransmissionIsBoundedAndGated(t *testing.T) {
	b := newBench(media.Camera)
	to := &box{}
	d := b.down(to)
	b.receive(keyPayload)
	b.receive(deltaPayload)
	wire := uint16(to.seqs[1])
	c := b.room.counters
	d.resend(wire, b.at())
	d.resend(wire, b.at())
	if len(to.again) != 1 || to.again[0] != to.seqs[1] || c.drops[DropNACKRepeat].Load() != 1 {
		t.Errorf("asked twice at once: %v", to.again)
	}
	for i := range 100 {
		d.resend(wire, b.at()+time.Duration(i+1)*time.Second)
	}
	if len(to.again) != resendLimit {
		t.Errorf("%d retransmissions of one packet", len(to.again))
	}
	d.resend(wire+1, b.at())
	if c.drops[DropNACKUnknown].Load() != 1 {
		t.Error("retransmitted what was never sent")
	}
	b.up.source.open.Store(false)
	d.resend(uint16(to.seqs[0]), b.at())
	if c.drops[DropNACKGone].Load() != 1 {
		t.Error("retransmitted from a closed source")
	}
}

func TestTheGateIsReadAgainAtTheShard(t *testing.T) {
	b := newBench(media.Camera)
	to := &box{}
	b.down(to)
	b.receive(keyPayload)
	b.up.receive(b.wire(deltaPayload, 0), b.now) // waits in the shard's queue
	b.up.source.open.Store(false)
	b.flush()
	b.receive(deltaPayload)
	if len(to.packets) != 1 || b.room.counters.drops[DropGated].Load() != 2 {
		t.Errorf("%d packets passed", len(to.packets))
	}
	if b.up.history.Get(to.packets[0].Seq+2) != nil {
		t.Error("the history remembers what came through a closed gate")
	}
}

func TestKeyframeRequestsAreCoalescedAndRepeated(t *testing.T) {
	b := newBench(media.Camera)
	for range 10 {
		b.down(&box{})
	}
	if b.asked != 1 {
		t.Errorf("asked %d times at once", b.asked)
	}
	at := b.room.server.since(time.Now())
	b.up.retryKeyframe(at + keyframeInterval/2)
	if b.asked != 1 {
		t.Error("repeated too soon")
	}
	b.up.retryKeyframe(at + keyframeInterval + time.Millisecond)
	if b.asked != 2 {
		t.Error("not repeated")
	}
	b.receive(keyPayload)
	b.up.retryKeyframe(at + time.Hour)
	if b.asked != 2 {
		t.Error("repeated after the keyframe came")
	}
}

// Sound and picture of one publisher stand in the same relation to our clock, whatever their reports' delays.
func TestSenderReportsShareOneClock(t *testing.T) {
	sound, picture := newBench(media.Microphone), newBench(media.Camera)
	picture.up.source.clock = sound.up.source.clock
	now := time.Now()
	publisher := now.Add(-37 * time.Hour) // its wall clock is wrong
	sinks := map[*bench]*box{}
	for b, delay := range map[*bench]time.Duration{sound: 20 * time.Millisecond, picture: 80 * time.Millisecond} {
		sinks[b] = &box{}
		b.down(sinks[b])
		b.now = now
		b.receive(keyPayload)
		b.up.setReport(toNTP(publisher), b.ts, now.Add(delay))
		b.flush()
	}
	for _, b := range []*bench{sound, picture} {
		at := now.Add(5 * time.Second)
		b.shard.sendReports(at)
		got := sinks[b].reports[len(sinks[b].reports)-1]
		captured := now.Add(20 * time.Millisecond) // when the sample at b.ts was taken, by the smallest delay
		want := sinks[b].ticks[0] + uint64(durationToTicks(at.Sub(captured), b.up.source.rate()))
		if diff := int64(got - want); diff < -96 || diff > 96 {
			t.Errorf("%s: off by %d ticks", b.up.source.kind, diff)
		}
	}
}

func TestNTPIsItsOwnInverse(t *testing.T) {
	at := time.Date(2026, 11, 23, 12, 0, 0, 123456789, time.UTC)
	if got := ntpTime(toNTP(at)); got.Sub(at).Abs() > time.Nanosecond {
		t.Errorf("%v, not %v", got, at)
	}
}

func TestPaddingIsNotForwardedAndLeavesNoHole(t *testing.T) {
	b := newBench(media.Camera)
	to := &box{}
	b.down(to)
	b.receive(keyPayload)
	for range 3 {
		wire := append(b.wire(nil, 0), 0, 0, 0, 4)
		wire[0] |= 0x20
		b.up.receive(wire, b.now)
	}
	b.receive(deltaPayload)
	if len(to.seqs) != 2 || to.seqs[1] != to.seqs[0]+1 {
		t.Errorf("numbers %v", to.seqs)
	}
}

// BenchmarkForward is what one packet costs from the wire to 50 down tracks, without sealing and sending.
func BenchmarkForward(b *testing.B) {
	w := newBench(media.Camera)
	for range 50 {
		w.down(&box{quiet: true})
	}
	w.receive(keyPayload)
	wire := w.wire(make([]byte, 1100), 0)
	b.ReportAllocs()
	for b.Loop() {
		w.seq++
		wire[2], wire[3] = byte(w.seq>>8), byte(w.seq)
		w.up.receive(wire, w.now)
		w.flush()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/50, "ns/down-track")
}
