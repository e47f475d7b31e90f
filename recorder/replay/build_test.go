package replay

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/zvonok/zvonok/storage/catalog"
)

// A source that comes on stage within a frame of the recording's zero was there from the beginning: no slate stands
// before it. One that comes later has a slate before it.
func TestALeadingMomentBelongsToTheFirstSource(t *testing.T) {
	for _, c := range []struct {
		start  int64
		slates int
	}{{0, 0}, {1_000, 0}, {20_000, 0}, {700_000, 1}} {
		camera, mix := uuid.New(), uuid.New()
		inits := []catalog.Init{{ID: uuid.New(), TrackID: camera}, {ID: uuid.New(), TrackID: mix}}
		in := Input{
			Tracks: []catalog.Track{
				{ID: camera, Source: "camera", Codec: "h264"}, {ID: mix, Source: "mix", Codec: "opus"},
			},
			Inits: inits,
			Segments: []catalog.Segment{
				{TrackID: camera, InitID: inits[0].ID, StartUS: c.start, DurationUS: 4_000_000 - c.start, Independent: true},
				{TrackID: mix, InitID: inits[1].ID, DurationUS: 4_000_000, Independent: true},
			},
			Stage:    []catalog.StageSpan{{StartUS: c.start, TrackID: &camera}},
			Duration: 4 * time.Second,
		}
		slates := 0
		for _, e := range Build(in).VideoEntries() {
			if e.Segment == nil {
				slates++
			}
		}
		if slates != c.slates {
			t.Errorf("a source from %d us on: %d slates, want %d", c.start, slates, c.slates)
		}
	}
}
