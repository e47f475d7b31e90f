package recorder

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/zvonok/zvonok/recorder/internal/mux"
	"github.com/zvonok/zvonok/recorder/internal/seal"
	"github.com/zvonok/zvonok/recorder/internal/segment"
	"github.com/zvonok/zvonok/recorder/internal/spool"
	"github.com/zvonok/zvonok/storage/catalog"
)

// anchor ties a segment's first sample to the sender's clocks.
type anchor struct {
	rtp uint64
	ntp *time.Time
}

// trackWriter writes one track's segments one after the other.
type trackWriter struct {
	s       *session
	row     catalog.Track
	key     seal.Key
	rate    int64
	video   bool
	seq     int
	init    uuid.UUID
	config  *mux.Config
	cur     *segment.Segment
	lastEnd int64 // ticks
}

// sidecar is a track's key object: with it and the segments the index can be rebuilt.
type sidecar struct {
	Version   int           `json:"version"`
	Recording spool.Meta    `json:"recording"`
	Track     catalog.Track `json:"track"`
}

// newTrack begins a track: its row goes to the journal, its wrapped key to the catalog and beside the segments.
func (s *session) newTrack(person *uuid.UUID, source, codec string, rate int64) *trackWriter {
	w := &trackWriter{s: s, key: seal.NewKey(), rate: rate, video: source == "camera" || source == "share"}
	w.row = catalog.Track{ID: uuid.New(), RecordingID: s.folder.Meta.Recording, PersonID: person, Source: source, Codec: codec}
	w.row.WrappedKey = seal.Wrap(s.r.cfg.MasterKey, w.row.ID, w.key)
	row := w.row
	s.note(spool.Row{Kind: spool.RowTrack, Track: &row})
	s.tracks.Add(1)
	data, err := json.Marshal(sidecar{1, s.folder.Meta, row})
	if err == nil {
		sum := sha(data)
		err = s.folder.Put(spool.Item{Key: w.object("key.json"), SHA256: sum, Bytes: int64(len(data))}, data)
	}
	s.trouble("write key", err)
	return w
}

func (w *trackWriter) object(name string) string {
	return fmt.Sprintf("%s%s/%s", segment.Prefix(w.s.folder.Meta.School, w.row.RecordingID), w.row.ID, name)
}

// configure writes a new initialisation section where the parameters changed; the segment must be closed.
func (w *trackWriter) configure(c *mux.Config) {
	if c == nil || c.Equal(w.config) {
		return
	}
	plain, err := mux.Init(c)
	if err != nil {
		w.s.trouble("make init", err)
		return
	}
	w.config, w.init = c, uuid.New()
	o := seal.Media(w.key, seal.NewIV(), plain)
	row := catalog.Init{
		ID: w.init, TrackID: w.row.ID, Object: w.object("init-" + w.init.String() + ".mp4"), IV: o.IV[:], SHA256: o.SHA256[:],
		Bytes: int64(len(o.Data)), Codecs: c.Codecs, Width: c.Width, Height: c.Height,
	}
	data, err := json.Marshal(spool.Row{Kind: spool.RowInit, Init: &row})
	if err == nil {
		err = w.s.folder.Put(spool.Item{Key: row.Object, SHA256: row.SHA256, Bytes: row.Bytes, Row: data}, o.Data)
	}
	w.s.trouble("write init", err)
	w.s.up.poke()
}

// begin opens the next segment at the given ticks.
func (w *trackWriter) begin(at int64, independent bool, a anchor) {
	h := segment.Header{
		School: w.s.folder.Meta.School, Timescale: w.rate, Video: w.video, Wrapped: w.row.WrappedKey, IV: seal.NewIV(),
		Ident: mux.Ident{
			Segment: uuid.New(), Recording: w.row.RecordingID, Track: w.row.ID, Init: w.init, Seq: w.seq,
			StartUS: at * 1e6 / w.rate, Independent: independent,
			AnchorRTP: int64(a.rtp), AnchorNTP: a.ntp, AnchorServer: w.s.time.wall(duration(at, w.rate)),
		},
	}
	w.seq++
	var err error
	w.cur, err = segment.Begin(w.s.folder, h)
	w.s.trouble("begin segment", err)
}

// close makes the open segment an object that ends at end (ticks).
func (w *trackWriter) close(end int64) {
	if w.cur == nil {
		return
	}
	w.s.trouble("close segment", w.cur.Close(w.s.folder, w.key, end))
	w.lastEnd = max(w.lastEnd, end)
	w.cur = nil
	w.s.up.poke()
}

// start is where the open segment began, in ticks.
func (w *trackWriter) start() int64 {
	if len(w.cur.Samples) > 0 {
		return w.cur.Samples[0].At
	}
	return w.cur.Header.StartUS * w.rate / 1e6
}

func (w *trackWriter) flush() {
	if w.cur != nil {
		w.s.trouble("flush", w.cur.Flush())
	}
}
