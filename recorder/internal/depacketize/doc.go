// Package depacketize turns one track's packets, in order, into coded pictures: H.264 (RFC 6184), VP9 (RFC 9628), VP8
// (RFC 7741) and AV1 (AOM's RTP payload format).
//
// An [Assembler] belongs to the goroutine that owns its recording and starts none. It imports sfu/media, pion/rtp's
// codecs and recorder/internal/mux. Timestamps are unwrapped RTP ticks.
//
// A picture of which a packet is missing is dropped. H.264 goes on with the next whole picture; the others need every
// picture before, so nothing comes out until the next keyframe. Either way the caller learns of it and asks for one.
package depacketize
