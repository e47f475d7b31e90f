package spool

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/google/uuid"
	"golang.org/x/sys/unix"
)

// ErrLocked is returned when another process uses the spool.
var ErrLocked = errors.New("spool: in use by another process")

// ErrMasterKey is returned when the spool was sealed under another master key: what is in it could not be read.
var ErrMasterKey = errors.New("spool: sealed under another master key")

// Root is the spool's folder. Its methods may be called from any goroutine.
type Root struct {
	dir    string
	master [32]byte
	lock   *os.File

	mu sync.Mutex
	// closed are the logs whose segments were sealed since the last sync.
	closed []string
}

// Open takes the spool at dir, making it where it is missing.
func Open(dir string, master [32]byte) (*Root, error) {
	for _, d := range []string{dir, filepath.Join(dir, "erase")} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return nil, fmt.Errorf("open spool: %w", err)
		}
	}
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open spool: %w", err)
	}
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("%w: %s", ErrLocked, dir), lock.Close())
	}
	if err := checkKey(filepath.Join(dir, "key.rec"), master); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return &Root{dir: dir, master: master, lock: lock}, nil
}

// checkKey keeps a wrong key from taking every log for an empty one.
func checkKey(path string, master [32]byte) error {
	const word = "zvonok"
	records, err := Read(path, master, 0)
	if err == nil && len(records) == 1 && string(records[0]) == word {
		return nil
	}
	if info, statErr := os.Stat(path); statErr == nil && info.Size() >= int64(headSize+4+len(word)+16) {
		return fmt.Errorf("%w: %s", ErrMasterKey, path)
	}
	if err := removeIfThere(path); err != nil { // cut short when it was first made
		return fmt.Errorf("open spool: %w", err)
	}
	w, err := Create(path, master)
	if err != nil {
		return fmt.Errorf("open spool: %w", err)
	}
	return errors.Join(w.Append([]byte(word)), w.Close())
}

// Close gives the spool free.
func (r *Root) Close() error { return r.lock.Close() }

// Sync makes all that was written durable against a power cut, then forgets the logs of segments that were sealed
// before: until then a segment exists as its log, as its object, or as both.
func (r *Root) Sync() error {
	r.mu.Lock()
	closed := r.closed
	r.closed = nil
	r.mu.Unlock()
	if err := unix.Syncfs(int(r.lock.Fd())); err != nil {
		r.mu.Lock()
		r.closed = append(closed, r.closed...)
		r.mu.Unlock()
		return fmt.Errorf("sync spool: %w", err)
	}
	for _, path := range closed {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("sync spool: %w", err)
		}
	}
	return nil
}

// retire marks a log as superseded and removes it after the next sync.
func (r *Root) retire(path string) {
	if done := path + retiredSuffix; os.Rename(path, done) == nil {
		path = done // else it is sealed again by the next run, to the same object
	}
	r.mu.Lock()
	r.closed = append(r.closed, path)
	r.mu.Unlock()
}

// Meta says what a folder holds. It has ids and times only.
type Meta struct {
	Version   int       `json:"version"`
	Recording uuid.UUID `json:"recording"`
	School    uuid.UUID `json:"school"`
	Lesson    uuid.UUID `json:"lesson"`
	Class     uuid.UUID `json:"class"`
	StartedBy uuid.UUID `json:"startedBy"`
	// StartedMS is the recording's zero: wall time in milliseconds since 1970, UTC.
	StartedMS int64 `json:"startedMs"`
}

// Create makes the folder of a new recording.
func (r *Root) Create(m Meta) (*Folder, error) {
	f := &Folder{root: r, dir: filepath.Join(r.dir, m.Recording.String()), Meta: m}
	for _, d := range []string{f.dir, f.openDir(), f.upDir()} {
		if err := os.Mkdir(d, 0o700); err != nil {
			return nil, fmt.Errorf("create recording: %w", err)
		}
	}
	if err := writeJSON(filepath.Join(f.dir, "recording.json"), m); err != nil {
		return nil, fmt.Errorf("create recording: %w", err)
	}
	return f, nil
}

// Folders lists the recordings in the spool. One that was killed while it was made holds nothing and is removed.
func (r *Root) Folders() ([]*Folder, error) {
	entries, err := os.ReadDir(r.dir)
	if err != nil {
		return nil, fmt.Errorf("list spool: %w", err)
	}
	var all []*Folder
	for _, e := range entries {
		if _, err := uuid.Parse(e.Name()); err != nil || !e.IsDir() {
			continue
		}
		f := &Folder{root: r, dir: filepath.Join(r.dir, e.Name())}
		err := readJSON(filepath.Join(f.dir, "recording.json"), &f.Meta)
		if errors.Is(err, fs.ErrNotExist) {
			if err := os.RemoveAll(f.dir); err != nil {
				return nil, fmt.Errorf("list spool: %w", err)
			}
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("list spool: %w", err)
		}
		if err := f.scan(); err != nil {
			return nil, fmt.Errorf("list spool: %w", err)
		}
		all = append(all, f)
	}
	return all, nil
}

// Erasure is a recording whose objects are to be removed from the store.
type Erasure struct {
	School    uuid.UUID `json:"school"`
	Recording uuid.UUID `json:"recording"`
}

// AddErasure notes an erasure, so that it is finished after a restart too.
func (r *Root) AddErasure(e Erasure) error {
	return writeJSON(r.erasurePath(e), e)
}

// Erasures lists those that are not finished.
func (r *Root) Erasures() ([]Erasure, error) {
	paths, err := filepath.Glob(filepath.Join(r.dir, "erase", "*.json"))
	if err != nil {
		return nil, err
	}
	var all []Erasure
	for _, p := range paths {
		var e Erasure
		if err := readJSON(p, &e); err != nil {
			return nil, fmt.Errorf("list erasures: %w", err)
		}
		all = append(all, e)
	}
	return all, nil
}

// DropErasure forgets a finished erasure.
func (r *Root) DropErasure(e Erasure) error { return os.Remove(r.erasurePath(e)) }

func (r *Root) erasurePath(e Erasure) string {
	return filepath.Join(r.dir, "erase", e.Recording.String()+".json")
}

// writeJSON replaces the file at path in one step.
func writeJSON(path string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return writeWhole(path, b)
}

func writeWhole(path string, b []byte) error {
	tmp := path + ".tmp"
	if err := os.WriteFile(tmp, b, 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}

func readJSON(path string, v any) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(b, v); err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	return nil
}
