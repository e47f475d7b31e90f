package sfu

import (
	"github.com/zvonok/zvonok/sfu/internal/slots"
	"github.com/zvonok/zvonok/sfu/media"
)

// downlink is a subscriber's transport.
type downlink interface {
	// answer is the SDP for the client.
	answer() string
	// sinks are where the packets of each slot go, in order.
	sinks() []sink
	// listen calls back about the transport's state and the subscriber's RTCP until close: nack lists sequence numbers,
	// nil asks for a keyframe. The callbacks run on goroutines of the transport.
	listen(state func(LegState), feedback func(slot int, nack []uint16))
	// attach tells the sinks which shard writes to them; it runs on that shard, before the first packet.
	attach(s *shard)
	// close ends the transport and waits for its goroutines. It is idempotent.
	close()
}

// subscribeLeg is what the room's goroutine knows of one subscriber's transport.
type subscribeLeg struct {
	link      downlink
	kinds     []media.SlotKind
	downs     []*downTrack
	shard     *shard
	connected bool
	// occupants and targets are what was decided last, per slot; layers are the chosen ones, -1 for none.
	occupants []slots.Occupant
	targets   []*upTrack
	sources   []*upSource
	layers    []int
	stage     media.ParticipantID
	// path is nil where nothing is estimated; share is what of its estimate each slot has.
	path  *path
	share share
}

func newSubscribeLeg(link downlink, kinds []media.SlotKind, canDecode func(media.Codec) int) *subscribeLeg {
	n := len(kinds)
	leg := &subscribeLeg{
		link: link, kinds: kinds, occupants: make([]slots.Occupant, n), targets: make([]*upTrack, n),
		sources: make([]*upSource, n), layers: make([]int, n), share: newShare(n),
	}
	out := &outlet{}
	if l, ok := link.(*ownDownlink); ok {
		leg.path = l.path
		leg.path.outlet = out
	}
	for i, to := range link.sinks() {
		d := newDownTrack(kinds[i].IsVideo(), to)
		d.outlet = out
		d.hushes = !kinds[i].IsVideo()
		for _, c := range videoCodecs {
			d.refused[c.codec] = canDecode(c.codec) == 0
		}
		leg.downs = append(leg.downs, d)
		leg.layers[i] = -1
	}
	return leg
}
