package recorder

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/zvonok/zvonok/recorder/internal/segment"
	"github.com/zvonok/zvonok/recorder/internal/spool"
	"github.com/zvonok/zvonok/storage/catalog"
)

const (
	// syncEvery bounds what a power cut costs.
	syncEvery = time.Second
	// tidyEvery is how often unfinished business is looked at.
	tidyEvery = 10 * time.Second
	// abandoned is after how long a recording that nobody continued is closed off, whatever its lesson's state: clients
	// are back within seconds, and a lesson ends five minutes after its last staff has left.
	abandoned = 15 * time.Minute
	// askWait bounds one question to the catalog or the store.
	askWait = 30 * time.Second
)

// keep is the recorder's own goroutine: it syncs the spool, tells how far recordings are saved, and tidies up.
func (r *Recorder) keep() {
	defer r.running.Done()
	ticker := time.NewTicker(syncEvery)
	defer ticker.Stop()
	var tidied time.Time
	var orphansDone bool
	overflows := make(map[*session]uint64)
	for {
		select {
		case <-r.ctx.Done():
			return
		case <-ticker.C:
		}
		r.save(overflows)
		if now := r.cfg.Clock(); now.Sub(tidied) >= tidyEvery {
			tidied = now
			r.weigh()
			r.closeOffWaiting(now)
			r.eraseAll()
			orphansDone = orphansDone || r.endOrphans()
		}
	}
}

// save syncs the spool and tells the rooms.
func (r *Recorder) save(overflows map[*session]uint64) {
	r.mu.Lock()
	sessions, tell, ups := values(r.sessions), r.saved, make(map[uuid.UUID]*uploader)
	for id := range r.sessions {
		ups[id] = r.uploaders[id]
	}
	r.mu.Unlock()
	upTo := make([]int64, len(sessions))
	for i, s := range sessions {
		upTo[i] = s.durable.Load() // before the sync: what is written after it is not promised
	}
	err := r.root.Sync()
	if err != nil {
		r.cfg.Logger.Error("sync spool", "err", err)
	}
	for i, s := range sessions {
		trouble := ""
		lost := s.tap.overflow.Load() + s.tap.lost.Load()
		up := ups[s.folder.Meta.Recording]
		switch ill := s.ill.Load(); {
		case ill != nil || err != nil:
			trouble = "disk_full"
		case lost > overflows[s]:
			trouble = "overload"
		case up != nil && up.failing.Load() > 0 && r.cfg.Clock().UnixMilli()-up.failing.Load() >= troubleAfter.Milliseconds():
			trouble = "storage_away"
		}
		r.figures.lost.Add(lost - overflows[s])
		overflows[s] = lost
		if upTo[i] == 0 {
			continue
		}
		r.figures.delay.Count(r.cfg.Clock().Sub(time.UnixMilli(upTo[i])))
		for _, f := range tell {
			f(s.folder.Meta.Lesson, s.folder.Meta.Recording, time.UnixMilli(upTo[i]).UTC(), trouble)
		}
	}
	for s := range overflows {
		select {
		case <-s.stopped:
			delete(overflows, s)
		default:
		}
	}
}

// adopt takes a folder of an earlier run.
func (r *Recorder) adopt(f *spool.Folder) {
	p := past{continued: true}
	ended := false
	mixes := make(map[uuid.UUID]bool)
	reach := func(track uuid.UUID, endUS int64) {
		end := time.Duration(endUS) * time.Microsecond
		p.end = max(p.end, end)
		if mixes[track] {
			p.mixEnd = max(p.mixEnd, end)
		}
	}
	for _, row := range r.rowsOf(f) {
		switch {
		case row.Kind == spool.RowTrack && row.Track != nil:
			mixes[row.Track.ID] = row.Track.Source == "mix"
		case row.Kind == spool.RowStage && row.Stage != nil:
			p.stageSeq = max(p.stageSeq, row.Stage.Seq+1)
		case row.Kind == spool.RowEvent && row.Event != nil:
			p.eventSeq = max(p.eventSeq, row.Event.Seq+1)
		case row.Kind == spool.RowMark:
			reach(uuid.Nil, row.AtUS)
		case row.Kind == spool.RowEnd:
			ended = true
		case row.Kind == spool.RowSegment && row.Segment != nil:
			reach(row.Segment.TrackID, row.Segment.StartUS+row.Segment.DurationUS)
		}
	}
	if err := f.Reconsider(); err != nil {
		r.cfg.Logger.Error("look at retired logs", "recording", f.Meta.Recording, "err", err)
	}
	r.recoverLogs(f, func(h segment.Header, endUS int64) { reach(h.Track, endUS) })
	if p.mixEnd == 0 {
		p.mixEnd = p.end // unknown: all of the mix is uploaded; the playlist fills what is missing with silence
	}
	// The mix goes on at a frame.
	p.mixEnd -= p.mixEnd % beat
	id := f.Meta.Recording
	r.uploaders[id] = r.newUploader(f, ended)
	if !ended {
		r.waiting[id] = &waiting{folder: f, past: p, since: r.cfg.Clock()}
		r.cfg.Logger.Info("recording was open when the program ended", "recording", id, "end_us", p.end.Microseconds())
	}
}

// rowsOf reads all rows of a folder: journals first, then objects.
func (r *Recorder) rowsOf(f *spool.Folder) (all []spool.Row) {
	note := func(err error) {
		if err != nil {
			r.cfg.Logger.Error("read spool", "recording", f.Meta.Recording, "err", err)
		}
	}
	paths, err := f.Journals()
	note(err)
	for _, path := range paths {
		records, err := f.Records(path, 0)
		note(err)
		rows, err := parseRows(records)
		note(err)
		all = append(all, rows...)
	}
	items, err := f.Items()
	note(err)
	for _, it := range items {
		if len(it.Row) > 0 {
			rows, err := parseRows([][]byte{it.Row})
			note(err)
			all = append(all, rows...)
		}
	}
	return all
}

// closeOffWaiting ends the recordings that nobody continued once their lesson is over.
func (r *Recorder) closeOffWaiting(now time.Time) {
	r.mu.Lock()
	all := make(map[uuid.UUID]*waiting, len(r.waiting))
	for id, w := range r.waiting {
		all[id] = w
	}
	r.mu.Unlock()
	for id, w := range all {
		ctx, cancel := context.WithTimeout(r.ctx, askWait)
		over, err := r.cfg.index.lessonOver(ctx, w.folder.Meta.School, w.folder.Meta.Lesson)
		cancel()
		if over && err == nil || now.Sub(w.since) >= abandoned {
			r.closeOff(id, w)
		}
	}
}

// closeOff ends a waiting recording where it stopped.
func (r *Recorder) closeOff(id uuid.UUID, w *waiting) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.waiting[id] != w {
		return // continued meanwhile
	}
	at := time.UnixMilli(w.folder.Meta.StartedMS).Add(w.past.end).UTC()
	b, err := marshalRow(spool.Row{Kind: spool.RowEnd, AtUS: w.past.end.Microseconds(), At: &at})
	if err == nil {
		var j *spool.Writer
		if j, err = w.folder.NewJournal(); err == nil {
			err = errors.Join(j.Append(b), j.Close())
		}
	}
	if err != nil {
		r.cfg.Logger.Error("close off recording", "recording", id, "err", err)
		return // tried again
	}
	delete(r.waiting, id)
	if up := r.uploaders[id]; up != nil {
		up.end()
	}
}

// endOrphans ends recordings that are open in the catalog and of which the spool knows nothing: it was lost.
func (r *Recorder) endOrphans() bool {
	ctx, cancel := context.WithTimeout(r.ctx, askWait)
	defer cancel()
	all, err := r.cfg.index.orphans(ctx)
	if err != nil {
		return false
	}
	for _, rec := range all {
		if !r.knows(rec.ID) && rec.DeletedAt == nil {
			err = errors.Join(err, r.endOrphan(ctx, rec))
		}
	}
	return err == nil
}

func (r *Recorder) endOrphan(ctx context.Context, rec catalog.Recording) error {
	now := r.cfg.Clock().UTC()
	r.cfg.Logger.Warn("recording is open in the catalog but not in the spool", "recording", rec.ID)
	return r.cfg.index.apply(ctx, rec.SchoolID, rec.ID, []spool.Row{
		{Kind: spool.RowEnd, At: &now}, {Kind: spool.RowComplete, At: &now},
	})
}

func (r *Recorder) knows(id uuid.UUID) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.sessions[id] != nil || r.uploaders[id] != nil
}

// Delete destroys a recording: its keys first, from then on nothing of it can be read, then its objects. Objects that
// cannot be removed now are removed later. ErrRunning: stop it first.
func (r *Recorder) Delete(ctx context.Context, school, recording uuid.UUID) error {
	r.mu.Lock()
	running, up := r.sessions[recording] != nil, r.uploaders[recording]
	r.mu.Unlock()
	if running {
		return ErrRunning
	}
	now := r.cfg.Clock().UTC()
	row := spool.Row{At: &now}
	if up != nil {
		row.Recording = recordingRow(up.folder.Meta)
	}
	if err := r.cfg.index.erase(ctx, school, recording, row); err != nil {
		return err
	}
	e := spool.Erasure{School: school, Recording: recording}
	if err := r.root.AddErasure(e); err != nil {
		return err
	}
	if up != nil {
		up.stop()
		if err := up.folder.Remove(); err != nil {
			return err
		}
		r.forget(recording)
	}
	if err := r.eraseObjects(ctx, e); err != nil {
		r.cfg.Logger.Warn("objects of a deleted recording are still there, will be tried again", "recording", recording, "err", err)
	}
	return nil
}

func (r *Recorder) eraseAll() {
	all, err := r.root.Erasures()
	for _, e := range all {
		ctx, cancel := context.WithTimeout(r.ctx, askWait)
		err = errors.Join(err, r.eraseObjects(ctx, e))
		cancel()
	}
	if err != nil && r.ctx.Err() == nil {
		r.cfg.Logger.Warn("erase objects", "err", err)
	}
}

// eraseObjects removes a recording's objects from the store, key sidecars first.
func (r *Recorder) eraseObjects(ctx context.Context, e spool.Erasure) error {
	var keys, rest []string
	prefix, after := segment.Prefix(e.School, e.Recording), ""
	for {
		page, err := r.cfg.Store.List(ctx, prefix, after, 1000)
		if err != nil {
			return err
		}
		for _, o := range page {
			after = o.Key
			if strings.HasSuffix(o.Key, "/key.json") {
				keys = append(keys, o.Key)
			} else {
				rest = append(rest, o.Key)
			}
		}
		if len(page) < 1000 {
			break
		}
	}
	for _, k := range append(keys, rest...) {
		if err := r.cfg.Store.Delete(ctx, k); err != nil {
			return err
		}
	}
	return r.root.DropErasure(e)
}
