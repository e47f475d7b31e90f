package impair

import (
	"container/heap"
	"sync"
	"time"
)

// parcel is one datagram, or one piece of a TCP stream, on its way.
type parcel struct {
	data    []byte
	arrived time.Time
	due     time.Time
	late    bool
	order   uint64
	// stream is set for a piece of TCP: it is never lost and keeps its order.
	stream *stream
	// to takes the parcel when its time has come; it runs on the lane's goroutine and does not block.
	to func(data []byte)
}

// lane is one direction of a link: a bottleneck with its queue, then the way. One goroutine runs it; what feeds it are
// the doors' readers.
type lane struct {
	seed, number uint64
	began        time.Time
	wake         chan struct{}
	stop         chan struct{}
	stopped      chan struct{}

	mu     sync.Mutex
	shape  Shape
	queue  []parcel
	queued int
	tokens float64
	filled time.Time
	last   time.Time
	onWay  onWay
	orders uint64
	count  Counts
	waits  []Wait
	lifted chan struct{}
}

// Counts are the packets of one direction.
type Counts struct {
	// Offered came from a sender; Passed were handed on, Duplicated of them a second time, Reordered of them late.
	Offered, Passed, Duplicated, Reordered uint64
	// Lost by the dice, Full by the bottleneck's queue, Swallowed by a black hole, a closed door or a lost interface.
	Lost, Full, Swallowed uint64
}

// Wait is how long a packet stood in the bottleneck's queue.
type Wait struct {
	At    time.Time
	Took  time.Duration
	Bytes int
}

// maxWaits bounds what is remembered of the queue.
const maxWaits = 1 << 18

func newLane(seed, number uint64, began time.Time) *lane {
	l := &lane{
		seed: seed, number: number, began: began, wake: make(chan struct{}, 1),
		stop: make(chan struct{}), stopped: make(chan struct{}), lifted: make(chan struct{}),
	}
	go l.run()
	return l
}

func (l *lane) set(s Shape) {
	if s.ReorderBy == 0 {
		s.ReorderBy = defaultReorderBy
	}
	if s.Bucket == 0 {
		s.Bucket = defaultBucket
	}
	if s.Queue == 0 {
		s.Queue = defaultQueue
	}
	l.mu.Lock()
	if s.Rate != l.shape.Rate {
		l.refillLocked(time.Now())
	}
	if l.shape.Blackhole && !s.Blackhole {
		close(l.lifted)
		l.lifted = make(chan struct{})
	}
	l.shape = s
	l.mu.Unlock()
	l.poke()
}

func (l *lane) poke() {
	select {
	case l.wake <- struct{}{}:
	default: // it is awake already
	}
}

// offer takes a datagram of a flow; data becomes the lane's.
func (l *lane) offer(d *dice, data []byte, now time.Time, to func([]byte)) {
	l.mu.Lock()
	defer l.poke()
	defer l.mu.Unlock()
	l.count.Offered++
	s := &l.shape
	f := d.next(s)
	switch {
	case s.Blackhole:
		l.count.Swallowed++
		return
	case f.lost:
		l.count.Lost++
		return
	}
	copies := 1
	if f.twice {
		copies = 2
		l.count.Duplicated++
	}
	for range copies {
		if s.Rate > 0 && l.queued+len(data) > s.Queue {
			l.count.Full++
			continue
		}
		l.appendLocked(parcel{data: data, arrived: now, late: f.late, to: to})
	}
}

// swallow counts a datagram that nobody carries.
func (l *lane) swallow() {
	l.mu.Lock()
	l.count.Offered++
	l.count.Swallowed++
	l.mu.Unlock()
}

func (l *lane) appendLocked(p parcel) {
	l.orders++
	p.order = l.orders
	l.queue = append(l.queue, p)
	l.queued += len(p.data)
}

func (l *lane) run() {
	defer close(l.stopped)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-l.stop:
			return
		case <-l.wake:
		case <-timer.C:
		}
		ready, next := l.step(time.Now())
		for _, p := range ready {
			p.to(p.data)
		}
		if next > 0 {
			timer.Reset(next)
		}
	}
}

// step moves what the bottleneck lets through onto the way, and returns what has arrived at its end and in how long to
// look again (0: only when something comes).
func (l *lane) step(now time.Time) (ready []parcel, next time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refillLocked(now)
	for len(l.queue) > 0 {
		p := l.queue[0]
		if l.shape.Rate > 0 {
			if missing := float64(len(p.data)*8) - l.tokens; missing > 0 {
				next = max(time.Microsecond, time.Duration(missing/float64(l.shape.Rate)*1e9))
				break
			}
			l.tokens -= float64(len(p.data) * 8)
			if len(l.waits) < maxWaits {
				l.waits = append(l.waits, Wait{At: now, Took: now.Sub(p.arrived), Bytes: len(p.data)})
			}
		}
		l.queue = l.queue[1:]
		l.queued -= len(p.data)
		l.departLocked(p, now)
	}
	for len(l.onWay) > 0 && !l.onWay[0].due.After(now) {
		p := heap.Pop(&l.onWay).(parcel)
		l.count.Passed++
		ready = append(ready, p)
	}
	if len(l.onWay) > 0 {
		if wait := max(time.Microsecond, l.onWay[0].due.Sub(now)); next == 0 || wait < next {
			next = wait
		}
	}
	return ready, next
}

// refillLocked adds tokens (in bits) for the time that has passed.
func (l *lane) refillLocked(now time.Time) {
	l.tokens = min(float64(l.shape.Bucket*8), l.tokens+now.Sub(l.filled).Seconds()*float64(l.shape.Rate))
	l.filled = now
}

// departLocked says when a parcel will arrive. A link without a bottleneck counts from the parcel's arrival, so that
// a late timer does not add to the delay.
func (l *lane) departLocked(p parcel, now time.Time) {
	s := &l.shape
	from := now
	if s.Rate == 0 {
		from = p.arrived
	}
	delay := s.Delay
	if s.Jitter > 0 {
		delay += time.Duration(swing(l.seed, l.number, from.Sub(l.began)) * float64(s.Jitter))
	}
	p.due = from.Add(max(0, delay))
	switch {
	case p.stream != nil:
		p.due = p.stream.after(p.due)
	case p.late:
		p.due = p.due.Add(s.ReorderBy)
		l.count.Reordered++
	case p.due.Before(l.last):
		p.due = l.last
	default:
		l.last = p.due
	}
	heap.Push(&l.onWay, p)
}

func (l *lane) close() {
	close(l.stop)
	<-l.stopped
}

func (l *lane) counts() Counts {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.count
}

func (l *lane) takeWaits() []Wait {
	l.mu.Lock()
	defer l.mu.Unlock()
	w := l.waits
	l.waits = nil
	return w
}

// onWay orders parcels by when they arrive.
type onWay []parcel

// Len implements heap.Interface.
func (h onWay) Len() int { return len(h) }

// Less implements heap.Interface.
func (h onWay) Less(i, j int) bool {
	if h[i].due.Equal(h[j].due) {
		return h[i].order < h[j].order
	}
	return h[i].due.Before(h[j].due)
}

// Swap implements heap.Interface.
func (h onWay) Swap(i, j int) { h[i], h[j] = h[j], h[i] }

// Push implements heap.Interface.
func (h *onWay) Push(x any) { *h = append(*h, x.(parcel)) }

// Pop implements heap.Interface.
func (h *onWay) Pop() any {
	old := *h
	p := old[len(old)-1]
	old[len(old)-1] = parcel{}
	*h = old[:len(old)-1]
	return p
}
