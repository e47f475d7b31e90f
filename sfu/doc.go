// Package sfu forwards media: it receives what participants publish, chooses what each of them gets in which slot
// and layer, and hands the same packets to a recorder's tap. It never decodes.
//
// A [Server] owns the media port and the rooms. One goroutine owns a [Room]'s control state; one a received
// encoding (parse, gate, history); one a shard: the down tracks of many subscribers, or those of the tap. A packet goes
// socket -> encoding -> each shard that has a taker, by pointer -> switch and rewrite -> transport. Exported methods
// post commands to the owner and may be called from any goroutine; [Events] and [Tap] run on the room's goroutine and
// must not block nor call a method that waits for the room ([Room.SetTap], [Participant.SetView],
// [Participant.SetSource] and [Participant.Leave] do not wait). A panic ends its room only.
//
// It may import sfu/media, sfu/internal and Pion, and nothing above. Time is read once per packet and passed on; rates
// are bit/s, heights pixels, RTP time ticks of the codec's clock.
package sfu
