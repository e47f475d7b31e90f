package egress

import (
	"encoding/binary"
	"io"
	"sync"
	"time"
)

const (
	// streamDelay is how old the oldest datagram of a stream may become before the stream counts as full.
	streamDelay = 200 * time.Millisecond
	// streamBytes bounds what waits whatever its age: 200 ms of 20 Mbit/s.
	streamBytes = 512 << 10
)

// Stream is the way to a subscriber behind TCP: a ring that shards put datagrams into without waiting, and a goroutine
// that writes them. When the ring is full, video is dropped up to the next keyframe, then the oldest audio.
type Stream struct {
	out      io.Writer
	keyframe func(ssrc uint32)
	now      func() time.Time
	wake     chan struct{}
	stop     chan struct{}
	stopOnce sync.Once
	stopped  chan struct{}

	mu      sync.Mutex // guards what follows; never held while writing
	queue   []queued
	free    [][]byte
	bytes   int
	waiting map[uint32]struct{} // SSRCs whose video is dropped until a keyframe begins
}

type queued struct {
	data []byte
	kind Kind
	at   time.Time
}

// NewStream starts the writing goroutine. Each Write to out is one datagram, whole. keyframe, which may be nil, is told
// the SSRC of video that was dropped; it is called by a shard and must not wait. [Stream.Close] ends the goroutine; a
// writer that is stuck must be freed by closing what is underneath first.
func NewStream(out io.Writer, keyframe func(ssrc uint32)) *Stream {
	s := &Stream{
		out: out, keyframe: keyframe, now: time.Now, wake: make(chan struct{}, 1), stop: make(chan struct{}),
		stopped: make(chan struct{}), waiting: map[uint32]struct{}{},
	}
	go s.run()
	return s
}

// Close ends the goroutine and waits for it. It is idempotent.
func (s *Stream) Close() {
	s.stopOnce.Do(func() { close(s.stop) })
	<-s.stopped
}

// offer copies a datagram into the ring; false when it was dropped.
func (s *Stream) offer(datagram []byte, kind Kind) bool {
	taken, starved := s.put(datagram, kind)
	if starved && s.keyframe != nil {
		s.keyframe(ssrcOf(datagram))
	}
	select {
	case s.wake <- struct{}{}:
	default: // awake already
	}
	return taken
}

func (s *Stream) put(datagram []byte, kind Kind) (taken, starved bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	full := s.bytes+len(datagram) > streamBytes || len(s.queue) > 0 && now.Sub(s.queue[0].at) > streamDelay
	switch kind {
	case Video, KeyVideo:
		ssrc := ssrcOf(datagram)
		_, dropping := s.waiting[ssrc]
		if full || dropping && kind == Video {
			s.waiting[ssrc] = struct{}{}
			return false, full && !dropping || kind == KeyVideo
		}
		delete(s.waiting, ssrc)
	case Audio:
		if full && !s.dropOldest(Audio) {
			return false, false
		}
	case Control:
		if s.bytes+len(datagram) > 2*streamBytes {
			return false, false
		}
	}
	s.queue = append(s.queue, queued{data: append(s.buffer(), datagram...), kind: kind, at: now})
	s.bytes += len(datagram)
	return true, false
}

// dropOldest makes room by dropping the oldest datagram of a kind; false when there is none.
func (s *Stream) dropOldest(kind Kind) bool {
	for i, q := range s.queue {
		if q.kind == kind {
			s.recycle(q.data)
			s.queue = append(s.queue[:i], s.queue[i+1:]...)
			return true
		}
	}
	return false
}

func (s *Stream) buffer() []byte {
	if n := len(s.free); n > 0 {
		b := s.free[n-1]
		s.free = s.free[:n-1]
		return b
	}
	return make([]byte, 0, 1500)
}

func (s *Stream) recycle(b []byte) {
	s.bytes -= len(b)
	if len(s.free) < 64 {
		s.free = append(s.free, b[:0])
	}
}

func (s *Stream) run() {
	defer close(s.stopped)
	for {
		select {
		case <-s.stop:
			return
		case <-s.wake:
		}
		for {
			data, ok := s.take()
			if !ok {
				break
			}
			if _, err := s.out.Write(data); err != nil {
				return // the session notices a lost connection by itself
			}
			s.mu.Lock()
			s.recycle(data)
			s.mu.Unlock()
		}
	}
}

func (s *Stream) take() ([]byte, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) == 0 {
		return nil, false
	}
	data := s.queue[0].data
	s.queue = append(s.queue[:0], s.queue[1:]...)
	return data, true
}

// ssrcOf reads a sealed packet's SSRC, which stays readable.
func ssrcOf(datagram []byte) uint32 {
	if len(datagram) < 12 {
		return 0
	}
	return binary.BigEndian.Uint32(datagram[8:])
}
