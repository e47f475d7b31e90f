package testmedia

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os/exec"
	"sync"
	"testing"

	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"

	"github.com/zvonok/zvonok/sfu/media"
)

// Clip is one encoded clip: a keyframe and pictures that depend on it.
type Clip struct {
	Codec  media.Codec
	FPS    int
	Frames [][]byte // H.264: Annex B; else the frame
}

var (
	mu    sync.Mutex
	clips = map[string]Clip{}
)

// Video encodes a moving test picture, size like "320x180", once per process.
func Video(t testing.TB, codec media.Codec, size string, fps, frames int) Clip {
	t.Helper()
	mu.Lock()
	defer mu.Unlock()
	key := fmt.Sprint(codec, size, fps, frames)
	if c, ok := clips[key]; ok {
		return c
	}
	src := fmt.Sprintf("testsrc2=size=%s:rate=%d", size, fps)
	args := []string{"-f", "lavfi", "-i", src, "-frames:v", fmt.Sprint(frames), "-pix_fmt", "yuv420p", "-g", "100000"}
	c := Clip{Codec: codec, FPS: fps}
	switch codec {
	case media.H264:
		out := ffmpeg(t, append(args, "-c:v", "libx264", "-profile:v", "baseline", "-preset", "ultrafast", "-bf", "0",
			"-x264-params", "scenecut=0:sliced-threads=0", "-f", "h264", "-")...)
		c.Frames = splitH264(out)
	case media.VP9:
		c.Frames = splitIVF(ffmpeg(t, append(args, "-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8",
			"-lag-in-frames", "0", "-auto-alt-ref", "0", "-f", "ivf", "-")...))
	case media.VP8:
		c.Frames = splitIVF(ffmpeg(t, append(args, "-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8",
			"-lag-in-frames", "0", "-auto-alt-ref", "0", "-f", "ivf", "-")...))
	case media.AV1:
		c.Frames = splitIVF(ffmpeg(t, append(args, "-c:v", "libaom-av1", "-usage", "realtime", "-cpu-used", "8",
			"-lag-in-frames", "0", "-f", "ivf", "-")...))
	case media.CodecNone, media.Opus:
		t.Fatalf("no pictures in %v", codec)
	}
	if len(c.Frames) != frames {
		t.Fatalf("%d frames of %v, want %d", len(c.Frames), codec, frames)
	}
	clips[key] = c
	return c
}

func ffmpeg(t testing.TB, args ...string) []byte {
	t.Helper()
	cmd := exec.Command("ffmpeg", append([]string{"-hide_banner", "-loglevel", "error", "-nostdin"}, args...)...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("ffmpeg %v: %v\n%s", args, err, errs.String())
	}
	return out
}

// splitH264 cuts a byte stream into access units; each of ours has one slice.
func splitH264(b []byte) [][]byte {
	code := []byte{0, 0, 1}
	var all [][]byte
	var cur []byte
	for _, n := range bytes.Split(b, code)[1:] {
		n = bytes.TrimRight(n, "\x00") // of the next start code; a unit never ends in zero
		cur = append(append(append(cur, 0), code...), n...)
		if k := n[0] & 31; k == 1 || k == 5 {
			all = append(all, cur)
			cur = nil
		}
	}
	return all
}

// splitIVF cuts an IVF file into frames.
func splitIVF(b []byte) [][]byte {
	var all [][]byte
	for b = b[32:]; len(b) >= 12; {
		n := int(binary.LittleEndian.Uint32(b))
		all = append(all, b[12:12+n])
		b = b[12+n:]
	}
	return all
}

// Packetizer cuts pictures of one track into packets.
type Packetizer struct {
	codec media.Codec
	pay   rtp.Payloader
	Seq   uint64
}

// NewPacketizer begins at the sequence number seq.
func NewPacketizer(codec media.Codec, seq uint64) *Packetizer {
	p := &Packetizer{codec: codec, Seq: seq}
	switch codec {
	case media.H264:
		p.pay = &codecs.H264Payloader{}
	case media.VP9:
		p.pay = &codecs.VP9Payloader{FlexibleMode: true}
	case media.VP8:
		p.pay = &codecs.VP8Payloader{EnablePictureID: true}
	case media.AV1:
		p.pay = &codecs.AV1Payloader{}
	case media.Opus, media.CodecNone:
		p.pay = &codecs.OpusPayloader{}
	}
	return p
}

// Packets cuts one frame; key says that it is a keyframe.
func (p *Packetizer) Packets(frame []byte, ts uint64, key bool) []*media.Packet {
	payloads := p.pay.Payload(1100, frame)
	all := make([]*media.Packet, len(payloads))
	for i, pl := range payloads {
		all[i] = &media.Packet{
			Seq: p.Seq, TS: ts, Payload: pl, Codec: p.codec, Level: 127,
			Marker: i == len(payloads)-1, Keyframe: key && i == 0,
		}
		p.Seq++
	}
	return all
}
