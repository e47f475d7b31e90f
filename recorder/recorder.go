package recorder

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/zvonok/zvonok/recorder/internal/spool"
	"github.com/zvonok/zvonok/recorder/replay"
	"github.com/zvonok/zvonok/sfu/media"
	"github.com/zvonok/zvonok/storage/catalog"
)

// maxAtOnce bounds the recordings that are uploaded in parallel.
const maxAtOnce = 8

// SavedFunc is told about once a second up to when a running recording is durable on disk; trouble is empty, or what is
// wrong: "disk_full" (the spool refuses), "overload" (packets were lost), "storage_away" (uploads fail for a while; nothing is lost).
type SavedFunc func(lesson, recording uuid.UUID, upTo time.Time, trouble string)

// Recorder records any number of lessons.
type Recorder struct {
	cfg    Config
	root   *spool.Root
	ctx    context.Context
	cancel context.CancelFunc
	slots  chan struct{}
	// running are the policy's questions and the recorder's own goroutine.
	running sync.WaitGroup
	figures figures

	mu        sync.Mutex
	closed    bool
	saved     []SavedFunc
	sessions  map[uuid.UUID]*session  // by recording
	waiting   map[uuid.UUID]*waiting  // by recording
	uploaders map[uuid.UUID]*uploader // by recording
}

// waiting is a recording that was open when the program ended and that nobody has continued yet.
type waiting struct {
	folder *spool.Folder
	past   past
	since  time.Time
}

// New takes the spool, closes the segments that a killed program left open, and goes on uploading.
func New(cfg Config) (*Recorder, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	root, err := spool.Open(cfg.Spool, cfg.MasterKey)
	if err != nil {
		return nil, err
	}
	r := &Recorder{
		cfg: cfg, root: root, slots: make(chan struct{}, maxAtOnce), sessions: make(map[uuid.UUID]*session),
		waiting: make(map[uuid.UUID]*waiting), uploaders: make(map[uuid.UUID]*uploader), figures: newFigures(),
	}
	r.ctx, r.cancel = context.WithCancel(context.Background())
	folders, err := root.Folders()
	if err != nil {
		r.cancel()
		return nil, errors.Join(err, root.Close())
	}
	for _, f := range folders {
		r.adopt(f)
	}
	r.running.Add(1)
	go r.keep()
	return r, nil
}

// Start records the lesson, or goes on with its recording: one that runs gets the lesson's present room; one that was
// open when the program ended continues with a marked gap.
func (r *Recorder) Start(ctx context.Context, req StartRequest) (uuid.UUID, error) {
	if err := ctx.Err(); err != nil {
		return uuid.Nil, err
	}
	room, ok := r.cfg.Rooms(media.RoomID(req.Lesson.String()))
	if !ok {
		return uuid.Nil, fmt.Errorf("%w: %s", ErrNoRoom, req.Lesson)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return uuid.Nil, ErrClosed
	}
	for id, s := range r.sessions {
		if s.folder.Meta.Lesson == req.Lesson {
			s.moveLocked(room)
			return id, nil
		}
	}
	s, err := r.beginLocked(req)
	if err != nil {
		return uuid.Nil, fmt.Errorf("start recording: %w", err)
	}
	id := s.folder.Meta.Recording
	s.room = room
	r.sessions[id] = s
	go s.run()
	room.SetTap(s.tap) // does not wait
	s.up.poke()
	s.log.Info("recording started", "lesson", req.Lesson, "at_us", s.time.base.Microseconds())
	return id, nil
}

func (r *Recorder) beginLocked(req StartRequest) (*session, error) {
	for id, w := range r.waiting {
		if w.folder.Meta.Lesson != req.Lesson {
			continue
		}
		s, err := r.newSession(w.folder, r.uploaders[id], w.past)
		if err == nil {
			delete(r.waiting, id)
		}
		return s, err
	}
	f, err := r.root.Create(spool.Meta{
		Version: 1, Recording: uuid.New(), School: req.School, Lesson: req.Lesson, Class: req.Class,
		StartedBy: req.StartedBy, StartedMS: r.cfg.Clock().UnixMilli(),
	})
	if err != nil {
		return nil, err
	}
	up := r.newUploader(f, false)
	s, err := r.newSession(f, up, past{})
	if err != nil {
		up.stop()
		return nil, errors.Join(err, f.Remove())
	}
	r.uploaders[f.Meta.Recording] = up
	return s, nil
}

// Stop ends a recording; it returns when everything is in the spool. Stopping what does not run is no error.
func (r *Recorder) Stop(ctx context.Context, recording uuid.UUID) error {
	r.mu.Lock()
	s, w := r.sessions[recording], r.waiting[recording]
	r.mu.Unlock()
	if w != nil {
		r.closeOff(recording, w)
	}
	if s == nil {
		return nil
	}
	if err := s.end(ctx, false); err != nil {
		return fmt.Errorf("stop recording %s: %w", recording, err)
	}
	r.mu.Lock()
	delete(r.sessions, recording)
	r.mu.Unlock()
	return nil
}

// Event puts something on the recording's time line, now. It does not wait: when a session's commands are full the
// event is lost, counted. data becomes a JSON object; nil is an empty one.
func (r *Recorder) Event(recording uuid.UUID, kind string, person *uuid.UUID, data any) {
	r.mu.Lock()
	s := r.sessions[recording]
	r.mu.Unlock()
	if s == nil {
		return
	}
	b := []byte("{}")
	if data != nil {
		var err error
		if b, err = json.Marshal(data); err != nil || len(b) == 0 || b[0] != '{' {
			s.log.Error("event is not an object", "kind", kind, "err", err)
			b = []byte("{}")
		}
	}
	at := r.cfg.Clock()
	select {
	case s.commands <- func() { s.addEvent(kind, person, b, s.time.at(at)) }:
	default:
		s.tap.lost.Add(1)
	}
}

// OnSaved adds a callback; it runs on the recorder's goroutine and must not block.
func (r *Recorder) OnSaved(f SavedFunc) {
	r.mu.Lock()
	r.saved = append(r.saved, f)
	r.mu.Unlock()
}

// Key gives a track's AES-128 key.
func (r *Recorder) Key(track catalog.Track) ([16]byte, error) {
	return replay.Keys{Master: r.cfg.MasterKey}.Unwrap(track)
}

// Close pauses the running recordings, so that the next run may continue them, and leaves the rest of the uploads to it.
// It is idempotent.
func (r *Recorder) Close() error {
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return nil
	}
	r.closed = true
	sessions, uploaders := values(r.sessions), values(r.uploaders)
	r.mu.Unlock()
	for _, s := range sessions {
		_ = s.end(context.Background(), true) // without an end to ctx there is no error
	}
	r.cancel()
	for _, u := range uploaders {
		<-u.done
	}
	r.running.Wait()
	return errors.Join(r.root.Sync(), r.root.Close())
}

func (r *Recorder) roomOf(s *session) TapPoint {
	r.mu.Lock()
	defer r.mu.Unlock()
	return s.room
}

// forget drops a finished uploader.
func (r *Recorder) forget(recording uuid.UUID) {
	r.mu.Lock()
	delete(r.uploaders, recording)
	delete(r.waiting, recording)
	r.mu.Unlock()
}

func values[K comparable, V any](m map[K]V) []V {
	all := make([]V, 0, len(m))
	for _, v := range m {
		all = append(all, v)
	}
	return all
}
