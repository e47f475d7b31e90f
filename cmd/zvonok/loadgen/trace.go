package loadgen

import (
	"bufio"
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
)

//go:embed testdata/chromium.trace
var chromiumTrace []byte

// The tracks of a trace: three encodings of a camera, the smallest first, and a microphone.
const (
	traceLow = iota
	traceMiddle
	traceHigh
	traceVoice
	traceTracks
)

var traceRIDs = [traceVoice]string{"q", "h", "f"}

// tracePacket is one recorded packet.
type tracePacket struct {
	// At is when it left the browser, since the trace's start.
	At time.Duration
	// Track is one of the four.
	Track int
	// TS is the RTP timestamp in ticks since the track's first packet.
	TS uint32
	// Size of the payload in bytes.
	Size int
	// Marker is the RTP marker bit.
	Marker bool
	// Level is the audio level in -dBov, 0 for video.
	Level uint8
	// Head is the beginning of the payload: what a server looks at, whole for parameter sets.
	Head []byte
}

var errTrace = errors.New("loadgen: damaged trace")

const (
	maxHead    = 256
	maxPayload = 1400
)

func readTrace(data []byte) ([]tracePacket, error) {
	zipped, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errTrace, err)
	}
	in := bufio.NewReader(zipped)
	var all []tracePacket
	for at := time.Duration(0); ; {
		p, err := readTracePacket(in, &at)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%w: packet %d: %w", errTrace, len(all), err)
		}
		all = append(all, p)
	}
}

// readTracePacket advances at by the packet's distance from the one before.
func readTracePacket(in *bufio.Reader, at *time.Duration) (tracePacket, error) {
	step, err := binary.ReadUvarint(in)
	if err != nil {
		return tracePacket{}, err
	}
	var fields [5]uint64 // track and marker, timestamp, size, level, bytes of head
	for i := range fields {
		if fields[i], err = binary.ReadUvarint(in); err != nil {
			return tracePacket{}, io.ErrUnexpectedEOF
		}
	}
	if fields[0]>>1 >= traceTracks || fields[2] > maxPayload || fields[3] > 127 || fields[4] > min(maxHead, fields[2]) {
		return tracePacket{}, errTrace
	}
	*at += time.Duration(step) * time.Microsecond
	p := tracePacket{
		At: *at, Track: int(fields[0] >> 1), Marker: fields[0]&1 == 1,
		TS: uint32(fields[1]), Size: int(fields[2]), Level: uint8(fields[3]), Head: make([]byte, fields[4]),
	}
	if _, err := io.ReadFull(in, p.Head); err != nil {
		return tracePacket{}, io.ErrUnexpectedEOF
	}
	return p, nil
}

// writeTrace is the inverse of readTrace; it sorts the packets by time.
func writeTrace(out io.Writer, all []tracePacket) error {
	slices.SortStableFunc(all, func(a, b tracePacket) int { return int(a.At - b.At) })
	zipped, err := gzip.NewWriterLevel(out, gzip.BestCompression)
	if err != nil {
		return err
	}
	var last time.Duration
	var buf []byte
	for _, p := range all {
		flags := uint64(p.Track) << 1
		if p.Marker {
			flags |= 1
		}
		buf = buf[:0]
		step := (p.At - last) / time.Microsecond
		last += step * time.Microsecond
		for _, v := range []uint64{uint64(step), flags, uint64(p.TS), uint64(p.Size), uint64(p.Level), uint64(len(p.Head))} {
			buf = binary.AppendUvarint(buf, v)
		}
		if _, err := zipped.Write(append(buf, p.Head...)); err != nil {
			return err
		}
	}
	return zipped.Close()
}

// payload makes what is sent for a recorded packet: its head, filler, room for a stamp.
func (p tracePacket) payload(into []byte) []byte {
	size := min(max(p.Size, len(p.Head)+stampBytes), maxPayload)
	into = append(into[:0], p.Head...)
	for len(into) < size {
		into = append(into, 0xa5)
	}
	return into
}
