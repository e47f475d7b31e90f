package sfu

import (
	"runtime/debug"
	"slices"
	"time"

	"github.com/zvonok/zvonok/sfu/internal/egress"
	"github.com/zvonok/zvonok/sfu/media"
)

const (
	// shardQueue is how many packets wait for a shard: about a second of a busy room.
	shardQueue = 2048
	// feedbackQueue is how much RTCP of subscribers waits.
	feedbackQueue = 512
	// shardTick paces sender reports.
	shardTick = 500 * time.Millisecond
	// never is a time that does not come.
	never = time.Duration(1<<63 - 1)
)

// inbound is one packet or one sender report of an up track.
type inbound struct {
	up     *upTrack
	packet *media.Packet
	report *media.SenderReport
}

// feedback is what one subscriber's RTCP asks of one slot: retransmissions, or a keyframe when there are none.
type feedback struct {
	down *downTrack
	nack []uint16
	// wide is transport-wide feedback, nil for none; there is nothing else then.
	wide *wideFeedback
}

// shard is one goroutine that owns the down tracks of many subscribers (or of the tap) and sends their packets. What
// it owns has no lock.
type shard struct {
	room *Room
	// in
	packets   chan inbound
	commands  chan func()
	feedbacks chan feedback
	stop      chan struct{}
	// out
	stopped chan struct{}

	full   DropReason
	feeds  map[*upTrack]*feed
	downs  map[*downTrack]struct{}
	ticker *time.Ticker
	// alarm wakes for gathered bursts and waiting packets; armed is for when, never when it is not set.
	alarm *time.Timer
	armed time.Duration
	// gathering are the feeds with pending packets, outlets those with waiting ones; evener serves the burst in hand.
	gathering, settling []*feed
	outlets             []*outlet
	evener              evener
	// paths are those of its subscribers, probing those that are being probed.
	paths   map[*path]struct{}
	probing []*path
	// now is when the burst began, in time since the server's origin: the clock is read once for all of its packets.
	now time.Duration
	// lent is the batch that is being filled, nil between bursts; forwarded and forwardedBytes are what it was given.
	lent                      *egress.Batch
	forwarded, forwardedBytes uint64

	// load is how many subscribers it has; the room's goroutine counts.
	load int
}

func newShard(room *Room, full DropReason) *shard {
	return &shard{
		room: room, packets: make(chan inbound, shardQueue), commands: make(chan func(), 64),
		feedbacks: make(chan feedback, feedbackQueue), stop: make(chan struct{}), stopped: make(chan struct{}),
		full: full, feeds: map[*upTrack]*feed{}, downs: map[*downTrack]struct{}{}, paths: map[*path]struct{}{}, armed: never,
	}
}

// offer hands over a packet; when the queue is full it is lost, sound or picture alike: the receiver will ask again,
// and a shard that is a thousand packets late helps nobody by sending them all.
func (s *shard) offer(in inbound) {
	select {
	case s.packets <- in:
	default:
		s.room.counters.drop(s.full)
	}
}

// ask hands over a subscriber's feedback; when the queue is full it is lost: clients repeat themselves.
func (s *shard) ask(f feedback) {
	select {
	case s.feedbacks <- f:
	default:
		s.room.counters.drop(DropFeedbackFull)
	}
}

// do runs a command on the shard. It waits while the queue is full: the shard never waits for the room.
func (s *shard) do(f func()) {
	select {
	case s.commands <- f:
	case <-s.stopped:
	}
}

func (s *shard) run() {
	defer close(s.stopped)
	s.ticker = time.NewTicker(shardTick)
	defer s.ticker.Stop()
	s.alarm = time.NewTimer(time.Hour)
	defer s.alarm.Stop()
	for s.burst() {
	}
	s.drain()
}

// drain runs the commands that were sent before the stop: closing taps is among them.
func (s *shard) drain() {
	defer s.survive()
	defer s.flush()
	for {
		select {
		case f := <-s.commands:
			f()
		default:
			return
		}
	}
}

// burst handles what waits; false ends the goroutine. A panic costs the burst and ends the room.
func (s *shard) burst() (more bool) {
	more = true
	defer s.survive()
	defer s.flush()
	select {
	case <-s.stop:
		return false
	case f := <-s.commands:
		s.begin()
		f()
	case f := <-s.feedbacks:
		s.begin()
		s.answer(f)
	case <-s.ticker.C:
		s.begin()
		s.sendReports(time.Now())
		s.lookAll()
	case <-s.alarm.C:
		s.begin()
		s.armed = never
	case in := <-s.packets:
		s.begin()
		s.take(in)
	}
	s.takeAll()
	s.settle()
	s.arm()
	return true
}

func (s *shard) begin() { s.now = s.room.server.since(time.Now()) }

// takeAll takes the packets that wait by now, up to a number, so that nothing else waits for ever.
func (s *shard) takeAll() {
	for range 4 * gatherMost {
		select {
		case in := <-s.packets:
			s.take(in)
		default:
			return
		}
	}
}

// take forwards a report and sound at once; of pictures it gathers what came together.
func (s *shard) take(in inbound) {
	f := s.feeds[in.up]
	switch {
	case f == nil: // its last taker has just left
		s.room.counters.drop(DropStale)
	case in.report != nil:
		for _, d := range f.downs {
			d.publisherReport(in.up, in.report)
		}
	case !in.up.source.kind.IsVideo():
		s.sendSound(f, in.packet)
	default:
		if len(f.pending) == 0 {
			f.since = s.now
			s.gathering = append(s.gathering, f)
		}
		f.pending = append(f.pending, in.packet)
	}
}

// settle sends the bursts that are whole or have waited long enough, and what waited for its subscriber's budget.
func (s *shard) settle() {
	s.settling, s.gathering = s.gathering, s.settling[:0]
	for _, f := range s.settling {
		if f.ripe(s.now) {
			s.send(f)
		} else {
			s.gathering = append(s.gathering, f)
		}
	}
	clear(s.settling)
	s.outlets = slices.DeleteFunc(s.outlets, func(o *outlet) bool {
		o.listed = !o.release(s.now)
		return !o.listed
	})
	s.probe()
}

// send gives each taker the burst, whole: the packets of one subscriber lie one behind the other. Packets that come
// meanwhile are gathered for the next burst.
func (s *shard) send(f *feed) {
	packets := f.pending
	f.pending, f.spare = f.spare[:0], packets
	if !f.up.source.passes() {
		s.room.counters.drops[DropGated].Add(uint64(len(packets)))
	} else {
		parcels := s.evener.even(packets)
		for n, d := range f.downs {
			for i := range parcels {
				d.packet(f.up, parcels[i])
			}
			if n%listenEvery == listenEvery-1 {
				s.takeAll()
			}
		}
	}
	clear(packets)
}

func (s *shard) sendSound(f *feed, p *media.Packet) {
	if !f.up.source.passes() {
		s.room.counters.drop(DropGated)
		return
	}
	for _, d := range f.downs {
		d.packet(f.up, parcel{packet: p, payload: p.Payload})
	}
}

// arm sets the alarm for what waits.
func (s *shard) arm() {
	next := never
	for _, f := range s.gathering {
		next = min(next, f.since+gatherTime)
	}
	if len(s.outlets) > 0 || len(s.probing) > 0 {
		next = min(next, s.now-s.now%egress.Tick+egress.Tick)
	}
	if next == s.armed {
		return
	}
	s.armed = next
	if next == never {
		s.alarm.Stop()
		return
	}
	s.alarm.Reset(next - s.now)
}

// hold lets a packet wait for its subscriber's budget.
func (s *shard) hold(o *outlet, w waiting) {
	if len(o.waiting) == waitMost {
		s.room.counters.drop(DropBudget)
		return
	}
	o.waiting = append(o.waiting, w)
	if !o.listed {
		o.listed = true
		s.outlets = append(s.outlets, o)
	}
}

// batch is where the burst's datagrams go.
func (s *shard) batch() *egress.Batch {
	if s.lent == nil {
		s.lent = s.room.server.socket.Batch()
	}
	return s.lent
}

// flush ends a burst: what was written is sent.
func (s *shard) flush() {
	if s.lent == nil {
		return
	}
	c := s.lent.Flush()
	counters := s.room.counters
	counters.drops[DropSendFull].Add(c.Full)
	counters.drops[DropSendRefused].Add(c.Refused)
	counters.sendCalls.Add(c.Calls)
	counters.forwarded.Add(s.forwarded)
	counters.forwardedBytes.Add(s.forwardedBytes)
	s.forwarded, s.forwardedBytes = 0, 0
	s.room.server.socket.Return(s.lent)
	s.lent = nil
}

func (s *shard) survive() {
	if cause := recover(); cause != nil {
		s.room.counters.panics.Add(1)
		s.room.fail(cause, debug.Stack())
	}
}

func (s *shard) answer(f feedback) {
	if f.wide != nil {
		s.learn(f.wide)
		return
	}
	if _, ok := s.downs[f.down]; !ok {
		return
	}
	if f.nack == nil {
		f.down.requestKeyframe()
		return
	}
	for _, seq := range f.nack {
		f.down.resend(seq, s.now)
	}
}

func (s *shard) sendReports(now time.Time) {
	for d := range s.downs {
		d.senderReport(now)
	}
}

// add takes a down track in; remove stops it. Both run on the shard.
func (s *shard) add(d *downTrack) {
	d.shard = s
	s.downs[d] = struct{}{}
}

func (s *shard) remove(d *downTrack) {
	d.retarget(nil, nil)
	if d.outlet != nil {
		d.outlet.forget(d)
	}
	delete(s.downs, d)
}

func (s *shard) feed(u *upTrack, d *downTrack) {
	f := s.feeds[u]
	if f == nil {
		f = &feed{up: u}
		s.feeds[u] = f
		u.addShard(s)
	}
	if !slices.Contains(f.downs, d) {
		f.downs = append(slices.Clone(f.downs), d)
	}
}

func (s *shard) unfeed(u *upTrack, d *downTrack) {
	f := s.feeds[u]
	if f == nil {
		return
	}
	f.downs = slices.DeleteFunc(slices.Clone(f.downs), func(o *downTrack) bool { return o == d })
	if len(f.downs) == 0 {
		delete(s.feeds, u)
		u.removeShard(s)
	}
}
