package replay

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/uuid"
)

// covers fails where a playlist leaves a hole, overlaps, shows who is not on stage, or where the two disagree.
func covers(t *testing.T, in Input, p *Presentation) {
	t.Helper()
	for what, entries := range map[string][]Entry{"video": p.VideoEntries(), "audio": p.AudioEntries()} {
		at := int64(0)
		for i, e := range entries {
			if e.StartUS != at || e.EndUS <= e.StartUS {
				t.Fatalf("%s entry %d from %d to %d after %d", what, i, e.StartUS, e.EndUS, at)
			}
			at = e.EndUS
			if e.Segment == nil {
				continue
			}
			if off := e.StartUS - e.Segment.StartUS; off < -bridge || off > near {
				t.Fatalf("%s entry %d is %d off its segment", what, i, off)
			}
			if what == "video" {
				allowed(t, in, &e)
			}
		}
		if !in.Running && in.Duration > 0 && at != in.Duration.Microseconds() {
			t.Fatalf("%s ends at %d of %d", what, at, in.Duration.Microseconds())
		}
	}
	// What would fall behind the last segment of the mix has no place in its playlist.
	last := p.audio[max(0, len(p.audio)-1):]
	n := 0
	for _, e := range p.video {
		if len(last) > 0 && e.StartUS <= last[0].StartUS+near {
			n += e.Discontinuities
		}
	}
	if got := discontinuities(p.audio); !in.Running && (got < n-1 || got > discontinuities(p.video)) {
		t.Fatalf("%d discontinuities in video, %d in audio", discontinuities(p.video), discontinuities(p.audio))
	}
}

func discontinuities(entries []Entry) (n int) {
	for _, e := range entries {
		n += e.Discontinuities
	}
	return n
}

// allowed: each moment shows the track that the stage names, or the slate.
func allowed(t *testing.T, in Input, e *Entry) {
	t.Helper()
	for i, s := range in.Stage {
		end := int64(1 << 62)
		if i+1 < len(in.Stage) {
			end = in.Stage[i+1].StartUS
		}
		if e.StartUS < end && e.EndUS > s.StartUS && end > s.StartUS {
			if s.TrackID == nil || *s.TrackID != e.Segment.TrackID {
				t.Fatalf("a segment from %d to %d of a track that is not on stage", e.StartUS, e.EndUS)
			}
		}
	}
}

// randomLesson makes rows as a recorder would, and then loses some.
func randomLesson(t *testing.T, rnd *rand.Rand) *story {
	s := &story{t: t, names: map[uuid.UUID]string{}, seq: map[string]int{}}
	total := int64(20+rnd.IntN(100))*1_000_000 + int64(rnd.IntN(1_000_000))
	s.in.Duration = time.Duration(total) * time.Microsecond
	s.track("mix", "mix", "opus")
	names := []string{"a", "b", "c"}
	for _, n := range names {
		s.track(n, "camera", "h264")
	}
	var cuts []int64
	s.row([]string{"stage", "0", "slate"})
	for at := int64(rnd.IntN(3_000_000)); at < total; {
		end := min(total, at+500_000+int64(rnd.IntN(15_000_000)))
		who := names[rnd.IntN(3)]
		span := s.in.Stage[len(s.in.Stage)-1]
		span.Seq++
		span.StartUS, span.TrackID = at, nil
		if rnd.IntN(5) > 0 {
			id := idOf(who)
			span.TrackID = &id
			for from := at; from < end; {
				to := min(end, from+1_000_000+int64(rnd.IntN(5_000_000)))
				if rnd.IntN(12) > 0 {
					s.segment(who, from, to, string(rune('1'+rnd.IntN(2))), rnd.IntN(8) > 0 || from == at)
				}
				from = to + []int64{0, 0, 0, 200_000, 900_000}[rnd.IntN(5)]
			}
		}
		s.in.Stage = append(s.in.Stage, span)
		cuts = append(cuts, at)
		at = end
	}
	for from := int64(0); from < total; {
		to := from + 4_000_000
		for _, c := range cuts {
			if c20 := (c + 10_000) / 20_000 * 20_000; c20 > from && c20 < to && rnd.IntN(10) > 0 {
				to = c20
			}
		}
		if rnd.IntN(15) > 0 {
			s.segment("mix", from, to, "1", true)
		}
		from = to
	}
	return s
}

func TestPlaylistsCoverTheRecording(t *testing.T) {
	for seed := range uint64(3000) {
		s := randomLesson(t, rand.New(rand.NewPCG(seed, 7)))
		p := Build(s.in)
		covers(t, s.in, p)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
		_, _, _ = p.Master(s.urls()), p.Video(s.urls()), p.Audio(s.urls())
	}
}

// While the recording runs, what was listed stays listed, and at the end it is what a finished recording lists.
func TestRunningOnlyGrows(t *testing.T) {
	for seed := range uint64(300) {
		s := randomLesson(t, rand.New(rand.NewPCG(seed, 8)))
		all := s.in
		var last *Presentation
		for at := int64(0); at < all.Duration.Microseconds(); at += 1_700_000 {
			in := all
			in.Running, in.Segments, in.Stage = true, nil, nil
			for _, seg := range all.Segments {
				// The mix is closed later than what it goes with.
				late := int64(100_000)
				if seg.TrackID == idOf("mix") {
					late = 600_000
				}
				if seg.StartUS+seg.DurationUS+late <= at {
					in.Segments = append(in.Segments, seg)
				}
			}
			for _, span := range all.Stage {
				if span.StartUS+100_000 <= at {
					in.Stage = append(in.Stage, span)
				}
			}
			p := Build(in)
			covers(t, in, p)
			if last != nil {
				grown(t, seed, "video", last.video, p.video)
				grown(t, seed, "audio", last.audio, p.audio)
			}
			last = p
		}
		if last != nil {
			grown(t, seed, "video at the end", last.video, Build(all).video)
		}
	}
}

func grown(t *testing.T, seed uint64, what string, before, after []Entry) {
	t.Helper()
	if len(after) < len(before) {
		t.Fatalf("seed %d: %s shrank from %d to %d", seed, what, len(before), len(after))
	}
	for i, b := range before {
		a := after[i]
		if a.Slate != b.Slate || (a.Segment == nil) != (b.Segment == nil) || a.Segment != nil && a.Segment.ID != b.Segment.ID ||
			a.Discontinuities != b.Discontinuities {
			t.Fatalf("seed %d: %s entry %d of %d changed: %+v, then %+v", seed, what, i, len(before), b, a)
		}
	}
}
