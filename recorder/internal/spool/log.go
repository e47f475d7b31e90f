package spool

import (
	"bufio"
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

const (
	magic    = "ZVSPOOL1"
	saltSize = 16
	headSize = len(magic) + saltSize
	// MaxRecord bounds one record; a length beyond it is damage, not data.
	MaxRecord = 16 << 20
)

// ErrNotALog is returned for a file that does not begin as a log.
var ErrNotALog = errors.New("spool: not a sealed log")

// ErrTooLarge is returned for a record above [MaxRecord].
var ErrTooLarge = errors.New("spool: record too large")

// Writer appends sealed records to a new file.
type Writer struct {
	f       *os.File
	gcm     cipher.AEAD
	count   uint64
	offset  int64
	pending []byte
}

// Create makes a new log at path; the file must not exist.
func Create(path string, master [32]byte) (*Writer, error) {
	head := make([]byte, headSize)
	copy(head, magic)
	_, _ = rand.Read(head[len(magic):])
	gcm, err := cipherOf(master, head[len(magic):])
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("create log: %w", err)
	}
	if _, err := f.Write(head); err != nil {
		return nil, errors.Join(fmt.Errorf("create log: %w", err), f.Close(), os.Remove(path))
	}
	return &Writer{f: f, gcm: gcm, offset: int64(headSize)}, nil
}

// Append seals one record and writes it with all that could not be written before. The record is taken in any case:
// after an error it waits in memory, and the next Append or [Writer.Retry] writes it. (It is not sealed again: a nonce
// is used for one record only.)
func (w *Writer) Append(record []byte) error {
	if len(record) > MaxRecord {
		return ErrTooLarge
	}
	n := len(w.pending)
	w.pending = binary.BigEndian.AppendUint32(w.pending, uint32(len(record)+w.gcm.Overhead()))
	w.pending = w.gcm.Seal(w.pending, nonce(w.count), record, w.pending[n:n+4])
	w.count++
	return w.Retry()
}

// Retry writes what an earlier Append could not.
func (w *Writer) Retry() error {
	if len(w.pending) == 0 {
		return nil
	}
	if _, err := w.f.WriteAt(w.pending, w.offset); err != nil {
		return fmt.Errorf("append record: %w", err)
	}
	w.offset += int64(len(w.pending))
	w.pending = w.pending[:0]
	return nil
}

// Path is where the log lies.
func (w *Writer) Path() string { return w.f.Name() }

// Close closes the file, which stays.
func (w *Writer) Close() error { return w.f.Close() }

// Reader reads a log that may still be growing.
type Reader struct {
	r     *bufio.Reader
	gcm   cipher.AEAD
	count uint64
	// offset is where the next record begins.
	offset int64
}

// NewReader begins to read; fewer bytes than a log's head give io.ErrUnexpectedEOF.
func NewReader(r io.Reader, master [32]byte) (*Reader, error) {
	br := bufio.NewReader(r)
	head := make([]byte, headSize)
	if _, err := io.ReadFull(br, head); err != nil {
		return nil, io.ErrUnexpectedEOF
	}
	if !bytes.HasPrefix(head, []byte(magic)) {
		return nil, ErrNotALog
	}
	gcm, err := cipherOf(master, head[len(magic):])
	if err != nil {
		return nil, err
	}
	return &Reader{r: br, gcm: gcm, offset: int64(headSize)}, nil
}

// Next gives the next record; io.EOF at the end and at the first record that is cut or damaged.
func (r *Reader) Next() ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(r.r, head[:]); err != nil {
		return nil, io.EOF
	}
	n := binary.BigEndian.Uint32(head[:])
	if n < uint32(r.gcm.Overhead()) || n > MaxRecord+uint32(r.gcm.Overhead()) {
		return nil, io.EOF
	}
	var sealed bytes.Buffer // grows with what is there, not with what a damaged length says
	if got, err := io.CopyN(&sealed, r.r, int64(n)); err != nil || got != int64(n) {
		return nil, io.EOF
	}
	plain, err := r.gcm.Open(sealed.Bytes()[:0], nonce(r.count), sealed.Bytes(), head[:])
	if err != nil {
		return nil, io.EOF
	}
	r.count++
	r.offset += int64(len(head)) + int64(n)
	return plain, nil
}

// Count is how many records were read.
func (r *Reader) Count() int { return int(r.count) }

// Read gives the records of the log at path after the first skip ones, up to its torn tail. A file too short to be a
// log has none.
func Read(path string, master [32]byte, skip int) ([][]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r, err := NewReader(f, master)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	var all [][]byte
	for {
		rec, err := r.Next()
		if err != nil {
			return all, nil
		}
		if r.Count() > skip {
			all = append(all, rec)
		}
	}
}

// cipherOf derives a log's own key (RFC 5869): nonces count from zero in each log.
func cipherOf(master [32]byte, salt []byte) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, master[:], salt, "zvonok spool log", 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

func nonce(count uint64) []byte {
	var n [12]byte
	binary.BigEndian.PutUint64(n[4:], count)
	return n[:]
}
