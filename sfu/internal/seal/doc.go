// Package seal turns RTP and RTCP into SRTP and SRTCP (RFC 3711, RFC 7714), for sending only.
//
// It owns session keys and the scratch space of one subscriber. A [Sealer] belongs to one goroutine, the shard of its
// subscriber, and allocates nothing after [New]. Plaintext is read where it lies and ciphertext is written where it
// will be sent from. It imports the standard library only. Lengths are in bytes; a packet index is the unwrapped
// sequence number (RFC 3711, section 3.3.1).
package seal
