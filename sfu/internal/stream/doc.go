// Package stream carries media over TCP connections: ICE candidates of type tcptype passive (RFC 6544) with the framing
// of RFC 4571. It also tells a connection that speaks TURN from one that speaks ICE, and passes the former on.
//
// A [Door] owns the connections that it was given until they end: two goroutines each, one that reads and, from the
// first answer on, one that writes. Reading hands each datagram to the media port under the path's address; a stalled
// reader at the other end stalls nothing of ours, since [Queue] loses what is too old. A connection that says nothing
// valid is closed after a few seconds, and an address has so many of those only. It imports
// egress, for the kinds. Lengths are bytes.
package stream
