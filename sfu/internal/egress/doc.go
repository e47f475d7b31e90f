// Package egress gets datagrams out: many subscribers' packets in few system calls.
//
// It owns a [Batch]'s arena and message headers, used by one goroutine (a shard); a [Dest], which the session moves
// and the shard reads; and a [Stream], the ring and the writing goroutine of a subscriber behind TCP. Nothing is
// allocated per datagram, and no shard ever waits: what cannot be sent at once is dropped and counted. It imports
// nothing of ours. Lengths are in bytes; times are passed in, as time since any one origin.
package egress
