// Package rewrite maps the sequence numbers and timestamps of changing up tracks onto one continuous stream.
//
// It owns arithmetic only: no clock, no packets, no goroutine, and it imports nothing of ours. One goroutine uses a
// [Stream]. Sequence numbers and timestamps are unwrapped; timestamps are in ticks of the stream's clock.
package rewrite
