// Package stage decides whose picture the recorded stage shows.
//
// A [Machine] is pure and driven by events: it reads no clock, starts no goroutine and belongs to the goroutine that owns
// its recording. It imports sfu/media. Times are time.Duration since the recording's start.
//
// The order: a share that is on; else the active speaker's camera; else the teacher's (a camera that may always be
// recorded); else whoever is on stage already; else the slate. A source stays at least [Stay], unless it vanishes. A
// switch happens at a keyframe of the new source, which is asked for until it comes.
package stage
