package bwe

import (
	"time"

	"github.com/zvonok/zvonok/sfu/media"
)

const (
	ackBucket  = 20 * time.Millisecond
	ackBuckets = 32
)

// acked is the rate at which packets arrive, on the receiver's clock.
type acked struct {
	bytes  [ackBuckets]int
	head   time.Duration // in buckets
	first  time.Duration
	filled bool
}

func (a *acked) packet(at time.Duration, size int) {
	b := at / ackBucket
	switch {
	case !a.filled:
		*a = acked{head: b, first: b, filled: true}
	case b > a.head:
		for e := max(a.head+1, b-ackBuckets+1); e <= b; e++ {
			a.bytes[e%ackBuckets] = 0
		}
		a.head = b
	case b <= a.head-ackBuckets:
		return
	}
	a.bytes[b%ackBuckets] += size
}

// rate over the last window, without the bucket that still fills; 0 until a fifth of it was seen.
func (a *acked) rate(window time.Duration) media.Bitrate {
	n := min(window/ackBucket, ackBuckets-1)
	seen := a.head - a.first
	if !a.filled || seen < max(n/5, 4) {
		return 0
	}
	n = min(n, seen)
	sum := 0
	for e := a.head - n; e < a.head; e++ {
		sum += a.bytes[e%ackBuckets]
	}
	return rateOf(sum, n*ackBucket)
}

func rateOf(bytes int, span time.Duration) media.Bitrate {
	if span <= 0 {
		return 0
	}
	return media.Bitrate(float64(bytes) * 8 / span.Seconds())
}

func bytesIn(r media.Bitrate, span time.Duration) int {
	return int(float64(r) * span.Seconds() / 8)
}
