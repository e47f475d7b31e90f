package recorder

import (
	"context"
	"errors"
	"io"
	"math"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/zvonok/zvonok/recorder/internal/opus"
	"github.com/zvonok/zvonok/recorder/internal/spool"
	"github.com/zvonok/zvonok/recorder/internal/testmedia"
	"github.com/zvonok/zvonok/sfu"
	"github.com/zvonok/zvonok/sfu/media"
	"github.com/zvonok/zvonok/storage/blob"
	"github.com/zvonok/zvonok/storage/catalog"
	"github.com/zvonok/zvonok/storage/policy"
)

var errAway = errors.New("away")

// memIndex stands for the database where time is simulated; the real one has tests of its own.
type memIndex struct {
	mu       sync.Mutex
	away     bool
	over     bool
	rec      *catalog.Recording
	tracks   map[uuid.UUID]catalog.Track
	inits    map[uuid.UUID]catalog.Init
	segments map[uuid.UUID]catalog.Segment
	stage    map[int]catalog.StageSpan
	events   map[int]catalog.Event
	ended    *time.Time
	complete *time.Time
	deleted  bool
}

func newMemIndex() *memIndex {
	return &memIndex{
		tracks: map[uuid.UUID]catalog.Track{}, inits: map[uuid.UUID]catalog.Init{}, segments: map[uuid.UUID]catalog.Segment{},
		stage: map[int]catalog.StageSpan{}, events: map[int]catalog.Event{},
	}
}

func (m *memIndex) apply(_ context.Context, _, _ uuid.UUID, rows []spool.Row) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away {
		return errAway
	}
	for _, r := range rows {
		if m.deleted {
			return errDeleted
		}
		switch r.Kind {
		case spool.RowRecording:
			m.rec = r.Recording
		case spool.RowTrack:
			m.tracks[r.Track.ID] = *r.Track
		case spool.RowInit:
			if _, ok := m.tracks[r.Init.TrackID]; !ok {
				return errors.New("init before its track")
			}
			m.inits[r.Init.ID] = *r.Init
		case spool.RowSegment:
			if _, ok := m.inits[r.Segment.InitID]; !ok {
				return errors.New("segment before its init")
			}
			m.segments[r.Segment.ID] = *r.Segment
		case spool.RowStage:
			if _, ok := m.stage[r.Stage.Seq]; !ok {
				m.stage[r.Stage.Seq] = *r.Stage
			}
		case spool.RowEvent:
			m.events[r.Event.Seq] = *r.Event
		case spool.RowEnd:
			m.ended = r.At
		case spool.RowComplete:
			m.complete = r.At
		case spool.RowMark:
		}
	}
	return nil
}

func (m *memIndex) lessonOver(context.Context, uuid.UUID, uuid.UUID) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.over, nil
}

func (m *memIndex) orphans(context.Context) ([]catalog.Recording, error) { return nil, nil }

func (m *memIndex) erase(context.Context, uuid.UUID, uuid.UUID, spool.Row) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.deleted = true
	return nil
}

func (m *memIndex) set(f func()) {
	m.mu.Lock()
	f()
	m.mu.Unlock()
}

// awayStore is a store that fails while it is away.
type awayStore struct {
	blob.Store
	away atomic.Bool
	puts atomic.Int64
}

func (s *awayStore) Put(ctx context.Context, key string, r io.Reader, size int64, sum []byte) error {
	s.puts.Add(1)
	if s.away.Load() {
		return errAway
	}
	return s.Store.Put(ctx, key, r, size, sum)
}

// fakeRoom is a room whose sources are publishers.
type fakeRoom struct {
	mu     sync.Mutex
	tap    sfu.Tap
	pubs   []*publisher
	active media.ParticipantID
}

func (r *fakeRoom) SetTap(t sfu.Tap) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range r.pubs {
		p.detach()
	}
	r.tap = t
	if t == nil {
		return
	}
	t.Speakers(r.active, nil)
	for _, p := range r.pubs {
		p.attach(t)
	}
}

func (r *fakeRoom) speak(id media.ParticipantID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.active = id
	if r.tap != nil {
		r.tap.Speakers(id, []media.ParticipantID{id})
	}
}

// publisher sends one source on the clock of the test.
type publisher struct {
	room   *fakeRoom
	id     media.ParticipantID
	source media.Source
	codec  media.Codec
	clip   testmedia.Clip
	sound  [][]byte
	// lose drops packets of the numbers it says.
	lose func(seq uint64) bool
	// skew is the sender's wall clock minus the server's; delay is the network's, per packet.
	skew  time.Duration
	delay func(i int) time.Duration
	// noReports: no sender reports.
	noReports bool

	key    atomic.Bool
	asked  atomic.Int64
	wanted atomic.Bool
	track  sfu.TapTrack
	stopCh chan struct{}
	done   chan struct{}
	// sent counts frames handed to the tap.
	sent atomic.Int64
}

func (p *publisher) attach(t sfu.Tap) {
	p.wanted.Store(true)
	p.track = t.Open(sfu.TapSource{
		Participant: p.id, Source: p.source, Codec: p.codec,
		RequestKeyframe: func() { p.key.Store(true); p.asked.Add(1) },
		SetWanted:       p.wanted.Store,
	})
}

func (p *publisher) detach() {
	if p.track != nil {
		p.track.Close()
		p.track = nil
	}
}

// publish opens the source and sends until unpublish.
func (r *fakeRoom) publish(p *publisher) *publisher {
	p.room, p.stopCh, p.done = r, make(chan struct{}), make(chan struct{})
	r.mu.Lock()
	r.pubs = append(r.pubs, p)
	if r.tap != nil {
		p.attach(r.tap)
	}
	r.mu.Unlock()
	go p.run()
	return p
}

func (r *fakeRoom) unpublish(p *publisher) {
	close(p.stopCh)
	<-p.done
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, q := range r.pubs {
		if q == p {
			r.pubs = append(r.pubs[:i], r.pubs[i+1:]...)
			break
		}
	}
	p.detach()
}

func (p *publisher) run() {
	defer close(p.done)
	interval, rate := 20*time.Millisecond, uint64(48000)
	if p.codec != media.Opus {
		interval, rate = time.Second/time.Duration(p.clip.FPS), 90000
	}
	pack := testmedia.NewPacketizer(p.codec, 5000)
	begun := time.Now()
	frame := 0
	for i := 0; ; i++ {
		due := begun.Add(time.Duration(i) * interval)
		wait := time.Until(due)
		if p.delay != nil {
			wait += p.delay(i)
		}
		select {
		case <-time.After(wait):
		case <-p.stopCh:
			return
		}
		ts := uint64(1e7) + uint64(i)*uint64(interval)*rate/uint64(time.Second)
		if p.codec != media.Opus && (p.key.Swap(false) || frame == len(p.clip.Frames)) {
			frame = 0
		}
		p.send(pack, i, frame, ts, due)
		frame++
	}
}

func (p *publisher) send(pack *testmedia.Packetizer, i, frame int, ts uint64, due time.Time) {
	var data []byte
	if p.codec == media.Opus {
		data = p.sound[i%len(p.sound)]
	} else {
		data = p.clip.Frames[frame]
	}
	packets := pack.Packets(data, ts, frame == 0)
	p.room.mu.Lock()
	defer p.room.mu.Unlock()
	if p.track == nil {
		return
	}
	if !p.noReports && i%25 == 0 {
		p.track.Report(media.SenderReport{TS: ts, NTP: due.Add(p.skew), Arrival: time.Now()})
	}
	if !p.wanted.Load() {
		return
	}
	for _, pk := range packets {
		pk.Arrival = time.Now()
		if p.lose == nil || !p.lose(pk.Seq) {
			p.track.Packet(pk)
		}
	}
	p.sent.Add(1)
}

// rig is a recorder with everything around it.
type rig struct {
	t     testing.TB
	spool string
	store *awayStore
	index *memIndex
	room  *fakeRoom
	rec   *Recorder
	req   StartRequest
	id    uuid.UUID
	rules map[media.ParticipantID]policy.Record
	clock func() time.Time
	tone  [][]byte
}

// newRig keeps its store and spool in dir, which may outlive the bubble of simulated time.
func newRig(t testing.TB, dir string) *rig {
	t.Helper()
	folder, err := blob.NewFolder(filepath.Join(dir, "store"))
	if err != nil {
		t.Fatal(err)
	}
	g := &rig{
		t: t, spool: filepath.Join(dir, "spool"), store: &awayStore{Store: folder}, index: newMemIndex(), room: &fakeRoom{},
		req:   StartRequest{School: uuid.New(), Lesson: uuid.New(), Class: uuid.New(), StartedBy: uuid.New()},
		rules: map[media.ParticipantID]policy.Record{},
	}
	g.open()
	return g
}

func (g *rig) config() Config {
	return Config{
		Spool: g.spool, Store: g.store, index: g.index, MasterKey: [32]byte{5, 5}, Clock: g.clock,
		Rooms: func(media.RoomID) (TapPoint, bool) { return g.room, true },
		MayRecord: func(_ context.Context, _, _ uuid.UUID, p media.ParticipantID, s media.Source) policy.Record {
			if rule, ok := g.rules[p]; ok && s == media.Camera {
				return rule
			}
			return policy.RecordAlways
		},
	}
}

func (g *rig) open() {
	g.t.Helper()
	var err error
	if g.rec, err = New(g.config()); err != nil {
		g.t.Fatal(err)
	}
}

func (g *rig) start() {
	g.t.Helper()
	var err error
	if g.id, err = g.rec.Start(context.Background(), g.req); err != nil {
		g.t.Fatal(err)
	}
}

func (g *rig) stop() {
	g.t.Helper()
	if err := g.rec.Stop(context.Background(), g.id); err != nil {
		g.t.Fatal(err)
	}
}

// settle waits until everything is uploaded and indexed.
func (g *rig) settle() {
	g.t.Helper()
	for range 6000 {
		g.index.mu.Lock()
		done := g.index.complete != nil
		g.index.mu.Unlock()
		if done {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	g.t.Fatal("the recording did not become complete")
}

func person() media.ParticipantID { return media.ParticipantID(uuid.NewString()) }

func tone(t testing.TB, hz float64) [][]byte { return testmedia.Tone(t, hz, 50*4, nil) }

// pulse is a beep of 20 ms in the middle of every second. (Packets 50 to 99: they follow each other in a circle, which
// the first packet of an encoder does not.)
func pulse(t testing.TB) [][]byte {
	return testmedia.Tone(t, 1000, 100, func(f int) bool { return f%50 == 25 })[50:]
}

func power(pcm []float32, hz float64, from, to time.Duration) float64 {
	a, b := int(from*opus.Rate/time.Second), int(to*opus.Rate/time.Second)
	if b > len(pcm) || a >= b {
		return math.NaN()
	}
	return testmedia.Power(pcm[a:b], hz)
}
