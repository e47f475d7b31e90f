package sfu

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/zvonok/zvonok/sfu/internal/speaker"
	"github.com/zvonok/zvonok/sfu/media"
)

const (
	// mailboxSize is how many commands wait for a room.
	mailboxSize = 256
	// roomTick paces everything that depends on time: who speaks, which layers live, repeated keyframe requests.
	roomTick = 50 * time.Millisecond
)

// Room is one lesson's media. One goroutine owns its control state; see [Conference] for its methods.
type Room struct {
	id       media.RoomID
	server   *Server
	events   Events
	counters *counters
	census   struct{ participants, publishing, subscribing atomic.Int64 }

	// in
	mailbox chan func()
	pokes   chan struct{}
	stop    chan struct{}
	// out
	stopped  chan struct{}
	stopOnce sync.Once
	failed   atomic.Bool
	// legs counts the goroutines that close transports.
	legs sync.WaitGroup
	// wantedTap and heights are set by any goroutine before a poke.
	wantedTap atomic.Pointer[tapHolder]
	heights   atomic.Bool

	mu      sync.Mutex
	touched map[*Participant]struct{}

	// owned by the room's goroutine
	people  map[media.ParticipantID]*Participant
	order   []media.ParticipantID
	shards  []*shard
	ranking speaker.Ranking
	living  map[*upTrack]bool
	codec   media.Codec
	opened  uint64
	dirty   bool
	// allotted is when the estimates were last looked at.
	allotted time.Duration
	tap      *tapHolder
	tapper   *shard
}

var _ Conference = (*Room)(nil)

func newRoom(s *Server, id media.RoomID, events Events) *Room {
	r := &Room{
		id: id, server: s, events: events, counters: &s.counters,
		mailbox: make(chan func(), mailboxSize), pokes: make(chan struct{}, 1),
		stop: make(chan struct{}), stopped: make(chan struct{}),
		touched: map[*Participant]struct{}{}, people: map[media.ParticipantID]*Participant{}, living: map[*upTrack]bool{},
	}
	for range s.cfg.Shards {
		r.shards = append(r.shards, newShard(r, DropShardFull))
	}
	r.tapper = newShard(r, DropTapFull)
	return r
}

// ID names the room.
func (r *Room) ID() media.RoomID { return r.id }

func (r *Room) start() {
	for _, s := range r.shards {
		go s.run()
	}
	go r.tapper.run()
	go r.run()
}

// Join implements [Conference]. The errors are ErrClosed, ErrRoomFull and ctx's.
func (r *Room) Join(ctx context.Context, id media.ParticipantID, caps Capabilities) (Member, error) {
	p := newParticipant(r, id, caps)
	if err := r.do(ctx, func() error { return r.join(p) }); err != nil {
		return nil, err
	}
	return p, nil
}

// SetTap makes t the room's tap, in place of an earlier one, whose tracks are closed; nil takes it away. It does not
// wait, and may be called from a callback too.
func (r *Room) SetTap(t Tap) {
	r.wantedTap.Store(&tapHolder{tap: t})
	r.poke()
}

// Close implements [Conference]. It is idempotent.
func (r *Room) Close() error {
	r.end()
	<-r.stopped
	return nil
}

func (r *Room) end() { r.stopOnce.Do(func() { close(r.stop) }) }

// fail ends the room after a panic in one of its goroutines; the others live on.
func (r *Room) fail(cause any, stack []byte) {
	r.failed.Store(true)
	r.server.cfg.Logger.Error("room ended by a panic", "room", string(r.id), "err", fmt.Sprint(cause), "stack", string(stack))
	r.end()
}

// survive is deferred by every goroutine that works for the room.
func (r *Room) survive() {
	if cause := recover(); cause != nil {
		r.counters.panics.Add(1)
		r.fail(cause, debug.Stack())
	}
}

// do runs f on the room's goroutine and waits for its answer. When the mailbox is full it waits for a place; ctx and
// the room's end free it.
func (r *Room) do(ctx context.Context, f func() error) error {
	reply := make(chan error, 1)
	select {
	case r.mailbox <- func() { reply <- f() }:
	case <-r.stop:
		return ErrClosed
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	select {
	case err := <-reply:
		return err
	case <-r.stopped:
		// The last commands are answered before stopped is closed.
		select {
		case err := <-reply:
			return err
		default:
			return ErrClosed
		}
	}
}

// post runs f on the room's goroutine without waiting for it. It waits for a place in a full mailbox, until the room
// ends: it is called by goroutines that can wait.
func (r *Room) post(f func()) {
	select {
	case r.mailbox <- f:
	case <-r.stop:
	}
}

// poke makes the room look at what was set for it; a poke that waits already is enough.
func (r *Room) poke() {
	select {
	case r.pokes <- struct{}{}:
	default:
	}
}

// pokeLayers tells that an encoding's height changed.
func (r *Room) pokeLayers() {
	r.heights.Store(true)
	r.poke()
}

// touch tells that something of p's was set. It never waits: the list holds each participant once.
func (r *Room) touch(p *Participant) {
	r.mu.Lock()
	r.touched[p] = struct{}{}
	r.mu.Unlock()
	r.poke()
}

func (r *Room) run() {
	defer close(r.stopped)
	ticker := time.NewTicker(roomTick)
	defer ticker.Stop()
	for {
		select {
		case <-r.stop:
			r.shutdown()
			return
		case f := <-r.mailbox:
			r.step(f)
		case <-r.pokes:
			r.step(r.look)
		case <-ticker.C:
			r.step(r.tick)
		}
	}
}

// step runs one command and brings the slots into line with what it changed.
func (r *Room) step(f func()) {
	defer r.survive()
	f()
	if r.dirty {
		r.dirty = false
		r.retap()
		r.assign()
	}
}

// look takes in what other goroutines have set.
func (r *Room) look() {
	if r.heights.Swap(false) {
		r.dirty = true
	}
	r.mu.Lock()
	touched := r.touched
	r.touched = map[*Participant]struct{}{}
	r.mu.Unlock()
	for p := range touched {
		if p.left.Load() {
			r.remove(p)
		}
		for _, src := range p.sources {
			r.noteOpening(src)
		}
		r.dirty = true
	}
	if wanted := r.wantedTap.Load(); wanted != r.tap {
		r.replaceTap(wanted)
	}
	r.rank()
}

func (r *Room) noteOpening(src *upSource) {
	switch {
	case !src.live():
		src.openedAt = 0
		src.meter.Reset()
	case src.openedAt == 0:
		r.opened++
		src.openedAt = r.opened
	}
}

func (r *Room) tick() {
	now := r.server.since(time.Now())
	for u, lived := range r.living {
		lives := u.alive(now, layerTimeout)
		if lives != lived {
			r.living[u] = lives
			r.dirty = true
		}
		if lives {
			u.retryKeyframe(now)
		}
	}
	r.rank()
	r.allot(now)
}

// join puts a participant in, in place of one with the same id.
func (r *Room) join(p *Participant) error {
	if old := r.people[p.id]; old != nil {
		r.remove(old)
	}
	if len(r.people) >= r.server.cfg.MaxParticipants {
		return ErrRoomFull
	}
	p.present = true
	r.people[p.id] = p
	r.order = append(r.order, p.id)
	r.census.participants.Add(1)
	r.chooseCodec()
	r.dirty = true
	return nil
}

func (r *Room) remove(p *Participant) {
	if !p.present {
		return
	}
	p.present = false
	r.dropPublish(p)
	r.dropSubscribe(p)
	for _, src := range p.sources {
		r.closeLine(src)
	}
	delete(r.people, p.id)
	r.order = slices.DeleteFunc(r.order, func(id media.ParticipantID) bool { return id == p.id })
	r.census.participants.Add(-1)
	r.chooseCodec()
	r.dirty = true
}

// shutdown is ordered: nobody new, the transports, the shards, the held commands.
func (r *Room) shutdown() {
	r.server.forget(r)
	if r.failed.Load() {
		r.tellFailure()
	}
	for _, p := range r.people {
		r.quietly(func() { r.dropPublish(p); r.dropSubscribe(p) })
		p.present = false
	}
	r.quietly(func() { r.replaceTap(&tapHolder{}) })
	r.people, r.order = nil, nil
	r.census.participants.Store(0)
	r.legs.Wait()
	for _, s := range append(r.shards, r.tapper) {
		close(s.stop)
		<-s.stopped
	}
	for {
		select {
		case <-r.mailbox: // its sender is told ErrClosed when stopped closes
		default:
			return
		}
	}
}

func (r *Room) quietly(f func()) {
	defer func() {
		if recover() != nil {
			r.counters.panics.Add(1)
		}
	}()
	f()
}

func (r *Room) tellFailure() {
	for _, p := range r.people {
		if p.publish != nil {
			r.quietly(func() { r.events.LegChanged(p.id, PublishLeg, LegFailed) })
		}
		if p.subscribe != nil {
			r.quietly(func() { r.events.LegChanged(p.id, SubscribeLeg, LegFailed) })
		}
	}
}
