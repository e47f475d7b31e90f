package replay

import (
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/zvonok/zvonok/recorder/slate"
)

// eventTarget is the target duration while the recording runs: it may not change, and a segment ends after 12 s with
// the next picture.
const eventTarget = 14

// URLs says where things are; each gives a URL as it is to stand in a playlist.
type URLs struct {
	Video, Audio  func() string
	Init, Segment func(id uuid.UUID) string
	Key           func(track uuid.UUID) string
	// SlateInit and Slate name a slate by its codec: h264, vp9, opus (silence).
	SlateInit func(codec string) string
	Slate     func(codec string, startUS, durationUS int64) string
}

// describe collects what the master playlist says.
func (p *Presentation) describe() {
	level := map[string]string{} // per kind of codec the highest string: "avc1.42e01f" over "avc1.42c01e"
	note := func(codecs string, w, h int) {
		kind, _, _ := strings.Cut(codecs, ".")
		if old := level[kind]; old == "" || levelOf(codecs) > levelOf(old) {
			level[kind] = codecs
		}
		if w*h > p.width*p.height {
			p.width, p.height = w, h
		}
	}
	for _, e := range p.video {
		if e.Segment == nil {
			note(slate.Codecs(e.Slate), 640, 360)
		} else {
			note(e.Init.Codecs, e.Init.Width, e.Init.Height)
		}
	}
	if len(p.video) == 0 {
		note(slate.Codecs("h264"), 640, 360)
	}
	for _, c := range level {
		p.codecs = append(p.codecs, c)
	}
	slices.Sort(p.codecs)
	p.codecs = append(p.codecs, "opus")
}

// levelOf is the part of an RFC 6381 string that grows with the picture: H.264's last byte, VP9's and AV1's level.
func levelOf(codecs string) string {
	if strings.HasPrefix(codecs, "avc1.") && len(codecs) == 11 {
		return codecs[9:]
	}
	if parts := strings.Split(codecs, "."); len(parts) > 2 {
		return parts[2]
	}
	return ""
}

// Master is the master playlist.
func (p *Presentation) Master(u URLs) string {
	var peak, bits, seconds float64
	for _, e := range p.video {
		if e.Segment != nil {
			b, d := float64(e.Segment.Bytes*8), float64(e.Segment.DurationUS)/1e6
			peak, bits, seconds = max(peak, b/d), bits+b, seconds+d
		}
	}
	average := 100_000.0 // slate and sound
	if seconds > 0 {
		average += bits / seconds
	}
	var s strings.Builder
	s.WriteString("#EXTM3U\n#EXT-X-VERSION:7\n")
	fmt.Fprintf(&s, "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"mix\",NAME=\"mix\",DEFAULT=YES,AUTOSELECT=YES,CHANNELS=\"1\",URI=\"%s\"\n", u.Audio())
	fmt.Fprintf(&s, "#EXT-X-STREAM-INF:BANDWIDTH=%.0f,AVERAGE-BANDWIDTH=%.0f,CODECS=\"%s\",RESOLUTION=%dx%d,AUDIO=\"mix\"\n%s\n",
		math.Ceil(max(peak+100_000, average)), math.Ceil(average), strings.Join(p.codecs, ","), p.width, p.height, u.Video())
	return s.String()
}

// Video is the stage's playlist.
func (p *Presentation) Video(u URLs) string { return p.playlist(p.video, u) }

// Audio is the mix's playlist.
func (p *Presentation) Audio(u URLs) string { return p.playlist(p.audio, u) }

// Ready says whether a player has something to begin with.
func (p *Presentation) Ready() bool { return len(p.video) > 0 && len(p.audio) > 0 }

func (p *Presentation) playlist(entries []Entry, u URLs) string {
	var s strings.Builder
	s.WriteString("#EXTM3U\n#EXT-X-VERSION:7\n")
	fmt.Fprintf(&s, "#EXT-X-TARGETDURATION:%d\n#EXT-X-MEDIA-SEQUENCE:0\n", p.target(entries))
	if p.running {
		s.WriteString("#EXT-X-PLAYLIST-TYPE:EVENT\n")
	} else {
		s.WriteString("#EXT-X-PLAYLIST-TYPE:VOD\n")
	}
	if !slices.ContainsFunc(entries, func(e Entry) bool { return e.Segment != nil && !e.Segment.Independent }) {
		s.WriteString("#EXT-X-INDEPENDENT-SEGMENTS\n")
	}
	for i := range entries {
		p.entry(&s, entries, i, u)
	}
	if !p.running {
		s.WriteString("#EXT-X-ENDLIST\n")
	}
	return s.String()
}

func (p *Presentation) target(entries []Entry) int {
	if p.running {
		return eventTarget
	}
	most := 1
	for _, e := range entries {
		most = max(most, int(math.Round(float64(e.EndUS-e.StartUS)/1e6)))
	}
	return most
}

func (p *Presentation) entry(s *strings.Builder, entries []Entry, i int, u URLs) {
	e := &entries[i]
	for range e.Discontinuities {
		s.WriteString("#EXT-X-DISCONTINUITY\n")
	}
	if i == 0 || e.Discontinuities > 0 {
		at := p.startedAt.UnixMilli() + e.StartUS/1000
		fmt.Fprintf(s, "#EXT-X-PROGRAM-DATE-TIME:%s\n", timeOfMilli(at))
	}
	newMap := i == 0 || e.Discontinuities > 0 || breaks(&entries[i-1], e)
	if e.Segment == nil {
		if i == 0 || entries[i-1].Segment != nil {
			s.WriteString("#EXT-X-KEY:METHOD=NONE\n")
		}
		if newMap {
			fmt.Fprintf(s, "#EXT-X-MAP:URI=\"%s\"\n", u.SlateInit(e.Slate))
		}
		fmt.Fprintf(s, "#EXTINF:%.6f,\n%s\n", float64(e.EndUS-e.StartUS)/1e6, u.Slate(e.Slate, e.StartUS, e.EndUS-e.StartUS))
		return
	}
	if newMap {
		key(s, u, e, e.Init.IV)
		fmt.Fprintf(s, "#EXT-X-MAP:URI=\"%s\"\n", u.Init(e.Init.ID))
	}
	key(s, u, e, e.Segment.IV)
	fmt.Fprintf(s, "#EXTINF:%.6f,\n%s\n", float64(e.EndUS-e.StartUS)/1e6, u.Segment(e.Segment.ID))
}

// key stands before each entry and each map: every object has an IV of its own (RFC 8216, sections 4.3.2.4 and
// 4.3.2.5).
func key(s *strings.Builder, u URLs, e *Entry, iv []byte) {
	fmt.Fprintf(s, "#EXT-X-KEY:METHOD=AES-128,URI=\"%s\",IV=0x%s\n", u.Key(e.Segment.TrackID), strings.ToUpper(hex.EncodeToString(iv)))
}

func timeOfMilli(ms int64) string {
	return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z")
}
