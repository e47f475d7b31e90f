package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// incoming holds files that are being written; no key begins with a dot.
const incoming = ".incoming"

// abandoned is the age from which a file in incoming belongs to a process that died.
const abandoned = 24 * time.Hour

// Folder keeps each object as one file below a folder. A key must not be the folder of another key ("a" and "a/b").
type Folder struct {
	root *os.Root
	dir  string
}

var _ Store = (*Folder)(nil)

// NewFolder opens the store in dir, which is made when missing, and clears what dead processes left half written.
func NewFolder(dir string) (*Folder, error) {
	if err := os.MkdirAll(filepath.Join(dir, incoming), 0o700); err != nil {
		return nil, fmt.Errorf("blob: open folder: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("blob: open folder: %w", err)
	}
	f := &Folder{root: root, dir: dir}
	if err := f.sweep(time.Now().Add(-abandoned)); err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return f, nil
}

// Close lets go of the folder.
func (f *Folder) Close() error { return f.root.Close() }

func (f *Folder) sweep(before time.Time) error {
	files, err := os.ReadDir(filepath.Join(f.dir, incoming))
	if err != nil {
		return fmt.Errorf("blob: open folder: %w", err)
	}
	for _, file := range files {
		info, err := file.Info()
		if err != nil || info.ModTime().After(before) {
			continue // gone, or perhaps of a living process
		}
		if err := f.root.Remove(filepath.Join(incoming, file.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("blob: clear %s: %w", incoming, err)
		}
	}
	return nil
}

// Ping says whether the folder can be written to.
func (f *Folder) Ping(context.Context) error {
	file, err := os.CreateTemp(filepath.Join(f.dir, incoming), "ping-")
	if err != nil {
		return fmt.Errorf("blob: folder: %w", err)
	}
	return errors.Join(file.Close(), os.Remove(file.Name()))
}

// Put implements [Store]: the file appears under its key only when it is whole and on the disk.
func (f *Folder) Put(ctx context.Context, key string, r io.Reader, size int64, sha256 []byte) error {
	if err := ValidKey(key); err != nil {
		return err
	}
	v, err := newVerifier(r, size, sha256)
	if err != nil {
		return err
	}
	name, err := f.write(ctx, v)
	if err != nil {
		return fmt.Errorf("blob: put %s: %w", key, err)
	}
	if err := f.publish(name, key); err != nil {
		return errors.Join(fmt.Errorf("blob: put %s: %w", key, err), f.root.Remove(name))
	}
	return nil
}

// write fills a temporary file and syncs it; the name is relative to the root.
func (f *Folder) write(ctx context.Context, r io.Reader) (string, error) {
	file, err := os.CreateTemp(filepath.Join(f.dir, incoming), "put-")
	if err != nil {
		return "", err
	}
	name := filepath.Join(incoming, filepath.Base(file.Name()))
	_, err = io.Copy(file, &contextReader{ctx: ctx, r: r})
	if err == nil {
		err = file.Sync()
	}
	if closing := file.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return "", errors.Join(err, f.root.Remove(name))
	}
	return name, nil
}

// publish renames the file to its key and syncs every folder whose entries changed, the deepest first: after a power
// cut the name must be there too.
func (f *Folder) publish(name, key string) error {
	parent := filepath.Dir(filepath.FromSlash(key))
	if err := f.root.MkdirAll(parent, 0o700); err != nil {
		return err
	}
	if err := f.root.Rename(name, filepath.FromSlash(key)); err != nil {
		return err
	}
	for {
		if err := f.syncDir(parent); err != nil {
			return err
		}
		if parent == "." {
			return nil
		}
		parent = filepath.Dir(parent)
	}
}

func (f *Folder) syncDir(name string) error {
	dir, err := f.root.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// Get implements [Store].
func (f *Folder) Get(_ context.Context, key string, off, n int64) (io.ReadCloser, error) {
	if err := ValidKey(key); err != nil {
		return nil, err
	}
	file, err := f.root.Open(filepath.FromSlash(key))
	if err != nil {
		return nil, missing(key, err)
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fs.ErrNotExist
	}
	if err != nil {
		return nil, errors.Join(missing(key, err), file.Close())
	}
	if off < 0 || off > info.Size() {
		return nil, errors.Join(fmt.Errorf("blob: get %s at %d: %w", key, off, ErrRange), file.Close())
	}
	if left := info.Size() - off; n < 0 || n > left {
		n = left
	}
	return &section{Reader: io.NewSectionReader(file, off, n), Closer: file}, nil
}

// Stat implements [Store].
func (f *Folder) Stat(_ context.Context, key string) (Info, error) {
	if err := ValidKey(key); err != nil {
		return Info{}, err
	}
	info, err := f.root.Stat(filepath.FromSlash(key))
	if err == nil && !info.Mode().IsRegular() {
		err = fs.ErrNotExist
	}
	if err != nil {
		return Info{}, missing(key, err)
	}
	return Info{Key: key, Size: info.Size()}, nil
}

// Delete implements [Store]. Folders that became empty stay: removing them would race with a Put.
func (f *Folder) Delete(_ context.Context, key string) error {
	if err := ValidKey(key); err != nil {
		return err
	}
	if _, err := f.Stat(context.Background(), key); errors.Is(err, ErrNotFound) {
		return nil
	}
	if err := f.root.Remove(filepath.FromSlash(key)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("blob: delete %s: %w", key, err)
	}
	return f.syncDir(filepath.Dir(filepath.FromSlash(key)))
}

// List implements [Store].
func (f *Folder) List(ctx context.Context, prefix, after string, limit int) ([]Info, error) {
	if err := validList(prefix, after, limit); err != nil {
		return nil, err
	}
	l := listing{ctx: ctx, root: f.root, prefix: prefix, after: after, limit: limit}
	if err := l.walk(""); err != nil {
		return nil, fmt.Errorf("blob: list %s: %w", prefix, err)
	}
	return l.found, nil
}

// listing walks the folder in the order of keys, entering only folders that can hold wanted ones.
type listing struct {
	ctx           context.Context
	root          *os.Root
	prefix, after string
	limit         int
	found         []Info
}

// walk visits one folder; its name is empty or ends in a slash.
func (l *listing) walk(folder string) error {
	if err := l.ctx.Err(); err != nil {
		return err
	}
	entries, err := l.entries(folder)
	if err != nil {
		return err
	}
	for _, e := range entries {
		key := folder + e.sortName
		switch {
		case len(l.found) == l.limit:
			return nil
		case e.IsDir():
			wanted := strings.HasPrefix(key, l.prefix) || strings.HasPrefix(l.prefix, key)
			passed := key < l.after && !strings.HasPrefix(l.after, key)
			if !wanted || passed {
				continue
			}
			if err := l.walk(key); err != nil {
				return err
			}
		case strings.HasPrefix(key, l.prefix) && key > l.after:
			info, err := e.Info()
			if errors.Is(err, fs.ErrNotExist) {
				continue // deleted meanwhile
			}
			if err != nil {
				return err
			}
			l.found = append(l.found, Info{Key: key, Size: info.Size()})
		}
	}
	return nil
}

type entry struct {
	fs.DirEntry
	sortName string // of a folder with its slash: "a-b" sorts before "a/"
}

func (l *listing) entries(folder string) ([]entry, error) {
	dir, err := l.root.Open(filepath.FromSlash("./" + folder))
	if err != nil {
		return nil, err
	}
	all, err := dir.ReadDir(-1)
	if err := errors.Join(err, dir.Close()); err != nil {
		return nil, err
	}
	entries := make([]entry, 0, len(all))
	for _, e := range all {
		switch {
		case strings.HasPrefix(e.Name(), "."):
		case e.IsDir():
			entries = append(entries, entry{e, e.Name() + "/"})
		case e.Type().IsRegular():
			entries = append(entries, entry{e, e.Name()})
		}
	}
	slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(a.sortName, b.sortName) })
	return entries, nil
}

func missing(key string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		err = ErrNotFound
	}
	return fmt.Errorf("blob: %s: %w", key, err)
}

type section struct {
	io.Reader
	io.Closer
}

// contextReader ends a long copy when its caller has gone.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c *contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
