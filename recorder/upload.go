package recorder

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/zvonok/zvonok/recorder/internal/segment"
	"github.com/zvonok/zvonok/recorder/internal/spool"
	"github.com/zvonok/zvonok/storage/blob"
)

const (
	firstRetry = 200 * time.Millisecond
	lastRetry  = 15 * time.Second
	// troubleAfter is how long uploads may fail before the room is told.
	troubleAfter = 10 * time.Second
	// oneUpload bounds one object's upload.
	oneUpload = 5 * time.Minute
)

// uploader brings one recording's folder to the store and the catalog. Its goroutine owns everything but the atomics.
type uploader struct {
	r      *Recorder
	folder *spool.Folder
	wake   chan struct{}
	cancel context.CancelFunc
	done   chan struct{}
	// over: the recording has ended; once all is stored and indexed the folder goes.
	over atomic.Bool
	// failing is since when uploads fail, in ms; 0: they do not.
	failing atomic.Int64

	told bool           // the recording's own row
	read map[string]int // records read of each journal
}

// newUploader starts the uploader of a folder.
func (r *Recorder) newUploader(f *spool.Folder, over bool) *uploader {
	ctx, cancel := context.WithCancel(r.ctx)
	u := &uploader{
		r: r, folder: f, wake: make(chan struct{}, 1), cancel: cancel, done: make(chan struct{}), read: make(map[string]int),
	}
	u.over.Store(over)
	go u.run(ctx)
	return u
}

// poke says that there is something new; a full channel says so already.
func (u *uploader) poke() {
	select {
	case u.wake <- struct{}{}:
	default:
	}
}

func (u *uploader) end() {
	u.over.Store(true)
	u.poke()
}

// stop ends the uploader and waits for it.
func (u *uploader) stop() {
	u.cancel()
	<-u.done
}

func (u *uploader) run(ctx context.Context) {
	defer close(u.done)
	retry := firstRetry
	for {
		finished, err := u.cycle(ctx)
		switch {
		case finished:
			u.r.forget(u.folder.Meta.Recording)
			return
		case err == nil:
			retry = firstRetry
			u.failing.Store(0)
			select {
			case <-u.wake:
			case <-ctx.Done():
				return
			}
			continue
		}
		if ctx.Err() != nil {
			return
		}
		u.r.figures.uploadErrors.Add(1)
		if u.failing.Load() == 0 {
			u.failing.Store(u.r.cfg.Clock().UnixMilli())
			u.r.cfg.Logger.Warn("upload fails, will be tried until it succeeds", "recording", u.folder.Meta.Recording, "err", err)
		}
		select {
		case <-time.After(retry):
		case <-ctx.Done():
			return
		}
		retry = min(2*retry, lastRetry)
	}
}

// cycle uploads and tells what there is; finished: nothing is left and nothing will come.
func (u *uploader) cycle(ctx context.Context) (finished bool, err error) {
	// Bounds the recordings that are worked on at once, after a long outage.
	select {
	case u.r.slots <- struct{}{}:
		defer func() { <-u.r.slots }()
	case <-ctx.Done():
		return false, ctx.Err()
	}
	over := u.over.Load()
	// Objects are listed before journals are read: an object's track is then always told before the object.
	items, err := u.folder.Items()
	if err != nil {
		return false, err
	}
	indexErr := u.tellJournals(ctx)
	if errors.Is(indexErr, errDeleted) {
		return true, u.dropDeleted()
	}
	for _, it := range items {
		if err := u.store(ctx, &it); err != nil {
			return false, errors.Join(err, indexErr)
		}
		if indexErr == nil {
			indexErr = u.tell(ctx, it)
		}
		if errors.Is(indexErr, errDeleted) {
			return true, u.dropDeleted()
		}
		if indexErr != nil {
			continue // the database is away: store what can be stored, the rows wait
		}
		if err := u.folder.Drop(it); err != nil {
			return false, err
		}
	}
	if indexErr != nil || !over {
		return false, indexErr
	}
	return u.complete(ctx)
}

// tellJournals tells the catalog the rows of the journals that it was not told yet.
func (u *uploader) tellJournals(ctx context.Context) error {
	m := u.folder.Meta
	if !u.told {
		if err := u.r.cfg.index.apply(ctx, m.School, m.Recording, []spool.Row{{Kind: spool.RowRecording, Recording: recordingRow(m)}}); err != nil {
			return err
		}
		u.told = true
	}
	paths, err := u.folder.Journals()
	if err != nil {
		return err
	}
	for _, path := range paths {
		records, err := u.folder.Records(path, u.read[path])
		if err != nil {
			return err
		}
		rows, err := parseRows(records)
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			continue
		}
		if err := u.r.cfg.index.apply(ctx, m.School, m.Recording, rows); err != nil {
			return err
		}
		u.read[path] += len(records)
	}
	return nil
}

func parseRows(records [][]byte) ([]spool.Row, error) {
	rows := make([]spool.Row, len(records))
	for i, b := range records {
		if err := json.Unmarshal(b, &rows[i]); err != nil {
			return nil, fmt.Errorf("read journal: %w", err)
		}
	}
	return rows, nil
}

// store puts an object's data into the store, which verifies its hash.
func (u *uploader) store(ctx context.Context, it *spool.Item) error {
	if it.Stored {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, oneUpload)
	defer cancel()
	f, err := u.folder.Data(*it)
	if err != nil {
		return fmt.Errorf("upload %s: %w", it.Key, err)
	}
	err = u.r.cfg.Store.Put(ctx, it.Key, f, it.Bytes, it.SHA256)
	if err = errors.Join(err, f.Close()); err != nil {
		if errors.Is(err, blob.ErrMismatch) {
			u.r.cfg.Logger.Error("object refused by its hash", "key", it.Key, "err", err)
		}
		return fmt.Errorf("upload %s: %w", it.Key, err)
	}
	u.r.figures.stored.Add(uint64(it.Bytes))
	it.Stored = true
	return u.folder.MarkStored(*it)
}

// tell tells the catalog an object's row.
func (u *uploader) tell(ctx context.Context, it spool.Item) error {
	if len(it.Row) == 0 {
		return nil
	}
	rows, err := parseRows([][]byte{it.Row})
	if err != nil {
		return err
	}
	m := u.folder.Meta
	return u.r.cfg.index.apply(ctx, m.School, m.Recording, rows)
}

// complete tells that the recording is whole and removes its folder.
func (u *uploader) complete(ctx context.Context) (bool, error) {
	// Logs of sealed segments go with the next sync; those that are still there then hold what could not be sealed.
	if err := u.r.root.Sync(); err != nil {
		return false, err
	}
	logs, err := u.folder.Logs()
	if err != nil {
		return false, err
	}
	if len(logs) > 0 {
		u.r.recoverLogs(u.folder, nil)
		u.poke()
		return false, u.r.root.Sync()
	}
	if items, err := u.folder.Items(); err != nil || len(items) > 0 {
		u.poke()
		return false, err
	}
	m, now := u.folder.Meta, u.r.cfg.Clock().UTC()
	err = u.r.cfg.index.apply(ctx, m.School, m.Recording, []spool.Row{{Kind: spool.RowComplete, At: &now}})
	if err != nil && !errors.Is(err, errDeleted) {
		return false, err
	}
	return true, u.folder.Remove()
}

// dropDeleted removes what is left of a recording that was deleted under our hands.
func (u *uploader) dropDeleted() error {
	m := u.folder.Meta
	return errors.Join(u.r.root.AddErasure(spool.Erasure{School: m.School, Recording: m.Recording}), u.folder.Remove())
}

// recoverLogs closes the segments that a killed program, or a full disk, left as logs.
func (r *Recorder) recoverLogs(f *spool.Folder, each func(h segment.Header, endUS int64)) {
	logs, err := f.Logs()
	if err != nil {
		r.cfg.Logger.Error("list open segments", "recording", f.Meta.Recording, "err", err)
	}
	for _, path := range logs {
		h, end, err := segment.Recover(f, path, r.cfg.MasterKey)
		if errors.Is(err, segment.ErrDamaged) {
			err = errors.Join(err, f.SetAside(path))
		}
		if err != nil {
			r.cfg.Logger.Error("recover open segment", "recording", f.Meta.Recording, "path", path, "err", err)
			continue
		}
		if each != nil && end > 0 {
			each(h, end*1e6/h.Timescale)
		}
	}
}
