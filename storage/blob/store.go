package blob

import (
	"context"
	"io"
)

// Info is what a store knows of an object without reading it.
type Info struct {
	Key  string
	Size int64 // bytes
}

// Store keeps objects by key. [Folder] and [S3] implement it. Its methods are safe from any goroutine.
type Store interface {
	// Put reads exactly size bytes and stores them under key, durably, when they hash to sha256; else [ErrMismatch] and
	// nothing is visible. It may be repeated; the last Put of a key wins. The caller closes r.
	Put(ctx context.Context, key string, r io.Reader, size int64, sha256 []byte) error
	// Get reads n bytes from off, or what there is of them; n < 0 reads to the end. [ErrNotFound]; [ErrRange] when off is
	// negative or beyond the object. The caller closes the reader.
	Get(ctx context.Context, key string, off, n int64) (io.ReadCloser, error)
	// Stat gives [ErrNotFound] when there is none.
	Stat(ctx context.Context, key string) (Info, error)
	// Delete removes it; a missing object is no error.
	Delete(ctx context.Context, key string) error
	// List gives up to limit objects (1 to 1000) whose keys begin with prefix and come after the key after, sorted by key.
	List(ctx context.Context, prefix, after string, limit int) ([]Info, error)
}
