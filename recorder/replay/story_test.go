package replay

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/zvonok/zvonok/storage/catalog"
)

var update = flag.Bool("update", false, "write what comes out to the golden files")

func idOf(name string) uuid.UUID { return uuid.NewSHA1(uuid.Nil, []byte(name)) }

// story is a lesson in words; each line is one row:
//
//	duration SECONDS | running
//	track NAME SOURCE CODEC
//	seg NAME FROM TO [init=N] [dependent]
//	mix FROM TO [CUT...]        four-second segments, cut there too
//	stage FROM NAME|slate
type story struct {
	t     *testing.T
	in    Input
	names map[uuid.UUID]string
	seq   map[string]int
}

func readStory(t *testing.T, path string) *story {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	s := &story{t: t, names: map[uuid.UUID]string{}, seq: map[string]int{}}
	s.in.StartedAt = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	for _, line := range strings.Split(string(b), "\n") {
		line, _, _ = strings.Cut(line, "#")
		if f := strings.Fields(line); len(f) > 0 {
			s.row(f)
		}
	}
	return s
}

func (s *story) us(v string) int64 {
	f, err := strconv.ParseFloat(v, 64)
	if err != nil {
		s.t.Fatal(err)
	}
	return int64(f * 1e6)
}

func (s *story) row(f []string) {
	switch f[0] {
	case "duration":
		s.in.Duration = time.Duration(s.us(f[1])) * time.Microsecond
	case "running":
		s.in.Running = true
	case "track":
		s.track(f[1], f[2], f[3])
	case "seg":
		init, dependent := "1", false
		for _, x := range f[4:] {
			if n, ok := strings.CutPrefix(x, "init="); ok {
				init = n
			}
			dependent = dependent || x == "dependent"
		}
		s.segment(f[1], s.us(f[2]), s.us(f[3]), init, !dependent)
	case "mix":
		if _, ok := s.names[idOf("mix")]; !ok {
			s.track("mix", "mix", "opus")
		}
		from, to := s.us(f[1]), s.us(f[2])
		for from < to {
			end := min(from+4_000_000, to)
			for _, c := range f[3:] {
				if cut := s.us(c); cut > from && cut < end {
					end = cut
				}
			}
			s.segment("mix", from, end, "1", true)
			from = end
		}
	case "stage":
		span := catalog.StageSpan{Seq: len(s.in.Stage), StartUS: s.us(f[1])}
		if f[2] != "slate" {
			id := idOf(f[2])
			span.TrackID = &id
		}
		s.in.Stage = append(s.in.Stage, span)
	default:
		s.t.Fatalf("unknown line %v", f)
	}
}

func (s *story) track(name, source, codec string) {
	s.names[idOf(name)] = name
	s.in.Tracks = append(s.in.Tracks, catalog.Track{ID: idOf(name), Source: source, Codec: codec})
}

func (s *story) segment(track string, from, to int64, init string, independent bool) {
	name := track + "-init" + init
	if _, ok := s.names[idOf(name)]; !ok {
		s.names[idOf(name)] = name
		codecs := "opus"
		for _, t := range s.in.Tracks {
			if t.ID == idOf(track) {
				codecs = map[string]string{"h264": "avc1.42e01f", "vp9": "vp09.00.31.08", "vp8": "vp08.00.31.08", "opus": "opus"}[t.Codec]
			}
		}
		w, h := 1280, 720
		if codecs == "opus" {
			w, h = 0, 0
		}
		s.in.Inits = append(s.in.Inits, catalog.Init{
			ID: idOf(name), TrackID: idOf(track), IV: make([]byte, 16), Codecs: codecs, Width: w, Height: h,
		})
	}
	n := s.seq[track]
	s.seq[track]++
	seg := fmt.Sprintf("%s-%d", track, n)
	s.names[idOf(seg)] = seg
	iv := make([]byte, 16)
	iv[15] = byte(n)
	s.in.Segments = append(s.in.Segments, catalog.Segment{
		ID: idOf(seg), TrackID: idOf(track), InitID: idOf(name), Seq: n, StartUS: from, DurationUS: to - from,
		Independent: independent, IV: iv, Bytes: 500_000,
	})
}

func (s *story) urls() URLs {
	named := func(ext string) func(uuid.UUID) string {
		return func(id uuid.UUID) string { return s.names[id] + ext }
	}
	return URLs{
		Video: func() string { return "video.m3u8" }, Audio: func() string { return "audio.m3u8" },
		Init: named(".mp4"), Segment: named(".m4s"), Key: named(".key"),
		SlateInit: func(codec string) string { return "slate-" + codec + ".mp4" },
		Slate: func(codec string, start, dur int64) string {
			return fmt.Sprintf("slate-%s-%d-%d.m4s", codec, start, dur)
		},
	}
}

func TestStories(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.story")
	if err != nil || len(paths) < 8 {
		t.Fatalf("%d stories, %v", len(paths), err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".story"), func(t *testing.T) {
			s := readStory(t, path)
			p, u := Build(s.in), s.urls()
			covers(t, s.in, p)
			got := "master\n" + p.Master(u) + "\nvideo\n" + p.Video(u) + "\naudio\n" + p.Audio(u)
			golden := strings.TrimSuffix(path, ".story") + ".m3u8"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("differs from %s:\n%s", golden, got)
			}
		})
	}
}
