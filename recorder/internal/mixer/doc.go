// Package mixer makes the lesson's sound: every talker's packets decoded, added up, softly limited and encoded as one
// mono track, 50 frames a second from the recording's start on, silence included.
//
// A [Mixer] belongs to the goroutine that owns its recording; it reads no clock: the owner says how far to go. It
// imports recorder/internal/opus. Times are samples (48,000 a second) since the recording's start.
package mixer
