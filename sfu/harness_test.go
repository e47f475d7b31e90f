package sfu_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/rtcp"

	"github.com/zvonok/zvonok/sfu"
	"github.com/zvonok/zvonok/sfu/media"
	"github.com/zvonok/zvonok/sfu/sfutest"
)

// TestMain fails when goroutines of ours or of Pion are left over after all tests.
func TestMain(m *testing.M) {
	code := m.Run()
	if code == 0 {
		if left := leftover(5 * time.Second); left != "" {
			fmt.Fprintln(os.Stderr, "goroutines left over:\n"+left)
			code = 1
		}
	}
	os.Exit(code)
}

// leftover waits until no goroutine mentions pion or zvonok, and returns those that still do after the limit.
func leftover(limit time.Duration) string {
	deadline := time.Now().Add(limit)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		buf := make([]byte, 1<<20)
		buf = buf[:runtime.Stack(buf, true)]
		var bad []string
		for i, g := range strings.Split(string(buf), "\n\n") {
			if i > 0 && (strings.Contains(g, "github.com/pion/") || strings.Contains(g, "github.com/zvonok/")) {
				bad = append(bad, g)
			}
		}
		if len(bad) == 0 {
			return ""
		}
		if time.Now().After(deadline) {
			return strings.Join(bad, "\n\n")
		}
		<-tick.C
	}
}

// recorded is an Events that keeps what it is told.
type recorded struct {
	mu       sync.Mutex
	changed  chan struct{}
	slots    map[media.ParticipantID]map[int]sfu.Occupant
	active   media.ParticipantID
	speaking []media.ParticipantID
	codecs   []media.Codec
	legs     map[string]sfu.LegState
}

func newRecorded() *recorded {
	return &recorded{changed: make(chan struct{}, 1), slots: map[media.ParticipantID]map[int]sfu.Occupant{}, legs: map[string]sfu.LegState{}}
}

func (r *recorded) note(f func()) {
	r.mu.Lock()
	f()
	r.mu.Unlock()
	select {
	case r.changed <- struct{}{}:
	default:
	}
}

func (r *recorded) SlotsChanged(to media.ParticipantID, changed []sfu.Occupant) {
	r.note(func() {
		if r.slots[to] == nil {
			r.slots[to] = map[int]sfu.Occupant{}
		}
		for _, o := range changed {
			r.slots[to][o.Slot] = o
		}
	})
}

func (r *recorded) SpeakersChanged(active media.ParticipantID, speaking []media.ParticipantID) {
	r.note(func() { r.active, r.speaking = active, speaking })
}

func (r *recorded) LegChanged(of media.ParticipantID, leg sfu.Leg, state sfu.LegState) {
	r.note(func() { r.legs[fmt.Sprint(of, leg)] = state })
}

func (r *recorded) CodecChanged(c media.Codec) { r.note(func() { r.codecs = append(r.codecs, c) }) }

func (r *recorded) slot(to media.ParticipantID, slot int) sfu.Occupant {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.slots[to][slot]
}

// world is a server with one room.
type world struct {
	t      *testing.T
	ctx    context.Context
	server *sfu.Server
	room   *sfu.Room
	events *recorded
}

func newWorld(t *testing.T, conn net.PacketConn) *world {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	t.Cleanup(cancel)
	server, err := sfu.NewServer(sfu.Config{Listen: "127.0.0.1:0", Conn: conn, Logger: testLogger(t)})
	if err != nil {
		t.Fatal(err)
	}
	events := newRecorded()
	room, err := server.OpenRoom("room", events)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return &world{t: t, ctx: ctx, server: server, room: room, events: events}
}

// testLogger prints when SFU_TEST_LOG is set.
func testLogger(t *testing.T) *slog.Logger {
	if os.Getenv("SFU_TEST_LOG") == "" {
		return nil
	}
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// until waits for a condition; what makes it true may be anywhere.
func (w *world) until(what string, ok func() bool) {
	w.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	limit := time.NewTimer(20 * time.Second)
	defer limit.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-limit.C:
			w.t.Fatalf("waited in vain: %s\n%+v", what, w.server.Stats())
		}
	}
}

// during fails when the condition is broken within the span.
func (w *world) during(span time.Duration, what string, ok func() bool) {
	w.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	limit := time.NewTimer(span)
	defer limit.Stop()
	for {
		select {
		case <-tick.C:
			if !ok() {
				w.t.Fatalf("broken: %s", what)
			}
		case <-limit.C:
			return
		}
	}
}

func (w *world) join(id media.ParticipantID, caps sfu.Capabilities) sfu.Member {
	w.t.Helper()
	m, err := w.room.Join(w.ctx, id, caps)
	if err != nil {
		w.t.Fatal(err)
	}
	return m
}

var everything = [media.Sources]bool{true, true, true, true}

// publish connects a publisher and opens the sources.
func (w *world) publish(m sfu.Member, o sfutest.Options, rids []string, open ...media.Source) *sfutest.Publisher {
	w.t.Helper()
	p, err := sfutest.NewPublisher(o, rids...)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = p.Close() })
	err = p.Connect(w.ctx, func(ctx context.Context, offer string) (string, error) {
		return m.Publish(ctx, sfu.Publication{Offer: offer, Allowed: everything})
	})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, s := range open {
		m.SetSource(s, true)
	}
	return p
}

// inbox collects what a subscriber receives.
type inbox struct {
	*sfutest.Subscriber
	mu      sync.Mutex
	all     []sfutest.Received
	reports map[int][]rtcp.SenderReport
}

func (b *inbox) snapshot() []sfutest.Received {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]sfutest.Received(nil), b.all...)
}

func (b *inbox) clear() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.all = nil
}

func (b *inbox) count(slot int) int {
	n := 0
	for _, r := range b.snapshot() {
		if r.Slot == slot {
			n++
		}
	}
	return n
}

func (w *world) subscribe(m sfu.Member, o sfutest.Options, kinds ...media.SlotKind) *inbox {
	w.t.Helper()
	return w.subscribeBy(m.Subscribe, o, kinds...)
}

// subscribeBy lets something else carry the offer to the member.
func (w *world) subscribeBy(exchange func(context.Context, sfu.Subscription) (string, error), o sfutest.Options, kinds ...media.SlotKind) *inbox {
	w.t.Helper()
	b := &inbox{reports: map[int][]rtcp.SenderReport{}}
	s, err := sfutest.NewSubscriber(o, kinds, func(r sfutest.Received) {
		b.mu.Lock()
		b.all = append(b.all, r)
		b.mu.Unlock()
	}, func(slot int, sr *rtcp.SenderReport) {
		b.mu.Lock()
		b.reports[slot] = append(b.reports[slot], *sr)
		b.mu.Unlock()
	})
	if err != nil {
		w.t.Fatal(err)
	}
	b.Subscriber = s
	w.t.Cleanup(func() { _ = s.Close() })
	err = s.Connect(w.ctx, func(ctx context.Context, offer string) (string, error) {
		return exchange(ctx, sfu.Subscription{Offer: offer, Slots: kinds})
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return b
}

// film writes 25 pictures a second into an encoding, keyframes when asked, until the publisher is closed. The height in
// the parameter sets tells the encodings apart.
func film(p *sfutest.Publisher, e *sfutest.Encoding, height int) {
	video := sfutest.NewVideo(height)
	var ts uint32
	p.Every(40*time.Millisecond, func(time.Time) bool {
		frame := video.Delta(2)
		select {
		case <-e.Keyframe():
			frame = video.Keyframe(3)
		default:
			if ts == 0 {
				frame = video.Keyframe(3)
			}
		}
		ts += 3600
		return writeFrame(e, ts, frame) == nil
	})
}

func writeFrame(e *sfutest.Encoding, ts uint32, frame [][]byte) error {
	for i, payload := range frame {
		if err := e.Write(sfutest.Packet{TS: ts, Marker: i == len(frame)-1, Payload: payload}); err != nil {
			return err
		}
	}
	return nil
}

// tone writes 50 Opus packets a second at a level; the first payload byte is mark.
func tone(p *sfutest.Publisher, e *sfutest.Encoding, level, mark uint8) {
	ts := uint32(mark) * 1000
	p.Every(20*time.Millisecond, func(time.Time) bool {
		ts += 960
		return e.Write(sfutest.Packet{TS: ts, Payload: []byte{mark, 1, 2, 3}, Level: level}) == nil
	})
}
