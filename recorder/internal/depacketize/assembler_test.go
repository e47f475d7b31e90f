package depacketize

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/zvonok/zvonok/recorder/internal/testmedia"
	"github.com/zvonok/zvonok/sfu/media"
)

func units(a *Assembler, packets []*media.Packet, lost map[uint64]bool) (out []Unit, asked int) {
	missing := 0
	for _, p := range packets {
		if lost[p.Seq] {
			missing++
			continue
		}
		if !a.Push(p, missing, func(u Unit) { out = append(out, u) }) {
			asked++
		}
		missing = 0
	}
	return out, asked
}

func packetsOf(clip testmedia.Clip) (all []*media.Packet) {
	p := testmedia.NewPacketizer(clip.Codec, 100)
	for i, f := range clip.Frames {
		all = append(all, p.Packets(f, uint64(1e6+i*3000), i == 0)...)
	}
	return all
}

func TestEveryPictureComesOut(t *testing.T) {
	for _, codec := range []media.Codec{media.H264, media.VP9, media.VP8, media.AV1} {
		t.Run(codec.String(), func(t *testing.T) {
			clip := testmedia.Video(t, codec, "320x180", 15, 20)
			got, asked := units(New(codec), packetsOf(clip), nil)
			if len(got) != 20 || asked != 0 {
				t.Fatalf("%d pictures, asked %d times", len(got), asked)
			}
			if !got[0].Key || got[0].Config == nil || got[0].Config.Width != 320 || got[0].Config.Height != 180 {
				t.Fatalf("first %+v", got[0].Config)
			}
			t.Log(got[0].Config.Codecs)
			for i, u := range got {
				if u.TS != uint64(1e6+i*3000) || u.Key != (i == 0) {
					t.Errorf("picture %d: ts %d key %v", i, u.TS, u.Key)
				}
				if (codec == media.VP9 || codec == media.VP8) && !bytes.Equal(u.Data, clip.Frames[i]) {
					t.Errorf("picture %d differs", i)
				}
			}
		})
	}
}

func TestALostPacket(t *testing.T) {
	for _, codec := range []media.Codec{media.H264, media.VP9, media.VP8, media.AV1} {
		t.Run(codec.String(), func(t *testing.T) {
			clip := testmedia.Video(t, codec, "640x360", 15, 20)
			packets := packetsOf(clip)
			// Lose a packet of the sixth picture; then the clip begins again with a keyframe.
			lost := map[uint64]bool{}
			for _, p := range packets {
				if p.TS == 1e6+5*3000 {
					lost[p.Seq] = true
					break
				}
			}
			again := testmedia.NewPacketizer(codec, packets[len(packets)-1].Seq+1)
			for i, f := range clip.Frames[:5] {
				packets = append(packets, again.Packets(f, uint64(1e6+(20+i)*3000), i == 0)...)
			}
			got, asked := units(New(codec), packets, lost)
			want := 10 // five before, five of the new keyframe
			if codec == media.H264 {
				want = 24 // only the broken one is gone
			}
			if len(got) != want || asked == 0 {
				t.Errorf("%d pictures, want %d; asked %d times", len(got), want, asked)
			}
		})
	}
}

// No order of loss makes a picture of pieces of two, and every H.264 unit is one of the originals.
func TestLossNeverMixesPictures(t *testing.T) {
	clip := testmedia.Video(t, media.H264, "640x360", 15, 20)
	packets := packetsOf(clip)
	whole, _ := units(New(media.H264), packets, nil)
	known := map[string]bool{}
	for _, u := range whole {
		known[string(u.Data)] = true
	}
	for seed := range uint64(200) {
		rnd := rand.New(rand.NewPCG(seed, 3))
		lost := map[uint64]bool{}
		for _, p := range packets[8:] {
			lost[p.Seq] = rnd.IntN(6) == 0
		}
		got, _ := units(New(media.H264), packets, lost)
		for _, u := range got {
			if !known[string(u.Data)] {
				t.Fatalf("seed %d: a picture that nobody sent at %d", seed, u.TS)
			}
		}
	}
}

func TestKeyframeCarriesItsParameterSets(t *testing.T) {
	clip := testmedia.Video(t, media.H264, "320x180", 15, 20)
	a := New(media.H264)
	first, _ := units(a, packetsOf(clip), nil)
	// The same keyframe without SPS and PPS: the encoder sends them once.
	i := bytes.LastIndex(clip.Frames[0], []byte{0, 0, 0, 1, 0x65})
	p := testmedia.NewPacketizer(media.H264, 9000)
	got, _ := units(a, p.Packets(clip.Frames[0][i:], 2e6, true), nil)
	if len(got) != 1 || !got[0].Key || got[0].Config != first[0].Config || got[0].Data[4]&31 != nalSPS {
		t.Fatalf("%+v", got)
	}
}

func FuzzAssembler(f *testing.F) {
	f.Add(uint8(1), []byte{0x7c, 0x85, 0x88, 1, 2, 3, 0xff, 0x7c, 0x45, 9})
	f.Add(uint8(2), []byte{0x88, 0x82, 0x49, 0x83, 0x42})
	f.Add(uint8(3), []byte{0x10, 0x1a, 0x0a, 0x0b})
	f.Add(uint8(4), []byte{0x10, 0, 0, 0x9d, 1, 0x2a, 1, 1, 1, 1})
	f.Fuzz(func(t *testing.T, c uint8, b []byte) {
		a := New(media.Codec(c%4 + 1))
		ts := uint64(0)
		for i := uint64(0); len(b) > 2; i++ {
			n := min(len(b)-2, int(b[0]&31)+1)
			ts += uint64(b[1] & 1)
			p := &media.Packet{Seq: i, TS: ts, Marker: b[1]&2 != 0, Payload: b[2 : 2+n]}
			a.Push(p, int(b[1]>>2&1), func(u Unit) {
				if len(u.Data) == 0 || (u.Key && u.Config == nil) {
					t.Fatalf("unit %+v", u)
				}
			})
			b = b[2+n:]
		}
	})
}
