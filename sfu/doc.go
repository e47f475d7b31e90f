// Package sfu forwards media: it receives what participants publish, chooses what each of them gets in which slot
// and layer, and hands the same packets to a recorder's tap. It never decodes.
//
// A [Server] owns the media port and the rooms. One goroutine owns a [Room]'s control state; one a received
// encoding. Exported methods post commands to the owner and may be called from any goroutine; callbacks
// ([Events], [Tap]) run on the owner and must not block nor call back into the room synchronously. It may import sfu/media and
// sfu/internal, Pion, and nothing above. Time is passed in or read once per packet; rates are bit/s.
package sfu
