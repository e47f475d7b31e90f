package loadgen

import (
	"encoding/binary"
	"time"
)

// stampBytes is how much of a payload's end a stamp takes.
const stampBytes = 20

// stampMagic stands before each stamp, so that a payload of somebody else is not taken for ours.
const stampMagic = 0x5a764e6b

// stamp is what a publisher writes at the end of every payload and a subscriber reads after decryption.
type stamp struct {
	// Number counts the packets of one track from zero.
	Number uint32
	// Frame counts the frames of one track from zero.
	Frame uint32
	// Sent is the time of sending, since the run's start.
	Sent time.Duration
}

func (s stamp) write(payload []byte) {
	b := payload[len(payload)-stampBytes:]
	binary.BigEndian.PutUint32(b, stampMagic)
	binary.BigEndian.PutUint32(b[4:], s.Number)
	binary.BigEndian.PutUint32(b[8:], s.Frame)
	binary.BigEndian.PutUint64(b[12:], uint64(s.Sent))
}

func readStamp(payload []byte) (stamp, bool) {
	if len(payload) < stampBytes {
		return stamp{}, false
	}
	b := payload[len(payload)-stampBytes:]
	if binary.BigEndian.Uint32(b) != stampMagic {
		return stamp{}, false
	}
	return stamp{
		Number: binary.BigEndian.Uint32(b[4:]),
		Frame:  binary.BigEndian.Uint32(b[8:]),
		Sent:   time.Duration(binary.BigEndian.Uint64(b[12:])),
	}, true
}
