// Package session is one subscriber's transport on the media port, put together from Pion's parts: an ICE-lite side that
// answers connectivity checks (RFC 8445, section 2.5), a DTLS server, the SRTP keys of both directions (RFC 5764), and
// the subscriber's RTCP. There is no SCTP and no gathering.
//
// A [Host] owns the sessions of a server and one goroutine that looks at their consent (RFC 7675). A [Session] owns its
// credentials, its addresses and its keys; where its datagrams go is its egress.Dest, which it moves, opens and
// closes. Checks and RTCP are handled on the port's goroutine without waiting; a session has goroutines of its own only
// for DTLS. What a client sends before it has proved itself by a check allocates nothing that lasts; everything that
// lasts is bounded. It imports sfu/internal/{port,seal,egress} and Pion. Times are read from Config.Now.
package session
