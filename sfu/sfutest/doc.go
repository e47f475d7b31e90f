// Package sfutest holds headless peers for tests and load: a [Publisher] with the four m-lines of a publish offer, a
// [Subscriber] with recvonly slots, and networks that lose packets.
//
// They are Pion clients that know nothing of the server's insides: an exchange function carries the offer to whatever
// answers it, a room or a signaling session. Each peer owns its peer connection and joins its goroutines in Close. It
// may import sfu/media and Pion. RTP timestamps are in ticks of the codec's clock.
package sfutest
