// Package recorder records lessons: it taps a room of the SFU, puts every track on one time line, writes sealed CMAF
// segments to a spool on the local disk, uploads and indexes them, and mixes the lesson's sound.
//
// A [Recorder] owns the spool, one goroutine that syncs it and closes off what nobody continued, and per recording a
// session (one goroutine that owns all of the recording's state, fed by a bounded queue) and an uploader. Live media
// never waits for it: what does not fit the queue is counted and lost. Exported methods may be called from any goroutine.
// It may import sfu, sfu/media, storage/... and its own packages; never signaling or api. Times inside a recording are
// time.Duration or microseconds since its start, decode times ticks of 1/90,000 s (video) or 1/48,000 s (sound).
//
// The decisions are in cmd/adr/0005-recording-format.md and 0006-opus-in-go.md.
package recorder
