package media

import "time"

// Packet is one RTP packet of a received encoding, parsed once. It is immutable after publication and is shared by
// every consumer; none of them writes to Payload.
type Packet struct {
	// Seq is the unwrapped sequence number, in the space of whoever hands the packet out.
	Seq uint64
	// TS is the unwrapped RTP timestamp in ticks of the codec's clock, in the same space.
	TS uint64
	// Arrival is when the packet left the socket; it carries a monotonic reading.
	Arrival time.Time
	// Payload is the codec's payload: without header, extensions and padding. Never empty (padding-only packets are
	// dropped before a Packet is made).
	Payload []byte
	// Codec is what Payload is coded in.
	Codec Codec
	// Layer is the encoding that the packet came from, 0 the smallest; 0 for audio and share.
	Layer uint8
	// Marker is the RTP marker bit: the last packet of a frame, or the start of a talk spurt.
	Marker bool
	// Keyframe says that the packet starts a frame that needs no other (for H.264: its access unit holds an IDR).
	Keyframe bool
	// Level is the audio level in -dBov (RFC 6464): 0 loudest, 127 silent; 127 for video.
	Level uint8
}

// SenderReport ties RTP time to the sender's wall clock (RFC 3550, section 6.4.1), in the timestamp space of the
// packets that go with it.
type SenderReport struct {
	// TS is the unwrapped RTP timestamp in ticks.
	TS uint64
	// NTP is the sender's wall clock at TS.
	NTP time.Time
	// Arrival is when the report arrived; it carries a monotonic reading.
	Arrival time.Time
}
