package bwe

import (
	"encoding/binary"
	"errors"
	"time"

	"github.com/pion/rtcp"
)

// ErrFeedback is returned for bytes that are no transport-wide feedback.
var ErrFeedback = errors.New("bwe: malformed transport-wide feedback")

// Arrival is what the receiver says of one packet.
type Arrival struct {
	Seq      uint16
	Received bool
	// At is when it arrived, on the receiver's clock, which wraps after [Wrap]; 0 when it did not.
	At time.Duration
}

const (
	// reference and tick are the units of a feedback's base time and of its deltas.
	reference = 64 * time.Millisecond
	tick      = 250 * time.Microsecond
	// Wrap is the span of the receiver's clock: 24 bits of 64 ms.
	Wrap = (1 << 24) * reference
	// maxStatuses bounds what one feedback may speak of; more than the history holds means nothing.
	maxStatuses = historySize

	headerBytes = 20 // RTCP header, two SSRCs, base, count, reference time, feedback count
)

// The symbols of a packet's status.
const (
	symbolLost = iota
	symbolSmall
	symbolLarge
)

// Parse reads one RTCP packet of transport-wide feedback and appends what it says to into
// (draft-holmer-rmcat-transport-wide-cc-extensions-01, section 3.1). The error is ErrFeedback.
func Parse(packet []byte, into []Arrival) ([]Arrival, error) {
	if len(packet) < headerBytes || packet[0]>>6 != 2 || packet[0]&0x1f != 15 || packet[1] != 205 {
		return into, ErrFeedback
	}
	size := 4 * (int(binary.BigEndian.Uint16(packet[2:])) + 1)
	if size < headerBytes || size > len(packet) {
		return into, ErrFeedback
	}
	packet = packet[:size]
	base, count := binary.BigEndian.Uint16(packet[12:]), int(binary.BigEndian.Uint16(packet[14:]))
	at := time.Duration(binary.BigEndian.Uint32(packet[16:])>>8) * reference
	if count == 0 || count > maxStatuses {
		return into, ErrFeedback
	}
	start := len(into)
	rest := packet[headerBytes:]
	for left := count; left > 0; {
		if len(rest) < 2 {
			return into[:start], ErrFeedback
		}
		n := min(left, chunkLength(rest))
		for i := range n {
			// At holds the symbol until the deltas, which follow all chunks, are read.
			into = append(into, Arrival{Seq: base, At: time.Duration(chunkSymbol(rest, i))})
			base++
		}
		left -= n
		rest = rest[2:]
	}
	if !readDeltas(into[start:], rest, at) {
		return into[:start], ErrFeedback
	}
	return into, nil
}

// chunkLength is how many packets a chunk speaks of.
func chunkLength(c []byte) int {
	switch {
	case c[0]&0x80 == 0:
		return int(binary.BigEndian.Uint16(c) & 0x1fff)
	case c[0]&0x40 == 0:
		return 14
	}
	return 7
}

func chunkSymbol(c []byte, i int) int {
	bits := binary.BigEndian.Uint16(c)
	switch {
	case c[0]&0x80 == 0:
		return int(bits >> 13 & 3)
	case c[0]&0x40 == 0:
		return int(bits >> (13 - i) & 1)
	}
	return int(bits >> (12 - 2*i) & 3)
}

// readDeltas turns symbols into arrivals; false when a delta is missing or a symbol is reserved.
func readDeltas(arrivals []Arrival, deltas []byte, at time.Duration) bool {
	for i := range arrivals {
		a := &arrivals[i]
		symbol := a.At
		a.At = 0
		switch symbol {
		case symbolLost:
			continue
		case symbolSmall:
			if len(deltas) < 1 {
				return false
			}
			at += time.Duration(deltas[0]) * tick
			deltas = deltas[1:]
		case symbolLarge:
			if len(deltas) < 2 {
				return false
			}
			at += time.Duration(int16(binary.BigEndian.Uint16(deltas))) * tick
			deltas = deltas[2:]
		default:
			return false
		}
		a.Received, a.At = true, at
	}
	return true
}

// Arrivals is Parse for feedback that Pion has read already. What is malformed in it ends the list.
func Arrivals(f *rtcp.TransportLayerCC, into []Arrival) []Arrival {
	seq, left := f.BaseSequenceNumber, min(int(f.PacketStatusCount), maxStatuses)
	at := time.Duration(f.ReferenceTime&0xffffff) * reference
	deltas := f.RecvDeltas
	one := func(symbol uint16) bool {
		if left == 0 {
			return false
		}
		left--
		a := Arrival{Seq: seq}
		seq++
		if symbol == symbolSmall || symbol == symbolLarge {
			if len(deltas) == 0 {
				return false
			}
			at += time.Duration(deltas[0].Delta) * time.Microsecond
			deltas = deltas[1:]
			a.Received, a.At = true, at
		}
		into = append(into, a)
		return true
	}
	for _, c := range f.PacketChunks {
		switch c := c.(type) {
		case *rtcp.RunLengthChunk:
			for range c.RunLength {
				if !one(c.PacketStatusSymbol) {
					return into
				}
			}
		case *rtcp.StatusVectorChunk:
			for _, symbol := range c.SymbolList {
				if !one(symbol) {
					return into
				}
			}
		}
	}
	return into
}
