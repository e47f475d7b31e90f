// Package trace holds what Chromium sent during ten seconds of a lesson: three H.264 encodings of a camera and a
// microphone, packet by packet with times, sizes, flags and what a server reads of the payloads. The rest of each
// payload is filler with a [Stamp] at its end, which tells a receiver what it got and when it was sent.
//
// It is a leaf: pure functions over embedded data, no goroutine, no import of ours. The load generator and the test
// bed play it. Times are since the trace's start, timestamps ticks of the codec's clock, sizes bytes.
package trace
