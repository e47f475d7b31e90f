package blob

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
)

// verifier hands out the bytes of a Put and keeps back the end until the size and the hash are known to be right:
// a consumer that wants size bytes never gets the last of them from a wrong source, so that an upload in progress is
// abandoned rather than committed.
type verifier struct {
	src  io.Reader
	sum  hash.Hash
	want []byte
	left int64 // bytes that src has still to give
	held []byte
	err  error
}

// heldBytes is how much is kept back: more than what a consumer needs to complete anything.
const heldBytes = 512

func newVerifier(r io.Reader, size int64, want []byte) (*verifier, error) {
	if size < 0 || len(want) != sha256.Size {
		return nil, fmt.Errorf("%w: size %d, hash of %d bytes", ErrMismatch, size, len(want))
	}
	return &verifier{src: r, sum: sha256.New(), want: want, left: size}, nil
}

// Read implements io.Reader. A wrong source gives [ErrMismatch].
func (v *verifier) Read(p []byte) (int, error) {
	if v.err != nil || len(p) == 0 {
		return 0, v.err
	}
	if v.left == 0 {
		return v.finish(p)
	}
	if v.left <= heldBytes {
		if v.held == nil {
			v.held = make([]byte, 0, heldBytes)
		}
		tail := v.held[len(v.held) : len(v.held)+int(v.left)]
		n, err := v.take(tail)
		v.held = v.held[:len(v.held)+n]
		if err != nil {
			return 0, err
		}
		return v.Read(p)
	}
	return v.take(p[:min(int64(len(p)), v.left-heldBytes)])
}

// take reads what src gives next and hashes it.
func (v *verifier) take(p []byte) (int, error) {
	n, err := v.src.Read(p)
	v.sum.Write(p[:n])
	v.left -= int64(n)
	switch {
	case err == nil, err == io.EOF && v.left == 0:
		return n, nil
	case err == io.EOF:
		v.err = fmt.Errorf("%w: %d bytes short", ErrMismatch, v.left)
	default:
		v.err = fmt.Errorf("blob: read source: %w", err)
	}
	return n, v.err
}

// finish checks the whole once and then hands out what was kept back.
func (v *verifier) finish(p []byte) (int, error) {
	if v.sum != nil {
		if n, _ := io.ReadFull(v.src, make([]byte, 1)); n > 0 {
			v.err = fmt.Errorf("%w: more bytes than stated", ErrMismatch)
			return 0, v.err
		}
		if !bytes.Equal(v.sum.Sum(nil), v.want) {
			v.err = fmt.Errorf("%w: hash", ErrMismatch)
			return 0, v.err
		}
		v.sum = nil
	}
	if len(v.held) == 0 {
		v.err = io.EOF
		return 0, io.EOF
	}
	n := copy(p, v.held)
	v.held = v.held[n:]
	return n, nil
}
