// Package relay is the TURN server (RFC 8656) for clients that reach nothing but one port: over UDP, TCP and, behind a
// listener that has taken TLS off, TLS. It relays to our own media port inside this process and to nothing else: there are
// no relay sockets, a peer is one of our announced addresses, and TCP allocations (RFC 6062) are refused.
//
// A [Server] owns the connections that it was given, Pion's server for each socket with its goroutines, and one path of
// the media port for each allocation and peer address. Credentials are made here too: a user name that expires and says
// nothing of the person, and its HMAC (draft-uberti-behave-turn-rest-00). It imports sfu/internal/stream and Pion. Rates
// are bytes per second.
package relay
