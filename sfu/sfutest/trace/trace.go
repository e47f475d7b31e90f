package trace

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
var chromium []byte

// The tracks of a trace: three encodings of a camera, the smallest first, and a microphone.
const (
	Low = iota
	Middle
	High
	Voice
	Tracks
)

// RIDs names the encodings of the camera as Chromium did.
var RIDs = [Voice]string{"q", "h", "f"}

// Packet is one recorded packet.
type Packet struct {
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

// ErrDamaged is returned for a file that is not a whole trace.
var ErrDamaged = errors.New("trace: damaged trace")

// Limits of a packet, in bytes.
const (
	MaxHead    = 256
	MaxPayload = 1400
)

// Chromium is the recorded trace.
func Chromium() ([]Packet, error) { return Read(chromium) }

// Read reads a whole trace; its errors wrap ErrDamaged.
func Read(data []byte) ([]Packet, error) {
	zipped, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	in := bufio.NewReader(zipped)
	var all []Packet
	for at := time.Duration(0); ; {
		p, err := readPacket(in, &at)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%w: packet %d: %w", ErrDamaged, len(all), err)
		}
		all = append(all, p)
	}
}

// readPacket advances at by the packet's distance from the one before.
func readPacket(in *bufio.Reader, at *time.Duration) (Packet, error) {
	step, err := binary.ReadUvarint(in)
	if err != nil {
		return Packet{}, err
	}
	var fields [5]uint64 // track and marker, timestamp, size, level, bytes of head
	for i := range fields {
		if fields[i], err = binary.ReadUvarint(in); err != nil {
			return Packet{}, io.ErrUnexpectedEOF
		}
	}
	if fields[0]>>1 >= Tracks || fields[2] > MaxPayload || fields[3] > 127 || fields[4] > min(MaxHead, fields[2]) {
		return Packet{}, ErrDamaged
	}
	*at += time.Duration(step) * time.Microsecond
	p := Packet{
		At: *at, Track: int(fields[0] >> 1), Marker: fields[0]&1 == 1,
		TS: uint32(fields[1]), Size: int(fields[2]), Level: uint8(fields[3]), Head: make([]byte, fields[4]),
	}
	if _, err := io.ReadFull(in, p.Head); err != nil {
		return Packet{}, io.ErrUnexpectedEOF
	}
	return p, nil
}

// Write is the inverse of Read; it sorts the packets by time.
func Write(out io.Writer, all []Packet) error {
	slices.SortStableFunc(all, func(a, b Packet) int { return int(a.At - b.At) })
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

// Payload makes what is sent for a recorded packet: its head, filler, room for a stamp. It overwrites into.
func (p Packet) Payload(into []byte) []byte {
	size := min(max(p.Size, len(p.Head)+StampBytes), MaxPayload)
	into = append(into[:0], p.Head...)
	for len(into) < size {
		into = append(into, 0xa5)
	}
	return into
}

// StartsWithParameters says whether an H.264 payload begins with a parameter set, alone or aggregated (RFC 6184,
// section 5.2): Chromium puts them before each keyframe.
func StartsWithParameters(payload []byte) bool {
	if len(payload) == 0 {
		return false
	}
	switch payload[0] & 0x1f {
	case 7:
		return true
	case 24:
		return len(payload) > 3 && payload[3]&0x1f == 7
	}
	return false
}
