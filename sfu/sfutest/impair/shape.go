package impair

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Shape is what one direction of a link does. The zero value lets everything pass at once.
type Shape struct {
	// Delay is added to each packet; Jitter swings it by at most that much to both sides, smoothly and without
	// reordering.
	Delay, Jitter time.Duration
	// Loss is the share that is lost, each packet for itself; Burst loses packets in a row. Both may be set.
	Loss  float64
	Burst Burst
	// Reorder is the share that comes later than others sent after it, by ReorderBy (0: 20 ms).
	Reorder   float64
	ReorderBy time.Duration
	// Duplicate is the share that comes twice.
	Duplicate float64
	// Rate is the bottleneck in bit/s, 0 for none. Bucket is how many bytes may pass at once after a pause (0: 3,000).
	Rate   int64
	Bucket int
	// Queue is how many bytes may wait for the bottleneck (0: 64 KiB); what comes then is lost.
	Queue int
	// Blackhole swallows all.
	Blackhole bool
}

// Burst is the model of Gilbert and Elliott: a good state that loses nothing, a bad one that loses most.
type Burst struct {
	// Enter is the chance that a packet finds the link going bad, Leave that it finds it good again.
	Enter, Leave float64
	// Lost is the share that the bad state loses.
	Lost float64
}

// Bursts makes a model that loses a share of all packets in rows of a mean length.
func Bursts(share, length float64) Burst {
	leave := 1 / max(length, 1)
	return Burst{Enter: share * leave / (1 - share), Leave: leave, Lost: 1}
}

// Limits and defaults.
const (
	defaultReorderBy = 20 * time.Millisecond
	defaultBucket    = 3000
	defaultQueue     = 64 << 10
)

// ErrShape is returned for a description that cannot be read.
var ErrShape = errors.New("impair: bad shape")

// ParseShape reads words like "delay=150ms jitter=50ms loss=5% burst=4 reorder=1% duplicate=0.5% rate=150k bucket=3k
// queue=64k blackhole"; burst=N makes the loss come in rows of a mean length N. No words: the zero value.
func ParseShape(words ...string) (Shape, error) {
	var s Shape
	row := 0.0
	for _, w := range words {
		key, value, _ := strings.Cut(w, "=")
		var err error
		switch key {
		case "delay":
			s.Delay, err = time.ParseDuration(value)
		case "jitter":
			s.Jitter, err = time.ParseDuration(value)
		case "loss":
			s.Loss, err = parseShare(value)
		case "burst":
			row, err = strconv.ParseFloat(value, 64)
		case "reorder":
			s.Reorder, err = parseShare(value)
		case "duplicate":
			s.Duplicate, err = parseShare(value)
		case "rate":
			s.Rate, err = parseCount(value)
		case "bucket":
			s.Bucket, err = parseInt(value)
		case "queue":
			s.Queue, err = parseInt(value)
		case "blackhole":
			s.Blackhole = true
		default:
			err = strconv.ErrSyntax
		}
		if err != nil {
			return Shape{}, fmt.Errorf("%w: %q: %w", ErrShape, w, err)
		}
	}
	if row > 0 {
		s.Loss, s.Burst = 0, Bursts(s.Loss, row)
	}
	if s.Delay < 0 || s.Jitter < 0 || s.Rate < 0 || s.Bucket < 0 || s.Queue < 0 || row < 0 || s.Burst.Enter > 1 {
		return Shape{}, fmt.Errorf("%w: %q", ErrShape, strings.Join(words, " "))
	}
	return s, nil
}

// parseShare reads "5%" or "0.05".
func parseShare(text string) (float64, error) {
	number, percent := strings.CutSuffix(text, "%")
	v, err := strconv.ParseFloat(number, 64)
	if percent {
		v /= 100
	}
	if err == nil && (math.IsNaN(v) || v < 0 || v >= 1) {
		err = strconv.ErrRange
	}
	return v, err
}

// parseCount reads "150000", "150k" or "3M".
func parseCount(text string) (int64, error) {
	scale := 1.0
	for suffix, by := range map[string]float64{"k": 1e3, "M": 1e6} {
		if number, ok := strings.CutSuffix(text, suffix); ok {
			text, scale = number, by
		}
	}
	v, err := strconv.ParseFloat(text, 64)
	if err == nil && (math.IsNaN(v) || math.Abs(v*scale) > 1e12) {
		err = strconv.ErrRange
	}
	return int64(v * scale), err
}

func parseInt(text string) (int, error) {
	v, err := parseCount(text)
	return int(v), err
}
