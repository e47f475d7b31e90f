package spool

import (
	"errors"
	"io"
	"os"
	"path/filepath"
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
