package spool

import (
	"crypto/sha256"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
)

func TestFolder(t *testing.T) {
	dir := t.TempDir()
	root, err := Open(dir, master)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, master); !errors.Is(err, ErrLocked) {
		t.Fatalf("opened twice: %v", err)
	}
	f, err := root.Create(Meta{Version: 1, Recording: uuid.New(), StartedMS: 12345})
	if err != nil {
		t.Fatal(err)
	}
	j, err := f.NewJournal()
	if err != nil {
		t.Fatal(err)
	}
	log, err := f.NewLog("seg")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(j.Append([]byte("row")), log.Append([]byte("sample")),
		f.Put(Item{Key: "a", Row: []byte(`{"x":1}`)}, []byte("A")), f.Put(Item{Key: "b"}, []byte("B")),
		f.Put(Item{Key: "c"}, []byte("C"))); err != nil {
		t.Fatal(err)
	}
	items, err := f.Items()
	if err != nil || len(items) != 3 || items[0].Key != "a" || items[2].Key != "c" {
		t.Fatalf("%+v %v", items, err)
	}
	if err := errors.Join(f.MarkStored(items[0]), f.Drop(items[2]), j.Close(), log.Close(), root.Close()); err != nil {
		t.Fatal(err)
	}
	// A kill leaves half an object and half a folder.
	if err := errors.Join(os.WriteFile(filepath.Join(f.upDir(), "000000009.bin"), []byte("h"), 0o600),
		os.WriteFile(filepath.Join(f.upDir(), "000000010.bin.tmp"), []byte("h"), 0o600),
		os.Mkdir(filepath.Join(dir, uuid.NewString()), 0o700)); err != nil {
		t.Fatal(err)
	}
	checkReopened(t, dir, f.Meta)
}

func checkReopened(t *testing.T, dir string, want Meta) {
	t.Helper()
	root, err := Open(dir, master)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	folders, err := root.Folders()
	if err != nil || len(folders) != 1 || folders[0].Meta != want {
		t.Fatalf("%v %v", folders, err)
	}
	f := folders[0]
	items, err := f.Items()
	if err != nil || len(items) != 2 || !items[0].Stored || string(items[0].Row) != `{"x":1}` || items[1].Key != "b" {
		t.Fatalf("%+v %v", items, err)
	}
	data, err := f.Data(items[1])
	if err != nil {
		t.Fatal(err)
	}
	if b, _ := io.ReadAll(data); string(b) != "B" {
		t.Errorf("data %q", b)
	}
	logs, _ := f.Logs()
	journals, _ := f.Journals()
	if len(logs) != 1 || len(journals) != 1 {
		t.Fatalf("%v %v", logs, journals)
	}
	if rows, err := f.Records(journals[0], 0); err != nil || len(rows) != 1 {
		t.Errorf("%v %v", rows, err)
	}
	f.Retire(logs[0])
	if logs, _ = f.Logs(); len(logs) != 0 {
		t.Error("a retired log is still open")
	}
	if err := errors.Join(data.Close(), root.Sync(), f.Put(Item{Key: "d"}, nil)); err != nil {
		t.Fatal(err)
	}
	if logs, _ = f.Logs(); len(logs) != 0 {
		t.Error("a retired log outlived the sync")
	}
	if items, _ = f.Items(); len(items) != 3 || items[2].Key != "d" {
		t.Errorf("%+v", items)
	}
	e := Erasure{School: uuid.New(), Recording: uuid.New()}
	if err := root.AddErasure(e); err != nil {
		t.Fatal(err)
	}
	if all, err := root.Erasures(); err != nil || len(all) != 1 || all[0] != e {
		t.Errorf("%v %v", all, err)
	}
	if err := errors.Join(root.DropErasure(e), f.Remove()); err != nil {
		t.Error(err)
	}
}

// After a power cut an object may be cut short though its log is retired already: the log is opened again.
func TestReconsider(t *testing.T) {
	root, err := Open(t.TempDir(), master)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	f, err := root.Create(Meta{Recording: uuid.New()})
	if err != nil {
		t.Fatal(err)
	}
	whole, cut, gone := uuid.NewString(), uuid.NewString(), uuid.NewString()
	for _, id := range []string{whole, cut, gone} {
		log, err := f.NewLog("track-000001-" + id)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256([]byte("data"))
		data := "data"
		if id == cut {
			data = "da"
		}
		if id != gone { // that one was uploaded
			err = f.Put(Item{Key: "a/000001-" + id + ".m4s", SHA256: sum[:]}, []byte(data))
		}
		f.Retire(log.Path())
		if err := errors.Join(err, log.Close()); err != nil {
			t.Fatal(err)
		}
	}
	root.closed = nil // the power cut
	if err := errors.Join(f.Reconsider(), root.Sync()); err != nil {
		t.Fatal(err)
	}
	logs, _ := f.Logs()
	items, _ := f.Items()
	rest, _ := filepath.Glob(filepath.Join(f.openDir(), "*"))
	if len(logs) != 1 || !strings.Contains(logs[0], cut) || len(items) != 1 || len(rest) != 1 {
		t.Errorf("logs %v items %v rest %v", logs, items, rest)
	}
}

func TestWrongMasterKey(t *testing.T) {
	dir := t.TempDir()
	root, err := Open(dir, master)
	if err != nil {
		t.Fatal(err)
	}
	if err := root.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, [32]byte{9}); !errors.Is(err, ErrMasterKey) {
		t.Error(err)
	}
	if root, err = Open(dir, master); err != nil {
		t.Fatal(err)
	}
	if err := root.Close(); err != nil {
		t.Fatal(err)
	}
}
