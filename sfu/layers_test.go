package sfu_test

import (
	"context"
	"testing"
	"time"

	"github.com/zvonok/zvonok/sfu"
	"github.com/zvonok/zvonok/sfu/media"
	"github.com/zvonok/zvonok/sfu/sfutest"
)

func exchangePublish(m sfu.Member, allowed [media.Sources]bool) sfutest.Exchange {
	return func(ctx context.Context, offer string) (string, error) {
		return m.Publish(ctx, sfu.Publication{Offer: offer, Allowed: allowed})
	}
}

// heightIn is the height of the latest keyframe in a slot.
func heightIn(in *inbox, slot int) int {
	height := 0
	for _, r := range in.snapshot() {
		if r.Slot == slot {
			if f := media.Inspect(r.Codec, r.Packet.Payload); f.Keyframe {
				height = f.Height
			}
		}
	}
	return height
}

func TestTheLayerFollowsTheView(t *testing.T) {
	w := newWorld(t, nil)
	m, viewer := w.join("a", sfu.Capabilities{}), w.join("b", sfu.Capabilities{})
	p := w.publish(m, sfutest.Options{}, []string{"q", "h", "f"}, media.Camera)
	stop := make(chan struct{})
	film(p, p.Camera[0], 180)
	film(p, p.Camera[1], 360)
	filmUntil(p, p.Camera[2], 720, stop)
	in := w.subscribe(viewer, sfutest.Options{}, media.SlotStageVideo, media.SlotTile)
	look := func(stage, tile int) {
		v := sfu.View{StageHeight: stage}
		if tile > 0 {
			v.Tiles = []sfu.TileView{{Participant: "a", Height: tile}}
		}
		viewer.SetView(v)
	}
	look(720, 180)
	w.until("720 on stage, 180 in the tile", func() bool { return heightIn(in, 0) == 720 && heightIn(in, 1) == 180 })
	look(360, 700)
	w.until("both changed", func() bool { return heightIn(in, 0) == 360 && heightIn(in, 1) == 720 })

	// The top layer dies: the tile falls to the next one within half a second.
	close(stop)
	died := time.Now()
	w.until("fallen to 360", func() bool { return heightIn(in, 1) == 360 })
	if took := time.Since(died); took > 1500*time.Millisecond {
		t.Errorf("falling to a living layer took %v", took)
	}
	look(0, 0)
	w.until("free slots", func() bool { return w.events.slot("b", 0).Participant == "" && w.events.slot("b", 1).Participant == "" })
	assertContinuous(t, in)
}

// assertContinuous checks what must hold in every slot whatever happened: one SSRC, no gap, no timestamp going back.
func assertContinuous(t *testing.T, in *inbox) {
	t.Helper()
	last := map[int]sfutest.Received{}
	for _, r := range in.snapshot() {
		was, ok := last[r.Slot]
		if ok {
			if r.Packet.SSRC != was.Packet.SSRC || r.Packet.SequenceNumber != was.Packet.SequenceNumber+1 {
				t.Fatalf("slot %d: seq %d after %d", r.Slot, r.Packet.SequenceNumber, was.Packet.SequenceNumber)
			}
			if int32(r.Packet.Timestamp-was.Packet.Timestamp) < 0 {
				t.Fatalf("slot %d: timestamp %d after %d", r.Slot, r.Packet.Timestamp, was.Packet.Timestamp)
			}
			if gap := int32(r.Packet.Timestamp - was.Packet.Timestamp); r.Codec != media.Opus && gap > 90000*3 {
				t.Fatalf("slot %d: timestamp jumps by %d", r.Slot, gap)
			}
		}
		last[r.Slot] = r
	}
}

func filmUntil(p *sfutest.Publisher, e *sfutest.Encoding, height int, stop <-chan struct{}) {
	video := sfutest.NewVideo(height)
	var ts uint32 = 1 << 20
	p.Every(40*time.Millisecond, func(time.Time) bool {
		select {
		case <-stop:
			return false
		default:
		}
		frame := video.Delta(2)
		select {
		case <-e.Keyframe():
			frame = video.Keyframe(3)
		default:
		}
		ts += 3600
		return writeFrame(e, ts, frame) == nil
	})
}

func TestTheCodecMayChangeInMidStream(t *testing.T) {
	w := newWorld(t, nil)
	all := sfu.Capabilities{}
	m, viewer := w.join("a", all), w.join("b", all)
	noVP8 := w.join("c", sfu.Capabilities{Decode: []sfu.Decoder{{Codec: media.H264}, {Codec: media.VP9}}})
	p := w.publish(m, sfutest.Options{}, nil, media.Camera)
	viewer.SetView(sfu.View{StageHeight: 360})
	noVP8.SetView(sfu.View{StageHeight: 360})
	in := w.subscribe(viewer, sfutest.Options{}, media.SlotStageVideo)
	other := w.subscribe(noVP8, sfutest.Options{}, media.SlotStageVideo)
	e := p.Camera[0]
	codecs := make(chan media.Codec, 1)
	current, ts, key := media.H264, uint32(0), true
	p.Every(20*time.Millisecond, func(time.Time) bool {
		select {
		case current = <-codecs:
			key = true
			if err := e.SetCodec(current); err != nil {
				t.Error(err)
			}
		case <-e.Keyframe():
			key = true
		default:
		}
		ts += 1800
		err := e.Write(sfutest.Packet{TS: ts, Marker: true, Payload: sfutest.Single(current, key)})
		key = false
		return err == nil
	})
	for i, c := range []media.Codec{media.H264, media.VP9, media.AV1, media.VP8, media.H264} {
		if i > 0 {
			codecs <- c
		}
		in.clear()
		w.until("packets in "+c.String(), func() bool {
			got := in.snapshot()
			return len(got) > 10 && got[len(got)-1].Codec == c
		})
		switch c {
		case media.AV1, media.VP8:
			w.until("undecodable", func() bool { return w.events.slot("c", 0).Undecodable })
		default:
			w.until("decodable", func() bool { o := w.events.slot("c", 0); return o.Participant == "a" && !o.Undecodable })
		}
	}
	first := map[media.Codec]bool{}
	for _, r := range other.snapshot() {
		if r.Codec == media.VP8 || r.Codec == media.AV1 {
			t.Fatalf("sent undecodable %s", r.Codec)
		}
		if !first[r.Codec] && !media.Inspect(r.Codec, r.Packet.Payload).Keyframe {
			t.Errorf("%s does not begin with a keyframe", r.Codec)
		}
		first[r.Codec] = true
	}
	assertContinuous(t, in)
}

func TestTheRoomsCodecIsOneThatAllCanUse(t *testing.T) {
	w := newWorld(t, nil)
	caps := func(codecs ...media.Codec) sfu.Capabilities {
		c := sfu.Capabilities{Encode: codecs}
		for _, codec := range codecs {
			c.Decode = append(c.Decode, sfu.Decoder{Codec: codec})
		}
		return c
	}
	last := func() media.Codec {
		w.events.mu.Lock()
		defer w.events.mu.Unlock()
		return w.events.codecs[len(w.events.codecs)-1]
	}
	w.join("chromium", caps(media.H264, media.VP9, media.AV1, media.VP8))
	if got := last(); got != media.H264 {
		t.Errorf("codec %s", got)
	}
	firefox := w.join("firefox", caps(media.VP8, media.VP9, media.AV1))
	if got := last(); got != media.VP9 {
		t.Errorf("codec %s with Firefox", got)
	}
	w.join("old", caps(media.VP8))
	if got := last(); got != media.VP8 {
		t.Errorf("codec %s with an old phone", got)
	}
	firefox.Leave()
	w.join("old", caps(media.H264))
	w.until("back to H.264", func() bool { return last() == media.H264 })
}
