// Package floor measures what sealing and sending alone cost on this machine, so that the forwarding path has
// something to be compared with.
//
// It owns nothing after [Run] returns; one goroutine runs it, the caller's. It imports sfu/internal/{seal,egress}.
// Lengths are in bytes, times are processor time of the whole process.
package floor
