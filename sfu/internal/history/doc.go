// Package history keeps the latest packets of one up track for retransmission.
//
// It owns a ring of pointers to shared packets. One goroutine stores; any may look up. It imports sfu/media only and
// starts no goroutine. Sequence numbers are unwrapped.
package history
