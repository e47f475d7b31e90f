package media

import "strings"

// Codec is what a track is coded in.
type Codec uint8

// The codecs that are negotiated; video in the order of preference.
const (
	CodecNone Codec = iota
	H264
	VP9
	AV1
	VP8
	Opus
)

var codecNames = [...]string{"none", "h264", "vp9", "av1", "vp8", "opus"}

// String gives the lower-case name that the signaling protocol and the catalog use.
func (c Codec) String() string {
	if int(c) < len(codecNames) {
		return codecNames[c]
	}
	return "unknown"
}

// ParseCodec takes the name of [Codec.String] or the subtype of a MIME type ("H264"); unknown names give CodecNone.
func ParseCodec(name string) Codec {
	for i, n := range codecNames {
		if strings.EqualFold(n, name) {
			return Codec(i)
		}
	}
	return CodecNone
}

// ClockRate is the RTP clock in ticks per second: 48,000 for Opus (RFC 7587, section 4.1), 90,000 for video.
func (c Codec) ClockRate() int64 {
	if c == Opus {
		return 48000
	}
	return 90000
}
