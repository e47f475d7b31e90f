// Package frontdoor shares one TCP port between https, TURN over TLS, TURN over TCP and ICE-TCP, so that a network that
// lets nothing but port 443 through lets lessons through.
//
// A [Listener] owns the listener underneath, one goroutine that accepts and one for each connection that has not said yet
// what it is; those are bounded in number and time. The first byte of a connection tells TLS (0x16) from STUN; after the
// handshake the protocol that the client named tells HTTP, and where it named none (TURN clients name none) the first
// byte of the plaintext. It imports nothing of ours.
package frontdoor
