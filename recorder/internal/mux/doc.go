// Package mux writes CMAF: initialisation sections and media segments of one track (ISO/IEC 14496-12, 23000-19).
//
// It is pure: it owns no state and starts no goroutine. It imports sfu/media and mediacommon's fmp4. Times are ticks of
// the track's timescale (90,000 video, 48,000 audio) since the recording's start.
//
// A segment is styp, a uuid box that says what it is ([Ident], JSON: the index can be rebuilt from the segments), and
// fragments of at most [FragmentLength], so that a part of it can be served or used.
package mux
