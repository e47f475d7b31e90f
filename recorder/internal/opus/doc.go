// Package opus is the recorder's only codec: Opus in pure Go (thesyncim/gopus) behind two small interfaces, and what can
// be said of a packet without decoding it.
//
// Coders belong to one goroutine each. It imports gopus only. Sound is 48,000 float samples a second in [-1, 1], mono;
// durations are samples.
package opus
