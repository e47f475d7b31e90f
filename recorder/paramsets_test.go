package recorder

import (
	"bytes"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/zvonok/zvonok/recorder/internal/testmedia"
	"github.com/zvonok/zvonok/sfu"
	"github.com/zvonok/zvonok/sfu/media"
)

// thrifty is an encoder of two layers that sends each layer's parameter sets with its first keyframe only.
type thrifty struct {
	clips [2]testmedia.Clip
	sent  [2]bool
	pack  *testmedia.Packetizer
	ts    uint64
}

// play sends n pictures of a layer from a keyframe on, in real (simulated) time.
func (e *thrifty) play(to sfu.TapTrack, layer uint8, n int) {
	clip := e.clips[layer]
	for i, frame := range clip.Frames[:n] {
		if i == 0 && e.sent[layer] {
			frame = frame[bytes.LastIndex(frame, []byte{0, 0, 0, 1, 0x65}):]
		}
		for _, p := range e.pack.Packets(frame, e.ts, i == 0) {
			p.Arrival, p.Layer = time.Now(), layer
			to.Packet(p)
		}
		e.ts += 90000 / 15
		time.Sleep(time.Second / 15)
	}
	e.sent[layer] = true
}

// Later keyframes come without parameter sets: each layer's own are remembered, over changes of layer and over the
// source's end and new beginning, so that every segment that claims to be independent is.
func TestParameterSetsAreSentOnce(t *testing.T) {
	e := &thrifty{pack: testmedia.NewPacketizer(media.H264, 100), ts: 1e7}
	e.clips[0] = testmedia.Video(t, media.H264, "320x180", 15, 450)
	e.clips[1] = testmedia.Video(t, media.H264, "640x360", 15, 450)
	r := inBubble(t, func(g *rig) *result {
		id := person()
		g.start()
		open := func() sfu.TapTrack {
			g.room.mu.Lock()
			defer g.room.mu.Unlock()
			return g.room.tap.Open(sfu.TapSource{
				Participant: id, Source: media.Camera, Codec: media.H264, RequestKeyframe: func() {}, SetWanted: func(bool) {},
			})
		}
		track := open()
		e.play(track, 1, 45)
		e.play(track, 1, 45) // bare
		e.play(track, 0, 45)
		e.play(track, 1, 45) // bare, and the layer's own are not the last ones seen
		e.play(track, 0, 45) // bare
		track.Close()
		time.Sleep(time.Second)
		track = open()
		e.play(track, 1, 45) // bare, after a new beginning
		g.stop()
		g.settle()
		return g.result()
	})
	segments := r.of("", "camera")
	sizes := map[int]int{}
	for _, s := range segments {
		if !s.Independent {
			t.Errorf("segment %d is not independent", s.Seq)
		}
		for _, i := range r.Inits {
			if i.ID != s.InitID {
				continue
			}
			sizes[i.Width]++
			dir := t.TempDir()
			alone := filepath.Join(dir, "alone.m3u8")
			file := append(r.open(s.TrackID, i.Object, i.IV, i.SHA256), r.open(s.TrackID, s.Object, s.IV, s.SHA256)...)
			if err := os.WriteFile(filepath.Join(dir, "alone.mp4"), file, 0o600); err != nil {
				t.Fatal(err)
			}
			list := "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:5\n#EXTINF:3,\nalone.mp4\n#EXT-X-ENDLIST\n"
			if err := os.WriteFile(alone, []byte(list), 0o600); err != nil {
				t.Fatal(err)
			}
			if frames, complaints := decode(t, alone); frames != 45 || complaints != "" {
				t.Errorf("segment %d alone: %d pictures\n%s", s.Seq, frames, complaints)
			}
		}
	}
	if sizes[640] != 4 || sizes[320] != 2 {
		t.Errorf("segments by width: %v", sizes)
	}
	if frames, complaints := decode(t, filepath.Join(r.vod(), "video.m3u8")); frames < 6*45 || complaints != "" {
		t.Errorf("%d pictures\n%s", frames, complaints)
	}
}

// A layer's keyframe without sets that nobody has seen is not written under another layer's: it would decode to
// something that nobody sent.
func TestParameterSetsOfAnotherLayerAreNotUsed(t *testing.T) {
	e := &thrifty{pack: testmedia.NewPacketizer(media.H264, 100), ts: 1e7, sent: [2]bool{false, true}}
	e.clips[0] = testmedia.Video(t, media.H264, "320x180", 15, 450)
	e.clips[1] = testmedia.Video(t, media.H264, "640x360", 15, 450)
	var asked atomic.Int64 // the session asks on its own goroutine
	r := inBubble(t, func(g *rig) *result {
		g.start()
		g.room.mu.Lock()
		track := g.room.tap.Open(sfu.TapSource{
			Participant: person(), Source: media.Camera, Codec: media.H264, RequestKeyframe: func() { asked.Add(1) }, SetWanted: func(bool) {},
		})
		g.room.mu.Unlock()
		e.play(track, 0, 45)
		before := asked.Load()
		e.play(track, 1, 45)
		if asked.Load() == before {
			g.t.Error("no keyframe was asked for")
		}
		track.Close()
		g.stop()
		g.settle()
		return g.result()
	})
	if pics := r.pictures(r.of("", "camera")); len(pics) != 45 {
		t.Errorf("%d pictures, of which 45 had their parameters", len(pics))
	}
}
