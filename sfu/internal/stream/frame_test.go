package stream

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"testing"
	"testing/iotest"
)

func frame(payload []byte) []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(payload))), payload...)
}

func TestReaderTakesFramesHoweverTheyArrive(t *testing.T) {
	var sent [][]byte
	var wire []byte
	for n := range 300 {
		payload := bytes.Repeat([]byte{byte(n)}, n*7%(MaxFrame+1))
		wire = append(wire, frame(payload)...)
		if len(payload) > 0 {
			sent = append(sent, payload)
		}
	}
	for name, src := range map[string]io.Reader{
		"at once": bytes.NewReader(wire), "byte by byte": iotest.OneByteReader(bytes.NewReader(wire)),
		"in halves": iotest.HalfReader(bytes.NewReader(wire)), "with its end": iotest.DataErrReader(bytes.NewReader(wire)),
	} {
		r := NewReader(src)
		for i, want := range sent {
			got, err := r.Next()
			if err != nil || !bytes.Equal(got, want) {
				t.Fatalf("%s: frame %d: %d bytes, %v; want %d", name, i, len(got), err, len(want))
			}
		}
		if _, err := r.Next(); !errors.Is(err, io.EOF) {
			t.Errorf("%s: at the end: %v", name, err)
		}
	}
}

func TestReaderRefusesWhatIsTooLongOrCut(t *testing.T) {
	if _, err := NewReader(bytes.NewReader([]byte{0xff, 0xff, 1, 2})).Next(); !errors.Is(err, ErrFrame) {
		t.Errorf("a frame of 65,535 bytes: %v", err)
	}
	if _, err := NewReader(bytes.NewReader([]byte{0, 5, 1, 2})).Next(); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("half a frame: %v", err)
	}
	if _, err := NewReader(bytes.NewReader([]byte{0})).Next(); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("half a header: %v", err)
	}
}

// FuzzReader: whatever a stream holds, its frames are those of the simplest reading of RFC 4571.
func FuzzReader(f *testing.F) {
	f.Add([]byte{0, 3, 1, 2, 3, 0, 0, 0, 1, 9}, uint8(1))
	f.Add([]byte{0xff, 0xff, 0}, uint8(7))
	f.Add(frame(bytes.Repeat([]byte{0x80}, MaxFrame)), uint8(100))
	f.Fuzz(func(t *testing.T, wire []byte, chunk uint8) {
		r := NewReader(&chunks{wire, int(chunk) + 1})
		for rest := wire; ; {
			got, err := r.Next()
			for len(rest) >= 2 && binary.BigEndian.Uint16(rest) == 0 {
				rest = rest[2:]
			}
			whole := len(rest) >= 2 && int(binary.BigEndian.Uint16(rest)) <= len(rest)-2 && binary.BigEndian.Uint16(rest) <= MaxFrame
			if (err == nil) != whole {
				t.Fatalf("%v with %d bytes left", err, len(rest))
			}
			if err != nil {
				return
			}
			n := int(binary.BigEndian.Uint16(rest))
			if !bytes.Equal(got, rest[2:2+n]) {
				t.Fatal("another frame")
			}
			rest = rest[2+n:]
		}
	})
}

// chunks gives at most size bytes a read.
type chunks struct {
	rest []byte
	size int
}

func (c *chunks) Read(b []byte) (int, error) {
	if len(c.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(b[:min(len(b), c.size)], c.rest)
	c.rest = c.rest[n:]
	return n, nil
}
