// Package port is the one UDP socket of all media: it reads datagrams in batches, tells whose each is, and hands it over.
//
// It owns the socket, one goroutine that reads it, and three tables that are copied on write: addresses and ICE user
// name fragments of our own sessions, and paths. A path is another way to a peer (a TCP connection, a TURN relay in this
// process): it gets an address from a range that no network routes, so that nobody else need know about it. What
// belongs to no session of ours goes to the [Facade], a net.PacketConn for Pion's ICE mux.
//
// [Receiver.Receive] runs on the reading goroutine (or that of [Port.Deliver]) and must not block; per datagram of a
// session nothing is allocated. No table grows by what strangers send: their datagrams are counted by name and dropped.
// Answers leave by the source address that the kernel's routing chooses; a host with several addresses towards one peer
// needs Listen on the announced one. It imports egress, for the kinds. Lengths are bytes.
package port
