// Package tally counts durations in buckets, for whoever watches the server.
//
// It owns nothing but the counts; any goroutine may count and read, without locks. It imports nothing of ours. Bounds and
// sums are seconds.
package tally
