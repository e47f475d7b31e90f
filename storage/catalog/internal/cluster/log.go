package cluster

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
)

// logLimit is where the log is moved to its one predecessor, in bytes: both together never hold more than twice that.
const logLimit = 4 << 20

// tailBytes is how much of the latest output an error quotes.
const tailBytes = 800

// boundedLog is what the server writes into.
type boundedLog struct {
	path string

	mu   sync.Mutex
	file *os.File
	size int64
	last []byte
}

func openLog(path string) (*boundedLog, error) {
	l := &boundedLog{path: path}
	if err := l.open(); err != nil {
		return nil, err
	}
	return l, nil
}

func (l *boundedLog) open() error {
	file, err := os.OpenFile(l.path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("%w: log: %w", ErrFolder, err)
	}
	info, err := file.Stat()
	if err != nil {
		return errors.Join(fmt.Errorf("%w: log: %w", ErrFolder, err), file.Close())
	}
	l.file, l.size = file, info.Size()
	return nil
}

// Write implements io.Writer and always succeeds: a full disk must not stop the server by its log.
func (l *boundedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last = append(l.last, p...)
	l.last = l.last[max(0, len(l.last)-tailBytes):]
	if l.size+int64(len(p)) > logLimit {
		l.rotateLocked()
	}
	if l.file != nil {
		n, _ := l.file.Write(p) // see above
		l.size += int64(n)
	}
	return len(p), nil
}

func (l *boundedLog) rotateLocked() {
	if l.file == nil {
		return
	}
	err := errors.Join(l.file.Close(), os.Rename(l.path, l.path+".1"))
	l.file = nil
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return // without a log rather than without a bound
	}
	if err := l.open(); err != nil {
		l.file = nil
	}
}

func (l *boundedLog) tail() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.last)
}

// Close closes the file; later output is dropped.
func (l *boundedLog) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		return nil
	}
	err := l.file.Close()
	l.file = nil
	return err
}
