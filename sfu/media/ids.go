package media

import "fmt"

// ParticipantID names one person in one room. It is the person's id in the catalog, so that whoever comes back
// after a lost connection, or from another device, is the same participant.
type ParticipantID string

// RoomID names one room of media: the id of the lesson that it hosts.
type RoomID string

// Source is what a participant can publish. There is at most one of each, on fixed m-lines in this order.
type Source uint8

// The four sources, in the order of the m-lines of a publish offer.
const (
	Microphone Source = iota
	Camera
	Share
	ShareAudio
	// Sources is how many there are.
	Sources = 4
)

var sourceNames = [Sources]string{"microphone", "camera", "share", "share_audio"}

// String gives the name that the signaling protocol and the catalog use.
func (s Source) String() string {
	if int(s) < len(sourceNames) {
		return sourceNames[s]
	}
	return fmt.Sprintf("source(%d)", uint8(s))
}

// IsVideo says whether the source is a picture rather than sound.
func (s Source) IsVideo() bool { return s == Camera || s == Share }

// ParseSource is the inverse of [Source.String].
func ParseSource(name string) (Source, error) {
	for i, n := range sourceNames {
		if n == name {
			return Source(i), nil
		}
	}
	return 0, fmt.Errorf("media: unknown source %q", name)
}

// Bitrate is in bit/s.
type Bitrate int64
