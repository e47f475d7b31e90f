package impair

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Step is one change of a link at a time after the script's start.
type Step struct {
	At    time.Duration
	Apply func(*Link) error
	// Text is the line that the step was read from.
	Text string
}

// ParseScript reads one step a line; empty lines and those that begin with # are skipped:
//
//	0s  both delay=50ms
//	10s down loss=5% burst=4      (up, down or both; the shape is replaced as a whole, without words by a perfect one)
//	20s rebind
//	30s lose-interface
//	40s block udp                 (udp or tcp)
//	50s pass udp
func ParseScript(r io.Reader) ([]Step, error) {
	var steps []Step
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		at, rest, _ := strings.Cut(line, " ")
		when, err := time.ParseDuration(at)
		if err != nil {
			return nil, fmt.Errorf("%w: %q: %w", ErrShape, line, err)
		}
		step, err := ParseStep(rest)
		if err != nil {
			return nil, err
		}
		step.At = when
		steps = append(steps, step)
	}
	slices.SortStableFunc(steps, func(a, b Step) int { return int(a.At - b.At) })
	return steps, lines.Err()
}

// ParseStep reads what stands behind the time.
func ParseStep(text string) (Step, error) {
	step := Step{Text: strings.TrimSpace(text)}
	words := strings.Fields(text)
	bad := fmt.Errorf("%w: %q", ErrShape, text)
	if len(words) == 0 {
		return step, bad
	}
	verb, words := words[0], words[1:]
	switch {
	case verb == "up" || verb == "down" || verb == "both":
		shape, err := ParseShape(words...)
		set := map[string]func(*Link, Shape){"up": (*Link).SetUp, "down": (*Link).SetDown, "both": (*Link).SetBoth}[verb]
		step.Apply = func(l *Link) error { set(l, shape); return nil }
		return step, err
	case verb == "rebind" && len(words) == 0:
		step.Apply = (*Link).Rebind
	case verb == "lose-interface" && len(words) == 0:
		step.Apply = func(l *Link) error { l.LoseInterface(); return nil }
	case (verb == "block" || verb == "pass") && len(words) == 1 && (words[0] == "udp" || words[0] == "tcp"):
		step.Apply = func(l *Link) error { l.Block(words[0], verb == "block"); return nil }
	default:
		return step, bad
	}
	return step, nil
}

// Play applies the steps at their times and returns after the last one, or with the context's error. tell, which may
// be nil, hears of each step when it has been applied.
func (l *Link) Play(ctx context.Context, steps []Step, tell func(Step)) error {
	began := time.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	<-timer.C
	for _, s := range steps {
		if wait := time.Until(began.Add(s.At)); wait > 0 {
			timer.Reset(wait)
			select {
			case <-timer.C:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
		if err := s.Apply(l); err != nil {
			return fmt.Errorf("impair: %s: %w", s.Text, err)
		}
		if tell != nil {
			tell(s)
		}
	}
	return nil
}
