package stream

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

const (
	// MaxFrame is the longest datagram that is taken from a stream: more than any MTU that media is sent with.
	MaxFrame = 2048
	// headerLen is RFC 4571's length.
	headerLen = 2
)

// ErrFrame is returned for a frame that no peer of ours sends; the stream cannot go on.
var ErrFrame = errors.New("stream: bad frame")

// Reader takes a stream apart into its frames (RFC 4571, section 2). It is used by one goroutine.
type Reader struct {
	src        io.Reader
	buf        [2 * (headerLen + MaxFrame)]byte
	start, end int
}

// NewReader reads from src.
func NewReader(src io.Reader) *Reader { return &Reader{src: src} }

// Next gives the next frame that is not empty; it is valid until the next call. The errors are [ErrFrame] for one that
// is too long, io.EOF at the end of a frame, io.ErrUnexpectedEOF inside one, and those of the source.
func (r *Reader) Next() ([]byte, error) {
	for {
		if err := r.fill(headerLen); err != nil {
			return nil, err
		}
		n := int(binary.BigEndian.Uint16(r.buf[r.start:]))
		if n > MaxFrame {
			return nil, fmt.Errorf("%w: %d bytes", ErrFrame, n)
		}
		if err := r.fill(headerLen + n); err != nil {
			return nil, err
		}
		frame := r.buf[r.start+headerLen : r.start+headerLen+n]
		r.start += headerLen + n
		if n > 0 {
			return frame, nil
		}
	}
}

// Buffered says whether another frame begins in what was read already.
func (r *Reader) Buffered() bool { return r.end > r.start }

// fill reads until n bytes are there.
func (r *Reader) fill(n int) error {
	if r.end-r.start >= n {
		return nil
	}
	if len(r.buf)-r.start < n {
		r.end = copy(r.buf[:], r.buf[r.start:r.end])
		r.start = 0
	}
	got, err := io.ReadAtLeast(r.src, r.buf[r.end:], n-(r.end-r.start))
	r.end += got
	if errors.Is(err, io.EOF) && r.end > r.start {
		return io.ErrUnexpectedEOF
	}
	return err
}
