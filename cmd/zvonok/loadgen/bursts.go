package loadgen

import (
	"time"

	"github.com/zvonok/zvonok/sfu/floor"
	"github.com/zvonok/zvonok/sfu/sfutest/trace"
)

const (
	// floorLength is how much of the trace the floor plays.
	floorLength = 5 * time.Second
	// frameSpan is what lies at most between the packets of one frame.
	frameSpan = 5 * time.Millisecond
)

// bursts are what the publisher of a lecture sends, as an ideal server would forward it: a picture's frame at once, when
// its last packet has come, and sound as it comes.
func bursts(packets []trace.Packet, length time.Duration) (out []floor.Burst) {
	frame := -1
	var ts uint32
	for _, p := range packets {
		if p.At > length {
			break
		}
		switch {
		case p.Track == trace.Voice:
			out = append(out, floor.Burst{At: p.At, Lengths: []int{p.Size}})
		case p.Track != trace.High:
		case frame >= 0 && p.TS == ts && p.At-out[frame].At < frameSpan:
			out[frame].Lengths = append(out[frame].Lengths, p.Size)
		default:
			frame, ts = len(out), p.TS
			out = append(out, floor.Burst{At: p.At, Lengths: []int{p.Size}})
		}
	}
	return out
}

// measureFloor lets the server's process do nothing but seal and send the same to as many.
func (o options) measureFloor(c *child, a *audience) (time.Duration, error) {
	packets, err := trace.Chromium()
	if err != nil {
		return 0, err
	}
	answer, err := c.ask(request{Op: "floor", To: a.addresses(max(o.Listeners, o.Meeting)), Bursts: bursts(packets, floorLength)})
	if err != nil {
		return 0, err
	}
	return answer.Floor.PerPacket(), nil
}
