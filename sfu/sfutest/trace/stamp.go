package trace

import (
	"encoding/binary"
	"time"
)

// StampBytes is how much of a payload's end a Stamp takes.
const StampBytes = 20

// stampMagic stands before each Stamp, so that a payload of somebody else is not taken for ours.
const stampMagic = 0x5a764e6b

// Stamp is what a publisher writes at the end of every payload and a subscriber reads after decryption.
type Stamp struct {
	// Number counts the packets of one track from zero.
	Number uint32
	// Frame counts the frames of one track from zero.
	Frame uint32
	// Sent is the time of sending, since the run's start.
	Sent time.Duration
}

// Write puts the stamp at a payload's end, over what is there.
func (s Stamp) Write(payload []byte) {
	b := payload[len(payload)-StampBytes:]
	binary.BigEndian.PutUint32(b, stampMagic)
	binary.BigEndian.PutUint32(b[4:], s.Number)
	binary.BigEndian.PutUint32(b[8:], s.Frame)
	binary.BigEndian.PutUint64(b[12:], uint64(s.Sent))
}

// ReadStamp is false for a payload without a stamp.
func ReadStamp(payload []byte) (Stamp, bool) {
	if len(payload) < StampBytes {
		return Stamp{}, false
	}
	b := payload[len(payload)-StampBytes:]
	if binary.BigEndian.Uint32(b) != stampMagic {
		return Stamp{}, false
	}
	return Stamp{
		Number: binary.BigEndian.Uint32(b[4:]),
		Frame:  binary.BigEndian.Uint32(b[8:]),
		Sent:   time.Duration(binary.BigEndian.Uint64(b[12:])),
	}, true
}
