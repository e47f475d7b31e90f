package replay

import (
	"cmp"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/zvonok/zvonok/storage/catalog"
)

const (
	// near is how far apart two instants may be that are meant to be one: a frame of the mix.
	near = 20_000
	// bridge is the longest hole that the entry before it covers.
	bridge = 500_000
	// piece is how long one entry of slate is.
	piece = 6_000_000
)

// Input is what the catalog knows of one recording.
type Input struct {
	Tracks   []catalog.Track
	Inits    []catalog.Init
	Segments []catalog.Segment
	Stage    []catalog.StageSpan
	// StartedAt is the recording's zero.
	StartedAt time.Time
	// Duration is the whole recording's; 0: as long as its segments.
	Duration time.Duration
	// Running: the recording has not ended, or not all of it is indexed; Duration is ignored.
	Running bool
}

// Presentation is a recording's two media playlists.
type Presentation struct {
	video, audio []Entry
	startedAt    time.Time
	running      bool
	codecs       []string
	width        int
	height       int
}

// Entry is one line of a playlist.
type Entry struct {
	StartUS, EndUS int64
	// Segment is nil for a slate.
	Segment *catalog.Segment
	Init    *catalog.Init
	// Slate is the codec of a slate: h264, vp9 or opus.
	Slate string
	// Discontinuities before the entry; two where the mix could not be cut at one of them.
	Discontinuities int
}

// Build arranges the rows.
func Build(in Input) *Presentation {
	b := &builder{in: in, inits: make(map[uuid.UUID]*catalog.Init), tracks: make(map[uuid.UUID]*catalog.Track)}
	for i := range in.Inits {
		b.inits[in.Inits[i].ID] = &in.Inits[i]
	}
	for i := range in.Tracks {
		b.tracks[in.Tracks[i].ID] = &in.Tracks[i]
	}
	b.sortSegments()
	b.slate = b.slateCodec()
	b.end = in.Duration.Microseconds()
	if n := len(b.mix); n > 0 {
		b.mixEnd = endOf(b.mix[n-1])
	}
	if in.Running || b.end <= 0 {
		b.end = b.mixEnd
		if !in.Running {
			b.end = max(b.end, b.lastEnd)
		}
	}
	b.buildVideo()
	b.buildAudio()
	if b.in.Running {
		b.holdAudio()
	}
	b.align()
	p := &Presentation{video: b.video, audio: b.audio, startedAt: in.StartedAt, running: in.Running}
	p.describe()
	return p
}

// Video and audio entries, for whoever wants to look.
func (p *Presentation) VideoEntries() []Entry { return p.video }

// AudioEntries are the entries of the mix.
func (p *Presentation) AudioEntries() []Entry { return p.audio }

type builder struct {
	in      Input
	inits   map[uuid.UUID]*catalog.Init
	tracks  map[uuid.UUID]*catalog.Track
	byTrack map[uuid.UUID][]*catalog.Segment
	mix     []*catalog.Segment
	mixEnd  int64
	lastEnd int64
	slate   string
	end     int64

	video, audio []Entry
}

func endOf(s *catalog.Segment) int64 { return s.StartUS + s.DurationUS }

func (b *builder) sortSegments() {
	b.byTrack = make(map[uuid.UUID][]*catalog.Segment)
	for i := range b.in.Segments {
		s := &b.in.Segments[i]
		t := b.tracks[s.TrackID]
		if t == nil || b.inits[s.InitID] == nil || s.DurationUS <= 0 {
			continue
		}
		b.lastEnd = max(b.lastEnd, endOf(s))
		if t.Source == "mix" {
			b.mix = append(b.mix, s)
		} else {
			b.byTrack[t.ID] = append(b.byTrack[t.ID], s)
		}
	}
	order := func(x, y *catalog.Segment) int {
		return cmp.Or(cmp.Compare(x.StartUS, y.StartUS), cmp.Compare(x.Seq, y.Seq))
	}
	slices.SortStableFunc(b.mix, order)
	for _, s := range b.byTrack {
		slices.SortStableFunc(s, order)
	}
}

// slateCodec is H.264 unless only VP9 was recorded on stage.
func (b *builder) slateCodec() string {
	codec := "h264"
	for _, s := range b.in.Stage {
		if s.TrackID == nil || b.tracks[*s.TrackID] == nil {
			continue
		}
		switch b.tracks[*s.TrackID].Codec {
		case "h264":
			return "h264"
		case "vp9":
			codec = "vp9"
		}
	}
	return codec
}

// onStage says whether a track's segments can stand on a stage: VP8 has no place in fMP4 players and is slate until it
// has an H.264 rendition.
func onStage(t *catalog.Track) bool {
	return t != nil && (t.Source == "camera" || t.Source == "share") && t.Codec != "vp8"
}

func (b *builder) buildVideo() {
	stage := slices.Clone(b.in.Stage)
	slices.SortStableFunc(stage, func(x, y catalog.StageSpan) int { return cmp.Compare(x.Seq, y.Seq) })
	switch {
	case len(stage) == 0 || stage[0].StartUS > near:
		stage = slices.Insert(stage, 0, catalog.StageSpan{})
	default:
		stage[0].StartUS = 0 // who came a moment after the recording's zero came with it
	}
	cursor := int64(0)
	for i, span := range stage {
		end, last := b.end, i == len(stage)-1
		if !last {
			end = min(stage[i+1].StartUS, b.end)
		}
		if b.in.Running && !last {
			end = stage[i+1].StartUS
		}
		if end <= cursor && !(b.in.Running && last) {
			continue
		}
		settled := !b.in.Running || (!last && b.mixEnd >= end)
		var t *catalog.Track
		if span.TrackID != nil {
			t = b.tracks[*span.TrackID]
		}
		switch {
		case onStage(t):
			if b.in.Running && last {
				end = 1 << 62
			}
			cursor = b.fillSpan(b.byTrack[t.ID], cursor, end, settled)
		case settled:
			cursor = b.fillSlate(cursor, end)
		default:
			// Whole pieces only: what is listed stays.
			for until := min(end, b.mixEnd); cursor+piece <= until; cursor += piece {
				b.video = append(b.video, Entry{StartUS: cursor, EndUS: cursor + piece, Slate: b.slate})
			}
		}
		if !settled {
			return
		}
	}
}

// fillSpan lists a track's segments in [from, to) and returns how far it got.
func (b *builder) fillSpan(segments []*catalog.Segment, from, to int64, settled bool) int64 {
	cursor, first := from, len(b.video)
	for _, s := range segments {
		if s.StartUS < cursor-near || s.StartUS >= to-near && s.StartUS > from {
			continue // straddles the beginning, overlaps what is listed, or belongs to a later span
		}
		fresh := len(b.video) == first || s.StartUS > cursor+bridge || b.video[len(b.video)-1].Segment == nil
		if fresh && !s.Independent {
			continue
		}
		switch {
		case s.StartUS > cursor+bridge:
			b.fillSlate(cursor, s.StartUS)
			cursor = s.StartUS
		case s.StartUS > cursor && len(b.video) > first:
			b.video[len(b.video)-1].EndUS = s.StartUS
			cursor = s.StartUS
		}
		end := min(endOf(s), to)
		if end <= cursor {
			continue
		}
		b.video = append(b.video, Entry{StartUS: cursor, EndUS: end, Segment: s, Init: b.inits[s.InitID]})
		cursor = end
	}
	if !settled || cursor >= to {
		return cursor
	}
	if to-cursor <= bridge && len(b.video) > first {
		b.video[len(b.video)-1].EndUS = to
		return to
	}
	return b.fillSlate(cursor, to)
}

func (b *builder) fillSlate(from, to int64) int64 {
	for from < to {
		end := min(from+piece, to)
		b.video = append(b.video, Entry{StartUS: from, EndUS: end, Slate: b.slate})
		from = end
	}
	return from
}

func (b *builder) buildAudio() {
	cursor := int64(0)
	for _, s := range b.mix {
		if s.StartUS < cursor-near || s.StartUS >= b.end {
			continue
		}
		if s.StartUS > cursor+near {
			b.fillSilence(cursor, s.StartUS)
			cursor = s.StartUS
		}
		end := min(endOf(s), b.end)
		if end <= cursor {
			continue
		}
		b.audio = append(b.audio, Entry{StartUS: cursor, EndUS: end, Segment: s, Init: b.inits[s.InitID]})
		cursor = end
	}
	if !b.in.Running {
		b.fillSilence(cursor, b.end)
	}
}

func (b *builder) fillSilence(from, to int64) {
	for from < to {
		end := min(from+piece, to)
		b.audio = append(b.audio, Entry{StartUS: from, EndUS: end, Slate: "opus"})
		from = end
	}
}

// holdAudio keeps sound back that begins where the picture is not known yet: a discontinuity may still come there.
func (b *builder) holdAudio() {
	until := int64(0)
	if n := len(b.video); n > 0 {
		until = b.video[n-1].EndUS
	}
	n := len(b.audio)
	for n > 0 && b.audio[n-1].StartUS >= until-near {
		n--
	}
	b.audio = b.audio[:n]
}

// align finds the discontinuities of the video and gives the audio the same.
func (b *builder) align() {
	for i := 1; i < len(b.video); i++ {
		if v := &b.video[i]; breaks(&b.video[i-1], v) {
			v.Discontinuities = 1
			b.cutAudio(v.StartUS)
		}
	}
}

func breaks(a, b *Entry) bool {
	if a.Segment == nil || b.Segment == nil {
		return a.Slate != b.Slate
	}
	return a.Segment.TrackID != b.Segment.TrackID || a.Segment.InitID != b.Segment.InitID
}

func (b *builder) cutAudio(at int64) {
	for i := range b.audio {
		e := &b.audio[i]
		switch {
		case e.EndUS <= at-near || i == 0 && at < e.StartUS+near:
			continue
		case e.StartUS > at-near && i > 0: // the nearest boundary, or the end of what straddles
			if e.StartUS < at+near && e.Discontinuities == 0 {
				e.StartUS, b.audio[i-1].EndUS = at, at
			}
			e.Discontinuities++
			return
		}
	}
}
