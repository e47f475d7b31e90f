// Package egress gets datagrams out: many subscribers' packets in few system calls.
//
// It owns a [Batch]'s arena and message headers, used by one goroutine (a shard), and a [Dest], which the session moves
// and the shard reads. What is behind TCP is a [Path] with a queue and a writer of its own. Nothing is allocated per
// datagram, and no shard ever waits: what cannot be sent at once is dropped and counted. It imports nothing of ours.
// Lengths are in bytes; times are passed in, as time since any one origin.
package egress
