package sfu_test

import (
	"testing"

	"github.com/zvonok/zvonok/sfu"
	"github.com/zvonok/zvonok/sfu/media"
	"github.com/zvonok/zvonok/sfu/sfutest"
)

var allSlots = []media.SlotKind{
	media.SlotStageVideo, media.SlotStageVoice, media.SlotShareVideo, media.SlotShareAudio,
	media.SlotVoice, media.SlotVoice, media.SlotVoice, media.SlotTile, media.SlotTile,
}

func TestTwoPublishersReachTheSlotsOfOneSubscriber(t *testing.T) {
	w := newWorld(t, nil)
	anna, boris, vera := w.join("anna", sfu.Capabilities{}), w.join("boris", sfu.Capabilities{}), w.join("vera", sfu.Capabilities{})
	pa := w.publish(anna, sfutest.Options{}, nil, media.Microphone, media.Camera)
	pb := w.publish(boris, sfutest.Options{}, nil, media.Microphone, media.Camera, media.Share, media.ShareAudio)
	film(pa, pa.Camera[0], 360)
	film(pb, pb.Camera[0], 360)
	film(pb, pb.Share, 720)
	tone(pb, pb.ShareAudio, 30, 9)
	tone(pa, pa.Microphone, 20, 1)
	tone(pb, pb.Microphone, 40, 2)
	vera.SetView(sfu.View{StageHeight: 360, ShareHeight: 720, Tiles: []sfu.TileView{{Participant: "boris", Height: 180}, {Participant: "anna", Height: 180}}})
	in := w.subscribe(vera, sfutest.Options{}, allSlots...)

	want := map[int]sfu.Occupant{
		0: {Slot: 0, Participant: "anna", Source: media.Camera},
		1: {Slot: 1, Participant: "anna", Source: media.Microphone},
		2: {Slot: 2, Participant: "boris", Source: media.Share},
		3: {Slot: 3, Participant: "boris", Source: media.ShareAudio},
		4: {Slot: 4, Participant: "boris", Source: media.Microphone},
		7: {Slot: 7, Participant: "boris", Source: media.Camera},
		8: {Slot: 8, Participant: "anna", Source: media.Camera},
	}
	w.until("occupants", func() bool {
		for slot, o := range want {
			if w.events.slot("vera", slot) != o {
				return false
			}
		}
		return true
	})
	w.until("packets in every occupied slot", func() bool {
		for slot := range want {
			if in.count(slot) < 20 {
				return false
			}
		}
		return true
	})
	for _, slot := range []int{5, 6} {
		if n := in.count(slot); n != 0 {
			t.Errorf("free slot %d received %d packets", slot, n)
		}
	}
	last := map[int]*sfutest.Received{}
	for _, r := range in.snapshot() {
		if was := last[r.Slot]; was == nil {
			if kind := allSlots[r.Slot]; kind.IsVideo() && r.Packet.Payload[0]&0x1f != 24 {
				t.Errorf("slot %d does not begin with parameter sets", r.Slot)
			}
		} else if r.Packet.SSRC != was.Packet.SSRC || r.Packet.SequenceNumber != was.Packet.SequenceNumber+1 {
			t.Errorf("slot %d: %v after %v", r.Slot, r.Packet.Header, was.Packet.Header)
		}
		last[r.Slot] = &r
	}
}
