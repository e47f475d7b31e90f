package segment

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/zvonok/zvonok/recorder/internal/mux"
	"github.com/zvonok/zvonok/recorder/internal/seal"
	"github.com/zvonok/zvonok/recorder/internal/spool"
)

var master = [32]byte{3}

func newSegment(t *testing.T) (*spool.Root, *spool.Folder, *Segment, seal.Key) {
	t.Helper()
	root, err := spool.Open(t.TempDir(), master)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := root.Close(); err != nil {
			t.Error(err)
		}
	})
	f, err := root.Create(spool.Meta{Recording: uuid.New()})
	if err != nil {
		t.Fatal(err)
	}
	key, track := seal.NewKey(), uuid.New()
	s, err := Begin(f, Header{
		Timescale: 90000, Video: true, Wrapped: seal.Wrap(master, track, key), IV: seal.NewIV(),
		Ident: mux.Ident{Segment: uuid.New(), Track: track, Seq: 4, AnchorServer: time.Unix(1, 0).UTC()},
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range int64(10) {
		s.Add(mux.Sample{At: 90000 + i*6000, Duration: 6000, Key: i == 0, Data: []byte{byte(i), 1, 2}})
		if i%3 == 0 {
			if err := s.Flush(); err != nil {
				t.Fatal(err)
			}
		}
	}
	return root, f, s, key
}

func item(t *testing.T, f *spool.Folder) spool.Item {
	t.Helper()
	items, err := f.Items()
	if err != nil || len(items) != 1 {
		t.Fatalf("%v %v", items, err)
	}
	return items[0]
}

// Closing makes the object that recovery of the same log makes.
func TestCloseAndRecover(t *testing.T) {
	_, f, s, key := newSegment(t)
	logs, _ := f.Logs()
	h, end, err := Recover(f, logs[0], master)
	if err != nil || end != 90000+10*6000 || h.Seq != 4 {
		t.Fatalf("%v %d", err, end)
	}
	recovered := item(t, f)
	if err := f.Drop(recovered); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(f, key, 90000+10*6000); err != nil {
		t.Fatal(err)
	}
	if closed := item(t, f); closed.Key != recovered.Key || !reflect.DeepEqual(closed.SHA256, recovered.SHA256) ||
		string(closed.Row) != string(recovered.Row) {
		t.Errorf("closed\n%s\nrecovered\n%s", closed.Row, recovered.Row)
	}
	if logs, _ = f.Logs(); len(logs) != 0 {
		t.Errorf("left %v", logs)
	}
}

func TestEmptyAndDamaged(t *testing.T) {
	_, f, s, _ := newSegment(t)
	w, err := f.NewLog("empty")
	if err != nil {
		t.Fatal(err)
	}
	if _, end, err := Recover(f, w.Path(), master); err != nil || end != 0 {
		t.Errorf("an empty log: %d %v", end, err)
	}
	bad, err := f.NewLog("bad")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(bad.Append([]byte("{")), bad.Append([]byte("x")), bad.Close(), w.Close()); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Recover(f, bad.Path(), master); !errors.Is(err, ErrDamaged) {
		t.Error(err)
	}
	if s.End() != 90000+10*6000 {
		t.Error(s.End())
	}
}

func TestRepeatsAreJoined(t *testing.T) {
	s := &Segment{}
	for i := range int64(5) {
		s.Add(mux.Sample{At: i * 960, Duration: 960, Repeat: 1})
	}
	s.Add(mux.Sample{At: 5 * 960, Duration: 960})
	s.Add(mux.Sample{At: 6 * 960, Duration: 960, Repeat: 1})
	if len(s.Samples) != 3 || s.Samples[0].Repeat != 5 || s.End() != 7*960 {
		t.Errorf("%+v", s.Samples)
	}
}

func FuzzSamples(f *testing.F) {
	f.Add(appendSamples(nil, []mux.Sample{{At: 1, Duration: 2, Key: true, Data: []byte("x")}, {At: 9, Repeat: 7}}))
	f.Add([]byte{1, 2, 3})
	f.Fuzz(func(t *testing.T, b []byte) {
		all, err := readSamples(nil, b)
		if err != nil {
			return
		}
		again, err := readSamples(nil, appendSamples(nil, all))
		if err != nil || len(again) != len(all) {
			t.Fatalf("%d samples, then %d, %v", len(all), len(again), err)
		}
		for i := range all {
			if all[i].At != again[i].At || string(all[i].Data) != string(again[i].Data) || all[i].Repeat != again[i].Repeat {
				t.Fatalf("sample %d differs", i)
			}
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"timescale":90000}`), appendSamples(nil, []mux.Sample{{At: 1, Data: []byte("x")}}))
	f.Add([]byte(`{`), []byte{0})
	f.Fuzz(func(_ *testing.T, head, body []byte) { _, _, _ = Decode([][]byte{head, body}) })
}
