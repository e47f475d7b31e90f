package media

// Facts are what one packet's payload says about its frame.
type Facts struct {
	// Keyframe: the packet starts a frame that needs no other.
	Keyframe bool
	// Width and Height are the frame's size in pixels, 0 where the packet does not tell.
	Width, Height int
}

// Inspect reads the facts of one RTP payload. It never fails: what is malformed or unknown has no facts.
func Inspect(c Codec, payload []byte) Facts {
	switch c {
	case H264:
		return inspectH264(payload)
	case VP8:
		return inspectVP8(payload)
	case VP9:
		return inspectVP9(payload)
	case AV1:
		return inspectAV1(payload)
	case CodecNone, Opus:
		return Facts{}
	}
	return Facts{}
}
