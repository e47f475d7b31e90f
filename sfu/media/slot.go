package media

// SlotKind is what a slot of the subscribe transport is for.
type SlotKind uint8

// The kinds of slot. A subscribe offer lists its m-lines' kinds in order, at most one of each of the first four.
const (
	// SlotStageVideo is the picture of the one on stage.
	SlotStageVideo SlotKind = iota
	// SlotStageVoice is the reserved voice of the one on stage; one MSID with SlotStageVideo.
	SlotStageVoice
	// SlotShareVideo is the shared screen.
	SlotShareVideo
	// SlotShareAudio is the shared screen's sound, never subject to loudest-N; one MSID with SlotShareVideo.
	SlotShareAudio
	// SlotVoice is one of the loudest voices.
	SlotVoice
	// SlotTile is a small picture.
	SlotTile
)

var slotNames = [...]string{"stage_video", "stage_voice", "share_video", "share_audio", "voice", "tile"}

// String gives the name that the signaling protocol uses.
func (k SlotKind) String() string {
	if int(k) < len(slotNames) {
		return slotNames[k]
	}
	return "unknown"
}

// IsVideo says whether the slot carries a picture.
func (k SlotKind) IsVideo() bool { return k == SlotStageVideo || k == SlotShareVideo || k == SlotTile }

// ParseSlotKind is the inverse of [SlotKind.String].
func ParseSlotKind(name string) (SlotKind, bool) {
	for i, n := range slotNames {
		if n == name {
			return SlotKind(i), true
		}
	}
	return 0, false
}
