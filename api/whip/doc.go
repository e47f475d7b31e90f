// Package whip is the standard doors into a room: WHIP (RFC 9725) publishes, WHEP (draft-ietf-wish-whep) receives.
//
// It owns the sessions that POST made: their unguessable names, their entity-tags, who may touch them. Who may come in
// and which room that is, is decided by whoever calls it; the media is sfu's. It starts no goroutine: its methods run on
// net/http's, what rooms tell it on theirs, and a mutex guards the sessions. It may import sfu and knows Pion's SDP,
// nothing of the school. Sizes are bytes.
package whip
