package recorder

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/zvonok/zvonok/recorder/internal/clock"
	"github.com/zvonok/zvonok/recorder/internal/spool"
	"github.com/zvonok/zvonok/recorder/stage"
	"github.com/zvonok/zvonok/sfu/media"
	"github.com/zvonok/zvonok/storage/catalog"
)

const (
	// beat is the session's clock: the mixer's frame.
	beat = 20 * time.Millisecond
	// gapWait is how long a missing packet is waited for; retransmissions come late.
	gapWait = 300 * time.Millisecond
	// flushEvery is how long samples stay in memory before they are in the spool.
	flushEvery = 40 * time.Millisecond
	// markEvery is how often the journal notes how far the recording is.
	markEvery = 5 * time.Second
	// commandsLength is how many commands wait; events beyond are lost, counted.
	commandsLength = 256
)

// session is one running recording. Its goroutine owns everything below the line.
type session struct {
	r        *Recorder
	folder   *spool.Folder
	up       *uploader
	tap      *tap
	room     TapPoint    // guarded by the recorder's mu
	moved    atomic.Bool // room is another than the tap's
	log      *slog.Logger
	commands chan func()
	stopped  chan struct{}
	// durable is the wall time in ms up to which everything is written; ill names a trouble with the spool.
	durable atomic.Int64
	ill     atomic.Pointer[string]
	// tracks is how many there are, mixLag how far the mix is behind in nanoseconds; for whoever watches.
	tracks, mixLag atomic.Int64

	// Owned by run.
	time     timeline
	now      time.Duration
	journal  *spool.Writer
	mixer    *mixerHandle
	stage    *stage.Machine
	sources  map[*tapTrack]*source
	byID     map[stage.ID]*source
	video    map[lineKey]*videoLine
	audio    map[lineKey]*audioLine
	senders  map[media.ParticipantID]*clock.Sender
	stageSeq int
	eventSeq int
	flushed  time.Duration
	marked   time.Duration
	ticks    int
	ending   bool
	ended    bool
	// roomLost: sources ended at lostAt because their room did.
	roomLost bool
	lostAt   time.Duration
	counts   struct{ malformed, overlap, undecided, lost, late uint64 }
}

// lineKey names a track: another codec is another track.
type lineKey struct {
	stage.ID
	codec media.Codec
}

// mixerHandle lets the sound lines reach the mixer alone.
type mixerHandle struct{ *mixLine }

func (h *mixerHandle) Add(track uuid.UUID, at int64, packet []byte) { h.m.Add(track, at, packet) }
func (h *mixerHandle) Lost(track uuid.UUID, at int64)               { h.m.Lost(track, at) }
func (h *mixerHandle) Close(track uuid.UUID)                        { h.m.Close(track) }

// past is what a session continues from.
type past struct {
	// end is where the recording stopped, mixEnd where its mix did.
	end, mixEnd        time.Duration
	stageSeq, eventSeq int
	continued          bool
}

func (r *Recorder) newSession(f *spool.Folder, up *uploader, p past) (*session, error) {
	now := r.cfg.Clock()
	s := &session{
		r: r, folder: f, up: up, log: r.cfg.Logger.With("recording", f.Meta.Recording),
		tap:      &tap{now: r.cfg.Clock, queue: make(chan item, queueLength)},
		commands: make(chan func(), commandsLength), stopped: make(chan struct{}),
		time:    newTimeline(time.UnixMilli(f.Meta.StartedMS), now, p.end),
		sources: make(map[*tapTrack]*source), byID: make(map[stage.ID]*source),
		video: make(map[lineKey]*videoLine), audio: make(map[lineKey]*audioLine),
		senders: make(map[media.ParticipantID]*clock.Sender), stageSeq: p.stageSeq, eventSeq: p.eventSeq,
	}
	s.now = s.time.at(now)
	s.stage = stage.New(s.act)
	var err error
	if s.journal, err = f.NewJournal(); err != nil {
		return nil, err
	}
	mix, err := s.newMix(ticks(p.mixEnd, 48000))
	if err != nil {
		return nil, errors.Join(err, s.journal.Close())
	}
	s.mixer = &mixerHandle{mix}
	s.slateFrom(p.end)
	if p.continued {
		data, _ := json.Marshal(map[string]int64{"to_us": s.now.Microseconds()})
		s.addEvent("gap", nil, data, p.end)
		r.figures.gaps.Add(1)
	}
	return s, nil
}

func recordingRow(m spool.Meta) *catalog.Recording {
	return &catalog.Recording{
		ID: m.Recording, SchoolID: m.School, LessonID: m.Lesson, ClassID: m.Class, StartedBy: m.StartedBy,
		StartedAt: time.UnixMilli(m.StartedMS).UTC(), Published: true,
	}
}

// run is the session's goroutine. It ends after stop's command.
func (s *session) run() {
	defer close(s.stopped)
	ticker := time.NewTicker(beat)
	defer ticker.Stop()
	for !s.ended {
		select {
		case it := <-s.tap.queue:
			s.now = s.time.at(s.r.cfg.Clock())
			s.handle(it)
		case do := <-s.commands:
			s.now = s.time.at(s.r.cfg.Clock())
			do()
		case <-ticker.C:
			s.tick()
		}
	}
}

func (s *session) tick() {
	wall := s.r.cfg.Clock()
	s.now = s.time.at(wall)
	s.follow()
	oldest := wall
	for _, src := range s.sources {
		src.reorder.Tick(wall, src.take)
		if since, ok := src.reorder.Oldest(); ok && since.Before(oldest) {
			oldest = since
		}
		if src.tap.gone.Load() && len(s.tap.queue) == 0 {
			s.closeSource(src, s.now)
		}
	}
	// Every beat, and before the mix moves on: a cut where a source vanished still lies ahead of the mix.
	s.stage.Tick(s.now)
	s.mixer.advance(s.now - mixDelay)
	if s.ticks++; s.ticks%10 == 0 {
		s.slowTick()
	}
	if s.now-s.flushed >= flushEvery {
		s.flushed = s.now
		s.flush()
		s.durable.Store(oldest.UnixMilli())
	}
}

// slowTick is what need not be done every beat.
func (s *session) slowTick() {
	s.mixLag.Store(int64(s.now - duration(s.mixer.m.Pos(), 48000)))
	for _, src := range s.sources {
		if src.video != nil && src.wanted {
			src.video.tick(s.now)
		}
		if src.audio != nil {
			src.audio.tick(s.now)
		}
	}
	if s.now-s.marked >= markEvery {
		s.marked = s.now
		s.note(spool.Row{Kind: spool.RowMark, AtUS: s.now.Microseconds()})
	}
}

func (s *session) flush() {
	for _, v := range s.video {
		v.w.flush()
	}
	for _, a := range s.audio {
		a.w.flush()
	}
	s.mixer.w.flush()
}

// act runs the stage's decisions.
func (s *session) act(a stage.Action) {
	if s.ending {
		return // nobody leaves the stage because the recording ends
	}
	src := s.byID[a.ID]
	switch a.Kind {
	case stage.Want:
		if src != nil {
			s.want(src, true)
		}
	case stage.Unwant:
		if src != nil {
			s.want(src, false)
		}
	case stage.Keyframe:
		if src != nil {
			src.tap.src.RequestKeyframe()
		}
	case stage.Cut:
		if src == nil || src.video == nil {
			return
		}
		for _, v := range s.video {
			if v != src.video {
				v.cutAt(ticks(a.At, v.w.rate))
			}
		}
		id := src.video.w.row.ID
		s.cut(&id, a.At)
	case stage.CutToSlate:
		s.slateFrom(a.At)
	}
}

func (s *session) slateFrom(at time.Duration) { s.cut(nil, at) }

// cut notes who is on stage from at on, and cuts the mix there.
func (s *session) cut(track *uuid.UUID, at time.Duration) {
	s.note(spool.Row{Kind: spool.RowStage, Stage: &catalog.StageSpan{Seq: s.stageSeq, StartUS: at.Microseconds(), TrackID: track}})
	s.stageSeq++
	s.mixer.cutAt(at)
	s.up.poke()
}

// event runs on the session's goroutine.
func (s *session) addEvent(kind string, person *uuid.UUID, data []byte, at time.Duration) {
	s.note(spool.Row{Kind: spool.RowEvent, Event: &catalog.Event{
		Seq: s.eventSeq, AtUS: at.Microseconds(), Kind: kind, PersonID: person, Data: data,
	}})
	s.eventSeq++
	s.up.poke()
}

// note appends a row to the journal.
func (s *session) note(r spool.Row) {
	b, err := json.Marshal(r)
	if err == nil {
		err = s.journal.Append(b)
	}
	s.trouble("write journal", err)
}

// trouble notes that the spool refused something; the next success clears it.
func (s *session) trouble(doing string, err error) {
	if err == nil {
		if s.ill.Load() != nil {
			s.ill.Store(nil)
		}
		return
	}
	was := "spool"
	if s.ill.Swap(&was) == nil {
		s.log.Error("recording trouble", "doing", doing, "err", err)
	}
}

// post runs do on the session's goroutine and waits for it.
func (s *session) post(ctx context.Context, do func()) error {
	done := make(chan struct{})
	select {
	case s.commands <- func() { do(); close(done) }:
	case <-s.stopped:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-done:
		return nil
	case <-s.stopped:
		return nil
	}
}

// end finishes the session from any goroutine and waits for it; a session that has ended is no error.
func (s *session) end(ctx context.Context, pause bool) error {
	// Told before the tap's tracks close, so that the stage stands still.
	err := s.post(ctx, func() { s.ending = true })
	if err == nil {
		s.r.roomOf(s).SetTap(nil)
		err = s.post(ctx, func() { s.finish(pause) })
	}
	if err != nil && !errors.Is(err, ErrClosed) {
		return err
	}
	<-s.stopped
	return nil
}

// finish takes what is still queued and closes every track. The recording ends here, or it pauses: the program ends, and
// the next run may continue it.
func (s *session) finish(pause bool) {
	for {
		select {
		case it := <-s.tap.queue:
			s.handle(it)
			continue
		default:
		}
		break
	}
	end := s.now
	for _, src := range s.sources {
		s.closeSource(src, end)
	}
	// The last frame is a whole one: the mix covers the end.
	s.mixer.advance(end + beat)
	s.mixer.w.close(s.mixer.m.Pos())
	at := s.time.wall(end)
	if pause {
		s.note(spool.Row{Kind: spool.RowMark, AtUS: end.Microseconds()})
	} else {
		s.note(spool.Row{Kind: spool.RowEnd, AtUS: end.Microseconds(), At: &at})
	}
	s.flush()
	s.trouble("close journal", s.journal.Close())
	s.ended = true
	s.report()
	if !pause {
		s.up.end()
	}
}

func (s *session) report() {
	s.log.Info("recording ended", "seconds", int(s.now.Seconds()), "overflow", s.tap.overflow.Load(),
		"queue_lost", s.tap.lost.Load(), "malformed", s.counts.malformed, "overlap", s.counts.overlap,
		"undecided", s.counts.undecided, "lost", s.counts.lost, "late", s.counts.late, "undecoded", s.mixer.m.Errors())
}

func sha(b []byte) []byte {
	sum := sha256.Sum256(b)
	return sum[:]
}

func marshalRow(r spool.Row) ([]byte, error) { return json.Marshal(r) }
