package recorder

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Eyevinn/mp4ff/mp4"
	"github.com/google/uuid"

	"github.com/zvonok/zvonok/recorder/internal/opus"
	"github.com/zvonok/zvonok/recorder/replay"
	"github.com/zvonok/zvonok/recorder/slate"
	"github.com/zvonok/zvonok/storage/blob"
	"github.com/zvonok/zvonok/storage/catalog"
)

// result is a finished recording as a viewer's API would read it.
type result struct {
	t      testing.TB
	master [32]byte
	store  blob.Store
	replay.Input
	events []catalog.Event
}

func (g *rig) result() *result {
	m := g.index
	m.mu.Lock()
	defer m.mu.Unlock()
	r := &result{t: g.t, master: [32]byte{5, 5}, store: g.store}
	for _, x := range m.tracks {
		r.Tracks = append(r.Tracks, x)
	}
	for _, x := range m.inits {
		r.Inits = append(r.Inits, x)
	}
	for _, x := range m.segments {
		r.Segments = append(r.Segments, x)
	}
	for _, x := range m.stage {
		r.Stage = append(r.Stage, x)
	}
	for _, x := range m.events {
		r.events = append(r.events, x)
	}
	r.sort()
	if m.rec != nil {
		r.StartedAt = m.rec.StartedAt
	}
	if m.ended != nil {
		r.Duration = m.ended.Sub(m.rec.StartedAt)
	}
	return r
}

func (r *result) sort() {
	slices.SortFunc(r.Segments, func(a, b catalog.Segment) int {
		return cmp.Or(bytes.Compare(a.TrackID[:], b.TrackID[:]), cmp.Compare(a.Seq, b.Seq))
	})
	slices.SortFunc(r.Stage, func(a, b catalog.StageSpan) int { return cmp.Compare(a.Seq, b.Seq) })
	slices.SortFunc(r.events, func(a, b catalog.Event) int { return cmp.Compare(a.Seq, b.Seq) })
}

// of gives the segments of the tracks of one person and source, in order.
func (r *result) of(person, source string) (all []catalog.Segment) {
	for _, t := range r.Tracks {
		if t.Source != source || person != "" && (t.PersonID == nil || t.PersonID.String() != person) {
			continue
		}
		for _, s := range r.Segments {
			if s.TrackID == t.ID {
				all = append(all, s)
			}
		}
	}
	slices.SortFunc(all, func(a, b catalog.Segment) int { return cmp.Compare(a.StartUS, b.StartUS) })
	return all
}

func (r *result) open(track uuid.UUID, object string, iv, sum []byte) []byte {
	r.t.Helper()
	body, err := r.store.Get(context.Background(), object, 0, -1)
	if err != nil {
		r.t.Fatal(err)
	}
	defer body.Close()
	sealed, err := io.ReadAll(body)
	if err != nil {
		r.t.Fatal(err)
	}
	if got := sha256.Sum256(sealed); !bytes.Equal(got[:], sum) {
		r.t.Fatalf("%s: hash differs", object)
	}
	for _, t := range r.Tracks {
		if t.ID == track {
			key, err := replay.Keys{Master: r.master}.Unwrap(t)
			if err != nil {
				r.t.Fatal(err)
			}
			plain, err := replay.Open(key, iv, sealed)
			if err != nil {
				r.t.Fatal(err)
			}
			return plain
		}
	}
	r.t.Fatalf("no track %s", track)
	return nil
}

type picture struct {
	at, dur time.Duration
	sync    bool
	data    []byte
}

// pictures reads the samples of segments with the second parser.
func (r *result) pictures(segments []catalog.Segment) (all []picture) {
	r.t.Helper()
	for _, s := range segments {
		i := slices.IndexFunc(r.Inits, func(i catalog.Init) bool { return i.ID == s.InitID })
		init := r.Inits[i]
		file := append(r.open(s.TrackID, init.Object, init.IV, init.SHA256), r.open(s.TrackID, s.Object, s.IV, s.SHA256)...)
		f, err := mp4.DecodeFile(bytes.NewReader(file))
		if err != nil {
			r.t.Fatal(err)
		}
		rate := time.Duration(f.Moov.Trak.Mdia.Mdhd.Timescale)
		for _, seg := range f.Segments {
			for _, fr := range seg.Fragments {
				full, err := fr.GetFullSamples(f.Moov.Mvex.Trex)
				if err != nil {
					r.t.Fatal(err)
				}
				for _, x := range full {
					all = append(all, picture{
						at: time.Duration(x.DecodeTime) * time.Second / rate, dur: time.Duration(x.Dur) * time.Second / rate,
						sync: x.Flags&0x10000 == 0, data: x.Data,
					})
				}
			}
		}
	}
	return all
}

// pcm decodes a sound track, placed from the recording's start.
func (r *result) pcm(segments []catalog.Segment) []float32 {
	r.t.Helper()
	dec, err := opus.NewDecoder()
	if err != nil {
		r.t.Fatal(err)
	}
	var all []float32
	for _, p := range r.pictures(segments) {
		at := int(p.at*opus.Rate/time.Second) - opus.Lookahead
		out, err := dec.Decode(p.data)
		if err != nil {
			r.t.Fatal(err)
		}
		for len(all) < at {
			all = append(all, 0)
		}
		all = append(all[:max(0, at)], out...)
	}
	return all
}

// continuous fails where the samples leave a hole or overlap.
func (r *result) continuous(what string, all []picture, by time.Duration) {
	r.t.Helper()
	for i := 1; i < len(all); i++ {
		if d := all[i].at - all[i-1].at - all[i-1].dur; d > by || d < -by {
			r.t.Errorf("%s: sample %d at %v, the one before ends at %v", what, i, all[i].at, all[i-1].at+all[i-1].dur)
			return
		}
	}
}

// vod writes the presentation as files and gives the folder.
func (r *result) vod() string {
	r.t.Helper()
	dir := r.t.(*testing.T).TempDir()
	write := func(name string, b []byte) string {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			r.t.Fatal(err)
		}
		return name
	}
	raw := func(object string) []byte {
		body, err := r.store.Get(context.Background(), object, 0, -1)
		if err != nil {
			r.t.Fatal(err)
		}
		defer body.Close()
		b, _ := io.ReadAll(body)
		return b
	}
	urls := replay.URLs{
		Video: func() string { return "video.m3u8" }, Audio: func() string { return "audio.m3u8" },
		Init: func(id uuid.UUID) string {
			i := slices.IndexFunc(r.Inits, func(i catalog.Init) bool { return i.ID == id })
			return write(id.String()+".mp4", raw(r.Inits[i].Object))
		},
		Segment: func(id uuid.UUID) string {
			i := slices.IndexFunc(r.Segments, func(i catalog.Segment) bool { return i.ID == id })
			return write(id.String()+".m4s", raw(r.Segments[i].Object))
		},
		Key: func(id uuid.UUID) string {
			i := slices.IndexFunc(r.Tracks, func(i catalog.Track) bool { return i.ID == id })
			key, err := replay.Keys{Master: r.master}.Unwrap(r.Tracks[i])
			if err != nil {
				r.t.Fatal(err)
			}
			return write(id.String()+".key", key[:])
		},
		SlateInit: func(codec string) string {
			b, err := slate.Init(codec)
			if err != nil {
				r.t.Fatal(err)
			}
			return write("slate-"+codec+".mp4", b)
		},
		Slate: func(codec string, start, dur int64) string {
			b, err := slate.Segment(codec, start, dur)
			if err != nil {
				r.t.Fatal(err)
			}
			return write(fmt.Sprintf("slate-%s-%d.m4s", codec, start), b)
		},
	}
	p := replay.Build(r.Input)
	write("video.m3u8", []byte(p.Video(urls)))
	write("audio.m3u8", []byte(p.Audio(urls)))
	write("master.m3u8", []byte(p.Master(urls)))
	return dir
}

// decode plays a playlist with ffmpeg to its end and gives what ffprobe counts and what ffmpeg complains of.
func decode(t testing.TB, playlist string) (frames int, complaints string) {
	t.Helper()
	args := []string{"-v", "warning", "-nostdin", "-allowed_extensions", "ALL", "-protocol_whitelist", "file,crypto,data", "-i", playlist}
	cmd := exec.Command("ffmpeg", append(args, "-fps_mode", "passthrough", "-f", "framecrc", "-")...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("ffmpeg %s: %v\n%s", playlist, err, errs.String())
	}
	for _, line := range strings.Split(out.String(), "\n") {
		if strings.HasPrefix(line, "0,") {
			frames++
		}
	}
	for _, line := range strings.Split(errs.String(), "\n") {
		// ffmpeg keeps the first initialisation section and says so; the parameter sets in the samples serve it.
		if strings.TrimSpace(line) != "" && !strings.Contains(line, "duplicated MOOV") && !strings.Contains(line, "Last message repeated") {
			complaints += line + "\n"
		}
	}
	return frames, complaints
}
