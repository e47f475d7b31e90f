package loadgen

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/zvonok/zvonok/sfu"
	"github.com/zvonok/zvonok/sfu/media"
)

// Names and times of a lecture.
const (
	lecturer = media.ParticipantID("lecturer")
	// joinsAtOnce is how many listeners are on their way in together.
	joinsAtOnce = 8
	joinTimeout = 60 * time.Second
	warmUp      = 2 * time.Second
	// voidShare is the share of its processor above which the generator measures itself rather than the server.
	voidShare = 0.9
)

var errVoid = errors.New("loadgen: the generator itself was too busy; the run is void")

// lectureOptions say what to run.
type lectureOptions struct {
	Listeners int
	Length    time.Duration
	// Pin puts the server on processor 0 and the generator on processor 1.
	Pin bool
}

// result is what a lecture gave.
type result struct {
	Joined      int
	JoinTime    time.Duration
	Window      time.Duration
	Received    uint64
	Lost        uint64
	Foreign     uint64
	Forwarded   uint64
	ServerCPU   time.Duration
	OwnCPU      time.Duration
	Latencies   []time.Duration
	KeyRequests uint64
}

// lecture lets one publisher speak to many listeners.
func lecture(o lectureOptions, stderr io.Writer) (result, error) {
	server := -1
	if o.Pin {
		server = 0
		if err := pinSelf(1); err != nil {
			return result{}, fmt.Errorf("loadgen: pin: %w", err)
		}
	}
	c, err := startChild(server, stderr)
	if err != nil {
		return result{}, err
	}
	r, err := lectureIn(c, o)
	return r, errors.Join(err, c.close())
}

func lectureIn(c *child, o lectureOptions) (r result, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), joinTimeout)
	defer cancel()
	began := time.Now()
	var measuring atomic.Bool
	p, err := enterLecturer(ctx, c, began)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, p.close()) }()
	joining := time.Now()
	listeners, err := enterListeners(ctx, c, o.Listeners, began, &measuring)
	defer func() {
		for _, s := range listeners {
			err = errors.Join(err, s.close())
		}
	}()
	if err != nil {
		return r, err
	}
	r.Joined, r.JoinTime = len(listeners), time.Since(joining)
	if err := measure(c, o.Length, &measuring, &r); err != nil {
		return r, err
	}
	r.KeyRequests = p.keyframes.Load()
	for _, s := range listeners {
		s.mu.Lock()
		r.Received += s.received
		r.Lost += s.lost
		r.Foreign += s.foreign
		r.Latencies = append(r.Latencies, s.latencies...)
		s.mu.Unlock()
	}
	slices.Sort(r.Latencies)
	if r.OwnCPU.Seconds()/r.Window.Seconds() > voidShare {
		return r, errVoid
	}
	return r, nil
}

func enterLecturer(ctx context.Context, c *child, began time.Time) (*publisher, error) {
	p, err := newPublisher(began)
	if err != nil {
		return nil, err
	}
	sdp, err := offer(p.pc)
	if err == nil {
		_, err = c.ask(request{Op: "join", Who: lecturer})
	}
	var answer reply
	if err == nil {
		answer, err = c.ask(request{Op: "publish", Who: lecturer, SDP: sdp})
	}
	if err == nil {
		err = p.start(ctx, answer.SDP)
	}
	if err != nil {
		return nil, errors.Join(err, p.close())
	}
	return p, nil
}

// enterListeners returns who entered, even with an error. A listener is inside when its first picture has come.
func enterListeners(ctx context.Context, c *child, n int, began time.Time, measuring *atomic.Bool) ([]*subscriber, error) {
	var (
		mu      sync.Mutex
		inside  []*subscriber
		trouble error
		wait    sync.WaitGroup
		door    = make(chan struct{}, joinsAtOnce)
	)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for i := range n {
		door <- struct{}{}
		wait.Go(func() {
			defer func() { <-door }()
			s, err := newSubscriber(media.ParticipantID(fmt.Sprintf("listener-%03d", i)), began, measuring)
			if err == nil {
				mu.Lock()
				inside = append(inside, s)
				mu.Unlock()
				err = enter(ctx, c, s)
			}
			if err != nil {
				cancel()
				mu.Lock()
				trouble = errors.Join(trouble, err)
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	return inside, trouble
}

func enter(ctx context.Context, c *child, s *subscriber) error {
	sdp, err := offer(s.pc)
	if err != nil {
		return err
	}
	if _, err := c.ask(request{Op: "join", Who: s.id}); err != nil {
		return err
	}
	if _, err := c.ask(request{Op: "view", Who: s.id, View: &sfu.View{Stage: lecturer, StageHeight: 720}}); err != nil {
		return err
	}
	answer, err := c.ask(request{Op: "subscribe", Who: s.id, SDP: sdp, Slots: lectureSlots})
	if err != nil {
		return err
	}
	if err := s.start(ctx, answer.SDP); err != nil {
		return err
	}
	select {
	case <-s.first:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("loadgen: %s saw nothing: %w", s.id, ctx.Err())
	}
}

// usage is what both processes have used so far, and what the server has forwarded.
type usage struct {
	at          time.Time
	server, own time.Duration
	forwarded   uint64
}

func (c *child) usage() (u usage, err error) {
	stats, err := c.ask(request{Op: "stats"})
	if err != nil {
		return u, err
	}
	if u.server, err = processorTime(c.cmd.Process.Pid); err != nil {
		return u, err
	}
	u.own, err = processorTime(os.Getpid())
	u.at, u.forwarded = time.Now(), stats.Stats.Forwarded
	return u, err
}

func measure(c *child, length time.Duration, measuring *atomic.Bool, r *result) error {
	<-time.After(warmUp)
	before, err := c.usage()
	if err != nil {
		return err
	}
	measuring.Store(true)
	<-time.After(length)
	measuring.Store(false)
	after, err := c.usage()
	if err != nil {
		return err
	}
	r.Window = after.at.Sub(before.at)
	r.ServerCPU, r.OwnCPU = after.server-before.server, after.own-before.own
	r.Forwarded = after.forwarded - before.forwarded
	return nil
}

// percentile of sorted durations; p from 0 to 1.
func percentile(sorted []time.Duration, p float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(len(sorted)-1, int(p*float64(len(sorted))))]
}

func (r result) print(out io.Writer) {
	seconds := r.Window.Seconds()
	ms := func(p float64) float64 { return float64(percentile(r.Latencies, p).Microseconds()) / 1000 }
	loss := 0.0
	if r.Received+r.Lost > 0 {
		loss = 100 * float64(r.Lost) / float64(r.Received+r.Lost)
	}
	perPacket := 0.0
	if r.Forwarded > 0 {
		perPacket = float64(r.ServerCPU.Microseconds()) / float64(r.Forwarded)
	}
	fmt.Fprintf(out, "listeners          %d, joined in %.1f s (%.1f joins/s, each until its first picture)\n",
		r.Joined, r.JoinTime.Seconds(), float64(r.Joined)/r.JoinTime.Seconds())
	fmt.Fprintf(out, "packets            %.0f/s forwarded, %.0f/s received and decrypted\n",
		float64(r.Forwarded)/seconds, float64(r.Received)/seconds)
	fmt.Fprintf(out, "loss               %.3f %% (%d packets), %d without a stamp\n", loss, r.Lost, r.Foreign)
	fmt.Fprintf(out, "latency            p50 %.1f ms, p95 %.1f ms, p99 %.1f ms, max %.1f ms\n", ms(0.5), ms(0.95), ms(0.99), ms(1))
	fmt.Fprintf(out, "server             %.1f %% of a processor, %.1f us per forwarded packet\n", 100*r.ServerCPU.Seconds()/seconds, perPacket)
	fmt.Fprintf(out, "generator          %.1f %% of a processor\n", 100*r.OwnCPU.Seconds()/seconds)
	fmt.Fprintf(out, "keyframe requests  %d\n", r.KeyRequests)
}
