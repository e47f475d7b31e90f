package stream

import (
	"encoding/binary"
	"net/netip"
	"sync"
	"time"

	"github.com/zvonok/zvonok/sfu/internal/egress"
)

const (
	// queueBytes bounds what waits for one peer: 200 ms at 8 Mbit/s.
	queueBytes = 200 << 10
	// queueDatagrams bounds their number.
	queueDatagrams = 512
	// stale is how long media may wait: what is older would only delay what is newer.
	stale = 200 * time.Millisecond
	// soundBytes and soundDatagrams are kept free of pictures, for what must not wait for them.
	soundBytes, soundDatagrams = 16 << 10, 64
	// starvedEvery is how often one queue may ask for a keyframe: each costs everybody who sees the picture.
	starvedEvery = time.Second
	// pooled is the size of the buffers that are used again.
	pooled = 1504
)

// Queue holds the datagrams that wait for one slow peer. Putting never blocks: what does not fit pushes out the oldest,
// and what has waited for 200 ms is lost, unless it is STUN or DTLS. Of what is graded, pictures give way first, up to the
// next keyframe: half a picture is worth nothing. Any goroutine may put, one takes.
type Queue struct {
	mu      sync.Mutex
	ready   sync.Cond
	entries []entry // a ring
	head, n int
	bytes   int
	lost    uint64
	closed  bool
	now     func() time.Time
	// broken are the SSRCs of pictures that wait for a keyframe; askedAt is when one was last asked for.
	broken  map[uint32]struct{}
	askedAt time.Time
}

type entry struct {
	from netip.AddrPort
	data []byte
	at   time.Time
	kind egress.Kind
}

var buffers = sync.Pool{New: func() any { return new([pooled]byte) }}

// NewQueue makes an empty queue. now is time.Now except in tests.
func NewQueue(now func() time.Time) *Queue {
	q := &Queue{now: now, entries: make([]entry, 16), broken: map[uint32]struct{}{}}
	q.ready.L = &q.mu
	return q
}

// Put copies a datagram; from is whatever the taker wants to know. It is false when the queue is closed or the datagram
// is too long.
func (q *Queue) Put(from netip.AddrPort, datagram []byte) bool {
	if len(datagram) > MaxFrame {
		return false
	}
	now := q.now()
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.putLocked(entry{from: from, at: now}, datagram)
}

// PutGraded is Put for a datagram of which it is known what it is worth. starved says that a picture was lost, that there
// is room again, and that it is time to ask for a keyframe.
func (q *Queue) PutGraded(from netip.AddrPort, datagram []byte, kind egress.Kind) (taken, starved bool) {
	if len(datagram) > MaxFrame {
		return false, false
	}
	now := q.now()
	q.mu.Lock()
	defer q.mu.Unlock()
	full := q.n >= queueDatagrams-soundDatagrams || q.bytes+len(datagram) > queueBytes-soundBytes ||
		q.n > 0 && now.Sub(q.entries[q.head].at) > stale
	switch kind {
	case egress.Video, egress.KeyVideo:
		ssrc := ssrcOf(datagram)
		_, waits := q.broken[ssrc]
		if full || waits && kind == egress.Video {
			q.broken[ssrc] = struct{}{}
			q.lost++
			starved = waits && !full && q.bytes < queueBytes/2 && now.Sub(q.askedAt) >= starvedEvery
			if starved {
				q.askedAt = now
			}
			return false, starved
		}
		delete(q.broken, ssrc)
	case egress.Repeat:
		if full {
			q.lost++
			return false, false
		}
	case egress.Audio, egress.Control:
	}
	return q.putLocked(entry{from: from, at: now, kind: kind}, datagram), false
}

func (q *Queue) putLocked(e entry, datagram []byte) bool {
	if q.closed {
		return false
	}
	for q.n > 0 && (q.n == queueDatagrams || q.bytes+len(datagram) > queueBytes) {
		q.lose(q.pop())
	}
	if q.n == len(q.entries) {
		grown := make([]entry, 2*len(q.entries))
		for i := range q.n {
			grown[i] = q.entries[(q.head+i)%len(q.entries)]
		}
		q.entries, q.head = grown, 0
	}
	var data []byte
	if len(datagram) <= pooled {
		data = buffers.Get().(*[pooled]byte)[:len(datagram)]
	} else {
		data = make([]byte, len(datagram))
	}
	copy(data, datagram)
	e.data = data
	q.entries[(q.head+q.n)%len(q.entries)] = e
	q.bytes += len(data)
	if q.n++; q.n == 1 {
		q.ready.Signal()
	}
	return true
}

// Take copies the oldest datagram into b and waits for one; it is false when the queue is closed. What does not fit b
// is cut.
func (q *Queue) Take(b []byte) (n int, from netip.AddrPort, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	e, ok := q.next(true)
	if !ok {
		return 0, netip.AddrPort{}, false
	}
	n = copy(b, e.data)
	q.recycle(e)
	return n, e.from, true
}

// TakeFrames appends waiting datagrams to b, framed by RFC 4571, as long as limit is not exceeded; it waits for one. It
// is false when the queue is closed.
func (q *Queue) TakeFrames(b []byte, limit int) ([]byte, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for wait := true; ; wait = false {
		if q.n > 0 && !wait && len(b)+headerLen+len(q.entries[q.head].data) > limit {
			return b, true
		}
		e, ok := q.next(wait)
		if !ok {
			return b, !wait
		}
		b = append(b, byte(len(e.data)>>8), byte(len(e.data)))
		b = append(b, e.data...)
		q.recycle(e)
	}
}

// next gives the oldest entry that is worth sending.
func (q *Queue) next(wait bool) (entry, bool) {
	for {
		for q.n == 0 && wait && !q.closed {
			q.ready.Wait()
		}
		if q.n == 0 || q.closed {
			return entry{}, false
		}
		e := q.pop()
		if isMedia(e.data) && q.now().Sub(e.at) > stale {
			q.lose(e)
			continue
		}
		return e, true
	}
}

func (q *Queue) pop() entry {
	e := q.entries[q.head]
	q.entries[q.head] = entry{}
	q.head = (q.head + 1) % len(q.entries)
	q.n--
	q.bytes -= len(e.data)
	return e
}

// lose drops what will not be sent. Without a part of it, a picture is nothing until the next keyframe, unless that waits
// here already.
func (q *Queue) lose(e entry) {
	q.lost++
	if e.kind == egress.Video || e.kind == egress.KeyVideo {
		ssrc := ssrcOf(e.data)
		if !q.keyWaits(ssrc) {
			q.broken[ssrc] = struct{}{}
		}
	}
	q.recycle(e)
}

func (q *Queue) keyWaits(ssrc uint32) bool {
	for i := range q.n {
		if e := &q.entries[(q.head+i)%len(q.entries)]; e.kind == egress.KeyVideo && ssrcOf(e.data) == ssrc {
			return true
		}
	}
	return false
}

// ssrcOf reads a sealed packet's SSRC, which stays readable (RFC 3711, section 3.1).
func ssrcOf(datagram []byte) uint32 {
	if len(datagram) < 12 {
		return 0
	}
	return binary.BigEndian.Uint32(datagram[8:])
}

func (q *Queue) recycle(e entry) {
	if cap(e.data) == pooled {
		buffers.Put((*[pooled]byte)(e.data[:pooled]))
	}
}

// isMedia tells RTP and RTCP from STUN and DTLS (RFC 7983, section 7).
func isMedia(b []byte) bool { return len(b) > 0 && b[0] >= 128 && b[0] < 192 }

// Lost is how many datagrams were pushed out or too old.
func (q *Queue) Lost() uint64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.lost
}

// Close wakes the taker up and gives back what waits. It is idempotent.
func (q *Queue) Close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	for q.n > 0 {
		q.recycle(q.pop())
	}
	q.ready.Broadcast()
}
