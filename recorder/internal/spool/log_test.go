package spool

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

var master = [32]byte{7}

func makeLog(t testing.TB, records ...[]byte) (string, []byte) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.rec")
	w, err := Create(path, master)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		if err := w.Append(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return path, b
}

func TestLogSurvivesCutAnywhere(t *testing.T) {
	var records [][]byte
	for i := range 12 {
		r := make([]byte, i*7)
		_, _ = rand.Read(r)
		records = append(records, r)
	}
	path, whole := makeLog(t, records...)
	for cut := range len(whole) + 1 {
		if err := os.WriteFile(path, whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := Read(path, master, 0)
		if err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		want, at := 0, headSize
		for _, r := range records {
			at += 4 + len(r) + 16
			if at <= cut {
				want++
			}
		}
		if len(got) != want {
			t.Fatalf("cut at %d: %d records, want %d", cut, len(got), want)
		}
		for i := range got {
			if !bytes.Equal(got[i], records[i]) {
				t.Fatalf("cut at %d: record %d differs", cut, i)
			}
		}
	}
}

func TestDamageEndsTheLog(t *testing.T) {
	path, whole := makeLog(t, []byte("one"), []byte("two"), []byte("three"))
	for at := headSize; at < len(whole); at++ {
		b := bytes.Clone(whole)
		b[at] ^= 0x40
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := Read(path, master, 0)
		if err != nil || len(got) > 2 {
			t.Fatalf("damage at %d: %d records, %v", at, len(got), err)
		}
	}
	if got, _ := Read(path, [32]byte{1}, 0); len(got) != 0 {
		t.Error("read under another master key")
	}
	if err := os.WriteFile(path, bytes.Repeat([]byte("x"), 100), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(path, master, 0); !errors.Is(err, ErrNotALog) {
		t.Errorf("a foreign file: %v", err)
	}
}

func TestNothingReadable(t *testing.T) {
	secret := bytes.Repeat([]byte("the teacher's face "), 50)
	_, whole := makeLog(t, secret)
	if bytes.Contains(whole, []byte("teacher")) {
		t.Error("plain text in the spool")
	}
}

func TestAppendTakesTheRecordThoughTheDiskRefuses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.rec")
	w, err := Create(path, master)
	if err != nil {
		t.Fatal(err)
	}
	good := w.f
	ro, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	w.f = ro // a file that cannot be written stands for a full disk
	if w.Append([]byte("a")) == nil || w.Append([]byte("b")) == nil {
		t.Fatal("no error")
	}
	w.f = good
	if err := w.Append([]byte("c")); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(ro.Close(), w.Close()); err != nil {
		t.Fatal(err)
	}
	got, _ := Read(path, master, 1)
	if s := fmt.Sprintf("%s", got); s != "[b c]" {
		t.Errorf("got %s", s)
	}
	if err := w.Append(make([]byte, MaxRecord+1)); !errors.Is(err, ErrTooLarge) {
		t.Error(err)
	}
}

func FuzzReader(f *testing.F) {
	_, whole := makeLog(f, []byte("one"), []byte("two"), make([]byte, 300))
	f.Add(whole)
	f.Add(whole[:len(whole)-5])
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := NewReader(bytes.NewReader(b), master)
		if err != nil {
			return
		}
		total := int64(headSize)
		for {
			rec, err := r.Next()
			if err != nil {
				break
			}
			total += int64(len(rec)) + 20
		}
		if total > int64(len(b)) || total != r.offset {
			t.Fatalf("%d bytes of records, offset %d, in %d bytes", total, r.offset, len(b))
		}
	})
}
