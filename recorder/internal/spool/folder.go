package spool

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
)

// Folder is one recording's part of the spool.
type Folder struct {
	root *Root
	dir  string
	Meta Meta
	// next numbers the objects; journal is how many journals there are.
	next    atomic.Uint64
	journal int
}

// Item is an object that waits to be stored and indexed.
type Item struct {
	// Key is the object's name in the store, SHA256 and Bytes describe its data.
	Key    string `json:"key"`
	SHA256 []byte `json:"sha256"`
	Bytes  int64  `json:"bytes"`
	// Stored is set when the store has verified it; the data is then gone from the spool.
	Stored bool `json:"stored,omitempty"`
	// Row is what the catalog is to be told afterwards; empty: nothing.
	Row json.RawMessage `json:"row,omitempty"`

	name string
}

func (f *Folder) openDir() string { return filepath.Join(f.dir, "open") }
func (f *Folder) upDir() string   { return filepath.Join(f.dir, "up") }

// scan continues the numbers of an earlier run.
func (f *Folder) scan() error {
	for _, d := range []string{f.openDir(), f.upDir()} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return err
		}
	}
	entries, err := os.ReadDir(f.upDir())
	if err != nil {
		return err
	}
	for _, e := range entries {
		stem, ext, _ := strings.Cut(e.Name(), ".")
		n, err := strconv.ParseUint(stem, 10, 64)
		if err != nil {
			continue
		}
		f.next.Store(max(f.next.Load(), n))
		// What was being written when the program died: its segment is still there as a log.
		half := strings.HasSuffix(ext, "tmp")
		if ext == "bin" {
			_, err := os.Stat(filepath.Join(f.upDir(), stem+".json"))
			half = errors.Is(err, fs.ErrNotExist)
		}
		if half {
			if err := os.Remove(filepath.Join(f.upDir(), e.Name())); err != nil {
				return err
			}
		}
	}
	journals, err := f.Journals()
	f.journal = len(journals)
	return err
}

// NewJournal begins this run's journal.
func (f *Folder) NewJournal() (*Writer, error) {
	f.journal++
	return Create(filepath.Join(f.dir, fmt.Sprintf("journal-%06d.rec", f.journal)), f.root.master)
}

// Journals lists the journals, oldest first.
func (f *Folder) Journals() ([]string, error) {
	return filepath.Glob(filepath.Join(f.dir, "journal-*.rec")) // sorted
}

// Records reads the records of a log after the first skip ones.
func (f *Folder) Records(path string, skip int) ([][]byte, error) {
	return Read(path, f.root.master, skip)
}

// NewLog begins the log of an open segment.
func (f *Folder) NewLog(name string) (*Writer, error) {
	return Create(filepath.Join(f.openDir(), name+".rec"), f.root.master)
}

// Logs lists the logs of open segments.
func (f *Folder) Logs() ([]string, error) { return filepath.Glob(filepath.Join(f.openDir(), "*.rec")) }

// retiredSuffix marks a log whose segment is an object.
const retiredSuffix = ".done"

// Retire gives up a log whose segment has become an object; it goes with the next [Root.Sync].
func (f *Folder) Retire(path string) { f.root.retire(path) }

// Reconsider looks at the logs that an earlier run retired and had no time to remove. A log goes, unless its object lies
// here and is not whole: names reach the disk in order, but a power cut may take an object's last bytes. Then the log
// is an open one again. Logs and objects belong together by the last part of the log's name.
func (f *Folder) Reconsider() error {
	logs, err := filepath.Glob(filepath.Join(f.openDir(), "*.rec*"))
	if err != nil || len(logs) == 0 {
		return err
	}
	items, err := f.Items()
	if err != nil {
		return err
	}
	for _, path := range logs {
		log, retired := strings.CutSuffix(path, retiredSuffix)
		name := strings.TrimSuffix(filepath.Base(log), ".rec")
		id := name[max(0, len(name)-36):] // a uuid
		i := slices.IndexFunc(items, func(it Item) bool { return strings.Contains(it.Key, id) })
		if !retired {
			if i >= 0 && (items[i].Stored || f.whole(items[i])) {
				f.Retire(path) // killed between the two
			}
			continue
		}
		if i >= 0 && !items[i].Stored && !f.whole(items[i]) {
			if err := errors.Join(f.Drop(items[i]), os.Rename(path, log)); err != nil {
				return err
			}
			continue
		}
		f.root.mu.Lock()
		f.root.closed = append(f.root.closed, path)
		f.root.mu.Unlock()
	}
	return nil
}

// whole says whether an object's data is what its hash says.
func (f *Folder) whole(it Item) bool {
	data, err := f.Data(it)
	if err != nil {
		return false
	}
	defer data.Close()
	h := sha256.New()
	_, err = io.Copy(h, data)
	return err == nil && bytes.Equal(h.Sum(nil), it.SHA256)
}

// Put adds an object. When it returns nil the object survives a kill; after the next [Root.Sync], a power cut.
func (f *Folder) Put(it Item, data []byte) error {
	name := fmt.Sprintf("%09d", f.next.Add(1))
	if err := writeWhole(filepath.Join(f.upDir(), name+".bin"), data); err != nil {
		return fmt.Errorf("spool object: %w", err)
	}
	if err := writeJSON(filepath.Join(f.upDir(), name+".json"), it); err != nil {
		return fmt.Errorf("spool object: %w", err)
	}
	return nil
}

// Items lists the objects in the order in which they were added.
func (f *Folder) Items() ([]Item, error) {
	entries, err := os.ReadDir(f.upDir())
	if err != nil {
		return nil, fmt.Errorf("list objects: %w", err)
	}
	var all []Item
	for _, e := range entries {
		stem, ok := strings.CutSuffix(e.Name(), ".json")
		if !ok {
			continue
		}
		it := Item{name: stem}
		if err := readJSON(filepath.Join(f.upDir(), e.Name()), &it); err != nil {
			return nil, fmt.Errorf("list objects: %w", err)
		}
		all = append(all, it)
	}
	slices.SortFunc(all, func(a, b Item) int { return strings.Compare(a.name, b.name) })
	return all, nil
}

// Data opens an object's data.
func (f *Folder) Data(it Item) (*os.File, error) {
	return os.Open(filepath.Join(f.upDir(), it.name+".bin"))
}

// MarkStored notes that the store has verified the object and lets go of its data.
func (f *Folder) MarkStored(it Item) error {
	it.Stored = true
	if err := writeJSON(filepath.Join(f.upDir(), it.name+".json"), it); err != nil {
		return fmt.Errorf("mark object stored: %w", err)
	}
	return removeIfThere(filepath.Join(f.upDir(), it.name+".bin"))
}

// Drop forgets an object that is stored and indexed.
func (f *Folder) Drop(it Item) error {
	return errors.Join(
		removeIfThere(filepath.Join(f.upDir(), it.name+".bin")),
		removeIfThere(filepath.Join(f.upDir(), it.name+".json")))
}

// Remove deletes the whole folder.
func (f *Folder) Remove() error { return os.RemoveAll(f.dir) }

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// SetAside renames a log that cannot be read, so that it is looked at no more; it goes with the folder.
func (f *Folder) SetAside(path string) error { return os.Rename(path, path+".damaged") }
