package sfu

import "sync/atomic"

// DropReason says why a packet was not forwarded. Per packet there are no errors and no logs, only these counts.
type DropReason uint8

// The reasons.
const (
	// DropMalformed: not RTP.
	DropMalformed DropReason = iota
	// DropPayloadType: a payload type that was not negotiated.
	DropPayloadType
	// DropPadding: no content.
	DropPadding
	// DropGated: the source is closed, or its publisher may not publish it.
	DropGated
	// DropDuplicate: arrived before, or too late for the history.
	DropDuplicate
	// DropShardFull: a shard could not keep up.
	DropShardFull
	// DropTapFull: the recorder's goroutine could not keep up.
	DropTapFull
	// DropStale: from an encoding that the slot has left, or from before its switch.
	DropStale
	// DropKeyframeWait: the slot waits for a keyframe.
	DropKeyframeWait
	// DropNoPayloadType: the subscriber did not negotiate the codec, or cannot decode it.
	DropNoPayloadType
	// DropWrite: the transport refused.
	DropWrite
	// DropNACKUnknown: asked again for something that was never sent in the slot, or long ago.
	DropNACKUnknown
	// DropNACKGone: asked again for something that the history does not hold any more.
	DropNACKGone
	// DropNACKRepeat: asked again too often or too soon.
	DropNACKRepeat
	// DropFeedbackFull: a subscriber's RTCP came faster than its shard could take it.
	DropFeedbackFull
	// DropBudget: more waited for a subscriber's send budget than is worth sending.
	DropBudget
	// DropSendFull: the socket's buffer, or a TCP subscriber's queue, had no room.
	DropSendFull
	// DropSendRefused: the kernel knew no way to the subscriber, or would not take the datagram.
	DropSendRefused
	// DropReasons is how many there are.
	DropReasons = int(iota)
)

var dropNames = [DropReasons]string{
	"malformed", "payload_type", "padding", "gated", "duplicate", "shard_full", "tap_full", "stale", "keyframe_wait",
	"no_payload_type", "write", "nack_unknown", "nack_gone", "nack_repeat", "feedback_full",
	"budget", "send_full", "send_refused",
}

// String gives the name for a metric's label.
func (d DropReason) String() string {
	if int(d) < len(dropNames) {
		return dropNames[d]
	}
	return "unknown"
}

// counters are written by any goroutine of the packet path and summed on demand.
type counters struct {
	received, receivedBytes   atomic.Uint64
	forwarded, forwardedBytes atomic.Uint64
	retransmitted, tapped     atomic.Uint64
	keyframeRequests          atomic.Uint64
	panics, sendCalls         atomic.Uint64
	drops                     [DropReasons]atomic.Uint64
}

func (c *counters) drop(r DropReason) { c.drops[r].Add(1) }

// Stats is a snapshot of a server. Counters only grow; a restart begins at zero.
type Stats struct {
	Rooms, Participants              int
	PublishLegs, SubscribeLegs       int
	Received, ReceivedBytes          uint64
	Forwarded, ForwardedBytes        uint64
	Retransmitted, Tapped            uint64
	KeyframeRequests, RecoveredPanic uint64
	// SendCalls are the system calls that sent media.
	SendCalls uint64
	// Drops is indexed by [DropReason].
	Drops [DropReasons]uint64
}

func (c *counters) snapshot(s *Stats) {
	s.Received, s.ReceivedBytes = c.received.Load(), c.receivedBytes.Load()
	s.Forwarded, s.ForwardedBytes = c.forwarded.Load(), c.forwardedBytes.Load()
	s.Retransmitted, s.Tapped = c.retransmitted.Load(), c.tapped.Load()
	s.KeyframeRequests, s.RecoveredPanic = c.keyframeRequests.Load(), c.panics.Load()
	s.SendCalls = c.sendCalls.Load()
	for i := range c.drops {
		s.Drops[i] = c.drops[i].Load()
	}
}
