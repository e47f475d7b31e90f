// Package speaker decides who is heard: a [Meter] smooths the levels of one microphone, a [Ranking] keeps the loudest
// three and the active speaker with hysteresis.
//
// It owns arithmetic only; time is passed in. One goroutine uses a value. It imports nothing of ours and starts no
// goroutine. Levels are RFC 6464's -dBov, scores are 127 minus that.
package speaker
