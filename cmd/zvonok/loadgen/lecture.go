package loadgen

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/zvonok/zvonok/sfu"
	"github.com/zvonok/zvonok/sfu/media"
)

// Names and times of a run.
const (
	lecturer = media.ParticipantID("lecturer")
	// joinsAtOnce is how many listeners are on their way in together.
	joinsAtOnce = 8
	joinTimeout = 120 * time.Second
	warmUp      = 2 * time.Second
	// sampledLeast is how many listeners at least decrypt everything and measure latency, sampledEach every how manieth.
	sampledLeast, sampledEach = 50, 10
	// voidShare is the share of its processor above which the generator measures itself rather than the server.
	voidShare = 0.9
)

var errVoid = errors.New("loadgen: the generator itself was too busy; the run is void")

// lectureSlots is what a listener of a lecture negotiates: the pairs, the voices and a few tiles.
var lectureSlots = []media.SlotKind{
	media.SlotStageVideo, media.SlotStageVoice, media.SlotShareVideo, media.SlotShareAudio,
	media.SlotVoice, media.SlotVoice, media.SlotVoice, media.SlotTile, media.SlotTile, media.SlotTile, media.SlotTile,
}

// options say what to run.
type options struct {
	// Listeners of a lecture, or Meeting people who all send to all others.
	Listeners, Meeting int
	Length             time.Duration
	// Pin puts the server on processor 0 and the generator on processor 1.
	Pin bool
	// Simulcast sends all three encodings, else the largest alone. Joined lets listeners take packets joined by the
	// kernel. Floor measures it in the same run.
	Simulcast, Joined, Floor bool
	// Server is the kind of the server under test; ours when empty.
	Server string
	// Profile is where the server's profile of the window goes, if anywhere.
	Profile string
}

// run lets publishers speak to many listeners through a server in a process of its own.
func (o options) run(stderr io.Writer) (r result, err error) {
	server := -1
	if o.Pin {
		server = 0
		if err := pinSelf(1); err != nil {
			return r, fmt.Errorf("loadgen: pin: %w", err)
		}
	}
	c, err := startChild(cmp.Or(o.Server, hallOurs), server, stderr)
	if err != nil {
		return r, err
	}
	r, err = o.runIn(c)
	return r, errors.Join(err, c.close())
}

func (o options) runIn(c *child) (r result, err error) {
	began := time.Now()
	a, err := newAudience(began, o.Joined)
	if err != nil {
		return r, err
	}
	r, listeners, err := o.play(c, a, began)
	if err == nil && o.Floor {
		r.Floor, err = o.measureFloor(c, a)
	}
	err = errors.Join(err, a.close())
	r.gather(listeners)
	if err == nil && r.OwnCPU.Seconds()/r.Window.Seconds() > voidShare {
		err = errVoid
	}
	return r, err
}

// play runs the lesson; everybody has left when it returns.
func (o options) play(c *child, a *audience, began time.Time) (r result, listeners []*listener, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), joinTimeout)
	defer cancel()
	publishers, err := o.enterPublishers(ctx, c, began)
	defer func() {
		for _, p := range publishers {
			err = errors.Join(err, p.close())
		}
		for _, l := range listeners {
			_, left := c.ask(request{Op: "leave", Who: l.id})
			err = errors.Join(err, left)
		}
	}()
	if err != nil {
		return r, nil, err
	}
	<-time.After(warmUp)
	if r.EmptyBytes, err = residentBytes(c.cmd.Process.Pid); err != nil {
		return r, nil, err
	}
	joining := time.Now()
	listeners, err = o.enterListeners(ctx, c, a)
	if err != nil {
		return r, listeners, err
	}
	r.Joined, r.JoinTime = len(listeners), time.Since(joining)
	err = o.measure(c, a, &r)
	for _, p := range publishers {
		r.KeyRequests += p.keyframes.Load()
	}
	return r, listeners, err
}

// enterPublishers returns who entered, even with an error. In a meeting they begin one after the other, so that their
// frames do not come together.
func (o options) enterPublishers(ctx context.Context, c *child, began time.Time) (inside []*publisher, err error) {
	names := []media.ParticipantID{lecturer}
	if o.Meeting > 0 {
		names = nil
		for i := range o.Meeting {
			names = append(names, member(i))
		}
	}
	for _, name := range names {
		p, err := newPublisher(began, o.Simulcast)
		if err != nil {
			return inside, err
		}
		inside = append(inside, p)
		sdp, err := offer(p.pc)
		if err == nil {
			_, err = c.ask(request{Op: "join", Who: name})
		}
		var answer reply
		if err == nil {
			answer, err = c.ask(request{Op: "publish", Who: name, SDP: sdp})
		}
		if err == nil {
			err = p.start(ctx, answer.SDP)
		}
		if err != nil {
			return inside, err
		}
	}
	return inside, nil
}

func member(i int) media.ParticipantID { return media.ParticipantID(fmt.Sprintf("member-%02d", i)) }

// enterListeners returns who entered, even with an error. A listener is inside when its first picture has come.
func (o options) enterListeners(ctx context.Context, c *child, a *audience) ([]*listener, error) {
	var (
		mu      sync.Mutex
		inside  []*listener
		trouble error
		wait    sync.WaitGroup
		door    = make(chan struct{}, joinsAtOnce)
	)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	n := max(o.Listeners, o.Meeting)
	for i := range n {
		door <- struct{}{}
		wait.Go(func() {
			defer func() { <-door }()
			l, err := o.newListener(a, i, n)
			if err == nil {
				mu.Lock()
				inside = append(inside, l)
				mu.Unlock()
				err = o.enter(ctx, c, l)
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

func (o options) newListener(a *audience, i, n int) (*listener, error) {
	sampled := n <= sampledLeast || i%sampledEach == 0
	if o.Meeting == 0 {
		return newListener(a, media.ParticipantID(fmt.Sprintf("listener-%03d", i)), i, lectureSlots, sampled)
	}
	slots := []media.SlotKind{media.SlotVoice, media.SlotVoice, media.SlotVoice}
	for range n - 1 {
		slots = append(slots, media.SlotTile)
	}
	return newListener(a, member(i), i, slots, sampled)
}

// view is what a listener wants to see.
func (o options) view(l *listener) *sfu.View {
	if o.Meeting == 0 {
		return &sfu.View{Stage: lecturer, StageHeight: 720}
	}
	v := &sfu.View{}
	for i := range o.Meeting {
		if i != l.number {
			v.Tiles = append(v.Tiles, sfu.TileView{Participant: member(i), Height: 720})
		}
	}
	return v
}

func (o options) enter(ctx context.Context, c *child, l *listener) error {
	if o.Meeting == 0 {
		if _, err := c.ask(request{Op: "join", Who: l.id}); err != nil {
			return err
		}
	}
	if _, err := c.ask(request{Op: "view", Who: l.id, View: o.view(l)}); err != nil {
		return err
	}
	answer, err := c.ask(request{Op: "subscribe", Who: l.id, SDP: l.offer(), Slots: l.slots})
	if err != nil {
		return err
	}
	if err := l.connect(ctx, answer.SDP); err != nil {
		return err
	}
	select {
	case <-l.first:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("loadgen: %s saw nothing: %w", l.id, ctx.Err())
	}
}

// usage is what both processes have used so far, and what the server has done.
type usage struct {
	at          time.Time
	server, own time.Duration
	mallocs     uint64
	stats       sfu.Stats
}

func (c *child) usage() (u usage, err error) {
	answer, err := c.ask(request{Op: "stats"})
	if err != nil {
		return u, err
	}
	if u.server, err = processorTime(c.cmd.Process.Pid); err != nil {
		return u, err
	}
	u.own, err = processorTime(os.Getpid())
	u.at, u.stats, u.mallocs = time.Now(), *answer.Stats, answer.Mallocs
	return u, err
}

func (o options) measure(c *child, a *audience, r *result) error {
	<-time.After(warmUp)
	if o.Profile != "" {
		if _, err := c.ask(request{Op: "profile", File: o.Profile}); err != nil {
			return err
		}
	}
	before, err := c.usage()
	if err != nil {
		return err
	}
	a.measuring.Store(true)
	<-time.After(o.Length)
	a.measuring.Store(false)
	after, err := c.usage()
	if err != nil {
		return err
	}
	if o.Profile != "" {
		if _, err := c.ask(request{Op: "profile", File: o.Profile, End: true}); err != nil {
			return err
		}
	}
	r.Window = after.at.Sub(before.at)
	r.ServerCPU, r.OwnCPU = after.server-before.server, after.own-before.own
	r.Forwarded = after.stats.Forwarded - before.stats.Forwarded
	r.Calls, r.Mallocs = after.stats.SendCalls-before.stats.SendCalls, after.mallocs-before.mallocs
	for i := range r.Drops {
		r.Drops[i] = after.stats.Drops[i] - before.stats.Drops[i]
	}
	r.FullBytes, err = residentBytes(c.cmd.Process.Pid)
	return err
}
