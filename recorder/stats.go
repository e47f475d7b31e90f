package recorder

import (
	"errors"
	"io/fs"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/zvonok/zvonok/storage/tally"
)

// Stats is what a recorder has done and what it is at. Counters begin at the program's start.
type Stats struct {
	// Running recordings, Waiting ones that nobody has continued after a restart, Tracks of the running ones.
	Running, Waiting, Tracks int
	// WrittenBytes of media were taken into segments, StoredBytes of objects reached the store.
	WrittenBytes, StoredBytes uint64
	// SpoolBytes lie in the spool; Oldest is how long the oldest object has waited for the store (0: none waits). Both are
	// looked at every ten seconds.
	SpoolBytes uint64
	Oldest     time.Duration
	// UploadErrors counts attempts that failed, SpoolTroubles the running recordings whose spool refuses, now.
	UploadErrors  uint64
	SpoolTroubles int
	// Delay is how far what is durable lies behind the present, once a second for each running recording.
	Delay tally.Reading
	// Gaps counts the recordings' gaps, Refused the sources that may not be recorded, Lost the packets that did not fit.
	Gaps, Refused, Lost uint64
	// MixLag is how far the mix that is furthest behind is behind the present.
	MixLag time.Duration
}

// figures are the counts behind [Stats]; any goroutine counts.
type figures struct {
	written, stored, uploadErrors, gaps, refused, lost atomic.Uint64
	spoolBytes                                         atomic.Uint64
	oldest                                             atomic.Int64 // unix ms; 0: none
	delay                                              *tally.Durations
}

func newFigures() figures {
	return figures{delay: tally.New(0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 30)}
}

// Stats reads the figures.
func (r *Recorder) Stats() Stats {
	f := &r.figures
	out := Stats{
		WrittenBytes: f.written.Load(), StoredBytes: f.stored.Load(), SpoolBytes: f.spoolBytes.Load(),
		UploadErrors: f.uploadErrors.Load(), Gaps: f.gaps.Load(), Refused: f.refused.Load(), Lost: f.lost.Load(), Delay: f.delay.Read(),
	}
	if ms := f.oldest.Load(); ms != 0 {
		out.Oldest = max(0, r.cfg.Clock().Sub(time.UnixMilli(ms)))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	out.Running, out.Waiting = len(r.sessions), len(r.waiting)
	for _, s := range r.sessions {
		out.Tracks += int(s.tracks.Load())
		out.MixLag = max(out.MixLag, time.Duration(s.mixLag.Load()))
		if s.ill.Load() != nil {
			out.SpoolTroubles++
		}
	}
	return out
}

// weigh looks at the spool. Files come and go meanwhile; what cannot be read is not counted.
func (r *Recorder) weigh() {
	var bytes uint64
	var oldest int64
	err := filepath.WalkDir(r.cfg.Spool, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return nil //nolint:nilerr // it is gone, and so are its bytes
		}
		info, err := e.Info()
		if err != nil {
			return nil //nolint:nilerr // as above
		}
		bytes += uint64(info.Size())
		waits := filepath.Ext(path) == ".bin" && filepath.Base(filepath.Dir(path)) == "up"
		if at := info.ModTime().UnixMilli(); waits && (oldest == 0 || at < oldest) {
			oldest = at
		}
		return nil
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		r.cfg.Logger.Warn("weigh spool", "err", err)
	}
	r.figures.spoolBytes.Store(bytes)
	r.figures.oldest.Store(oldest)
}
