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
	feeds  map[*upTrack][]*downTrack
	downs  map[*downTrack]struct{}
	ticker *time.Ticker

	// lent is the batch that is being filled, nil between bursts.
	lent *egress.Batch

	// load is how many subscribers it has; the room's goroutine counts.
	load int
}

func newShard(room *Room, full DropReason) *shard {
	return &shard{
		room: room, packets: make(chan inbound, shardQueue), commands: make(chan func(), 64),
		feedbacks: make(chan feedback, feedbackQueue), stop: make(chan struct{}), stopped: make(chan struct{}),
		full: full, feeds: map[*upTrack][]*downTrack{}, downs: map[*downTrack]struct{}{},
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
		f()
	case f := <-s.feedbacks:
		s.answer(f)
	case <-s.ticker.C:
		s.sendReports(time.Now())
	case in := <-s.packets:
		s.forward(in)
		for range 64 {
			select {
			case in := <-s.packets:
				s.forward(in)
			default:
				return true
			}
		}
	}
	return true
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
	s.room.counters.drops[DropWrite].Add(c.Full + c.Refused)
	s.room.server.socket.Return(s.lent)
	s.lent = nil
}

func (s *shard) survive() {
	if cause := recover(); cause != nil {
		s.room.counters.panics.Add(1)
		s.room.fail(cause, debug.Stack())
	}
}

func (s *shard) forward(in inbound) {
	if in.report != nil {
		for _, d := range s.feeds[in.up] {
			d.publisherReport(in.up, in.report)
		}
		return
	}
	if !in.up.source.passes() {
		s.room.counters.drop(DropGated)
		return
	}
	// A switch may change the list while it is walked: then the slice that began stays whole.
	for _, d := range s.feeds[in.up] {
		d.packet(in.up, in.packet)
	}
}

func (s *shard) answer(f feedback) {
	if _, ok := s.downs[f.down]; !ok {
		return
	}
	if f.nack == nil {
		f.down.requestKeyframe()
		return
	}
	now := time.Now()
	for _, seq := range f.nack {
		f.down.resend(seq, now)
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
	delete(s.downs, d)
}

func (s *shard) feed(u *upTrack, d *downTrack) {
	list := s.feeds[u]
	if slices.Contains(list, d) {
		return
	}
	s.feeds[u] = append(slices.Clone(list), d)
	if len(list) == 0 {
		u.addShard(s)
	}
}

func (s *shard) unfeed(u *upTrack, d *downTrack) {
	list := slices.DeleteFunc(slices.Clone(s.feeds[u]), func(o *downTrack) bool { return o == d })
	if len(list) > 0 {
		s.feeds[u] = list
		return
	}
	if _, ok := s.feeds[u]; ok {
		delete(s.feeds, u)
		u.removeShard(s)
	}
}
