package blobtest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/zvonok/zvonok/storage/blob"
)

// Run proves one kind of store; open gives an empty one for each part of the contract.
func Run(t *testing.T, open func(t *testing.T) blob.Store) {
	parts := []struct {
		name string
		run  func(*testing.T, blob.Store)
	}{
		{"put and get", putAndGet},
		{"ranges", ranges},
		{"missing", missing},
		{"wrong source stores nothing", wrongSource},
		{"put again", putAgain},
		{"delete", remove},
		{"list", list},
		{"bad keys", badKeys},
		{"large object", large},
		{"many at once", parallel},
		{"ended context", endedContext},
	}
	for _, p := range parts {
		t.Run(p.name, func(t *testing.T) { p.run(t, open(t)) })
	}
}

func random(size int) []byte {
	source := rand.NewChaCha8([32]byte{byte(size), byte(size >> 8), byte(size >> 16)})
	data := make([]byte, size)
	_, _ = source.Read(data) // never fails
	return data
}

func put(t *testing.T, s blob.Store, key string, data []byte) {
	t.Helper()
	sum := sha256.Sum256(data)
	if err := s.Put(t.Context(), key, bytes.NewReader(data), int64(len(data)), sum[:]); err != nil {
		t.Fatalf("Put(%s): %v", key, err)
	}
}

func get(t *testing.T, s blob.Store, key string, off, n int64) []byte {
	t.Helper()
	r, err := s.Get(t.Context(), key, off, n)
	if err != nil {
		t.Fatalf("Get(%s, %d, %d): %v", key, off, n, err)
	}
	data, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil {
		t.Fatalf("read %s: %v", key, err)
	}
	return data
}

func putAndGet(t *testing.T, s blob.Store) {
	for _, size := range []int{0, 1, 511, 512, 513, 1024, 100_000} {
		key := fmt.Sprintf("rec/track_1/%06d.m4s", size)
		data := random(size)
		put(t, s, key, data)
		if got := get(t, s, key, 0, -1); !bytes.Equal(got, data) {
			t.Errorf("size %d: got %d other bytes back", size, len(got))
		}
		if info, err := s.Stat(t.Context(), key); err != nil || info != (blob.Info{Key: key, Size: int64(size)}) {
			t.Errorf("Stat(%s) = %+v, %v", key, info, err)
		}
	}
	// A source that gives single bytes, or its last bytes together with the end, is as good as any.
	data := random(2000)
	sum := sha256.Sum256(data)
	for name, r := range map[string]io.Reader{
		"slow": iotest.OneByteReader(bytes.NewReader(data)), "eof": iotest.DataErrReader(bytes.NewReader(data)),
	} {
		if err := s.Put(t.Context(), name, r, 2000, sum[:]); err != nil {
			t.Errorf("Put from a %s reader: %v", name, err)
		} else if got := get(t, s, name, 0, -1); !bytes.Equal(got, data) {
			t.Errorf("%s reader: other bytes back", name)
		}
	}
}

func ranges(t *testing.T, s blob.Store) {
	data := random(1000)
	put(t, s, "a", data)
	put(t, s, "empty", nil)
	for _, c := range []struct{ off, n, want int64 }{
		{0, 10, 10}, {10, 10, 10}, {990, 10, 10}, {990, 100, 10}, {500, -1, 500}, {0, 0, 0}, {1000, 5, 0}, {1000, -1, 0},
		{999, -1, 1}, {1000, 0, 0},
	} {
		got := get(t, s, "a", c.off, c.n)
		if !bytes.Equal(got, data[c.off:c.off+c.want]) {
			t.Errorf("Get(%d, %d) = %d bytes, want %d", c.off, c.n, len(got), c.want)
		}
	}
	if got := get(t, s, "empty", 0, -1); len(got) != 0 {
		t.Errorf("empty object holds %d bytes", len(got))
	}
	if got := get(t, s, "empty", 0, 10); len(got) != 0 {
		t.Errorf("empty object holds %d bytes", len(got))
	}
	for _, c := range []struct{ off, n int64 }{{-1, 5}, {1001, 5}, {1001, -1}, {1001, 0}} {
		if r, err := s.Get(t.Context(), "a", c.off, c.n); !errors.Is(err, blob.ErrRange) {
			t.Errorf("Get(%d, %d) = %v, %v; want ErrRange", c.off, c.n, r, err)
		}
	}
}

func missing(t *testing.T, s blob.Store) {
	put(t, s, "folder/object", []byte("x"))
	for _, key := range []string{"nothing", "folder", "folder/other", "other/object"} {
		if _, err := s.Stat(t.Context(), key); !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("Stat(%s) = %v, want ErrNotFound", key, err)
		}
		if _, err := s.Get(t.Context(), key, 0, -1); !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("Get(%s) = %v, want ErrNotFound", key, err)
		}
		if _, err := s.Get(t.Context(), key, 0, 0); !errors.Is(err, blob.ErrNotFound) {
			t.Errorf("Get(%s) of nothing = %v, want ErrNotFound", key, err)
		}
	}
}

func wrongSource(t *testing.T, s blob.Store) {
	broken := errors.New("the disk is on fire")
	for _, size := range []int{1, 600, 50_000} {
		data := random(size)
		sum := sha256.Sum256(data)
		other := slices.Clone(data)
		other[size/2] ^= 1
		cases := map[string]struct {
			r    io.Reader
			size int
			sum  []byte
			want error
		}{
			"other bytes": {bytes.NewReader(other), size, sum[:], blob.ErrMismatch},
			"too few":     {bytes.NewReader(data[:size-1]), size, sum[:], blob.ErrMismatch},
			"too many":    {io.MultiReader(bytes.NewReader(data), strings.NewReader("x")), size, sum[:], blob.ErrMismatch},
			"no hash":     {bytes.NewReader(data), size, nil, blob.ErrMismatch},
			"minus":       {bytes.NewReader(data), -1, sum[:], blob.ErrMismatch},
			"broken":      {io.MultiReader(bytes.NewReader(data[:size-1]), iotest.ErrReader(broken)), size, sum[:], broken},
		}
		for name, c := range cases {
			err := s.Put(t.Context(), "a/wrong", c.r, int64(c.size), c.sum)
			if !errors.Is(err, c.want) {
				t.Errorf("%s (%d bytes): Put = %v, want %v", name, size, err, c.want)
			}
			if _, err := s.Stat(t.Context(), "a/wrong"); !errors.Is(err, blob.ErrNotFound) {
				t.Fatalf("%s (%d bytes): something was stored (Stat: %v)", name, size, err)
			}
		}
	}
}

func putAgain(t *testing.T, s blob.Store) {
	first, second := random(3000), random(4000)
	put(t, s, "k/1", first)
	put(t, s, "k/1", first)
	if got := get(t, s, "k/1", 0, -1); !bytes.Equal(got, first) {
		t.Error("a repeated Put changed the object")
	}
	sum := sha256.Sum256(first)
	err := s.Put(t.Context(), "k/1", bytes.NewReader(second), int64(len(first)), sum[:])
	if !errors.Is(err, blob.ErrMismatch) {
		t.Errorf("a repeated Put of other bytes = %v, want ErrMismatch", err)
	}
	if got := get(t, s, "k/1", 0, -1); !bytes.Equal(got, first) {
		t.Error("a refused Put changed the object")
	}
	put(t, s, "k/1", second)
	if got := get(t, s, "k/1", 0, -1); !bytes.Equal(got, second) {
		t.Error("the last Put did not win")
	}
}

func remove(t *testing.T, s blob.Store) {
	put(t, s, "a/b/c", []byte("x"))
	put(t, s, "a/b/d", []byte("y"))
	for range 2 {
		if err := s.Delete(t.Context(), "a/b/c"); err != nil {
			t.Errorf("Delete: %v", err)
		}
	}
	if err := s.Delete(t.Context(), "never/was"); err != nil {
		t.Errorf("Delete of a missing object: %v", err)
	}
	if _, err := s.Stat(t.Context(), "a/b/c"); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("after Delete: Stat = %v", err)
	}
	if got := get(t, s, "a/b/d", 0, -1); string(got) != "y" {
		t.Errorf("the neighbour holds %q", got)
	}
	// The name can be used again, also where the last object of a folder was.
	if err := s.Delete(t.Context(), "a/b/d"); err != nil {
		t.Errorf("Delete: %v", err)
	}
	put(t, s, "a/b/c", []byte("z"))
}

func list(t *testing.T, s blob.Store) {
	keys := []string{"a-b", "a.c", "a/1", "a/2/x", "a/2/y", "a/3", "a0", "b/1", "b/10", "b/2", "c_d"}
	for i, key := range keys {
		put(t, s, key, make([]byte, i))
	}
	for _, c := range []struct{ prefix, after string }{
		{"", ""}, {"a", ""}, {"a/", ""}, {"a/2", ""}, {"a/2/", ""}, {"b/1", ""}, {"x", ""}, {"a/9/", ""}, {"a-b", ""},
		{"", "a/2/x"}, {"", "a/2"}, {"a/", "a/1"}, {"b/", "b/1"}, {"", "c_d"}, {"", "a."}, {"a/", "b"}, {"b", "a"}, {"a-b", "a-b"},
	} {
		var want []string
		for _, key := range keys {
			if strings.HasPrefix(key, c.prefix) && key > c.after {
				want = append(want, key)
			}
		}
		for _, limit := range []int{1, 3, blob.MaxList} {
			if got := walk(t, s, c.prefix, c.after, limit); !slices.Equal(got, want) {
				t.Errorf("List(%q after %q) by %d = %v, want %v", c.prefix, c.after, limit, got, want)
			}
		}
	}
	found, err := s.List(t.Context(), "b/1", "", 10)
	if err != nil || !slices.Equal(found, []blob.Info{{Key: "b/1", Size: 7}, {Key: "b/10", Size: 8}}) {
		t.Errorf("List = %+v, %v", found, err)
	}
	for _, limit := range []int{0, -1, blob.MaxList + 1} {
		if _, err := s.List(t.Context(), "", "", limit); err == nil {
			t.Errorf("List with limit %d is not refused", limit)
		}
	}
}

// walk reads page after page.
func walk(t *testing.T, s blob.Store, prefix, after string, limit int) []string {
	t.Helper()
	var keys []string
	for {
		page, err := s.List(t.Context(), prefix, after, limit)
		if err != nil {
			t.Fatalf("List(%q, %q): %v", prefix, after, err)
		}
		if len(page) == 0 {
			return keys
		}
		if len(page) > limit {
			t.Fatalf("List gives %d, limit %d", len(page), limit)
		}
		for _, info := range page {
			keys = append(keys, info.Key)
		}
		after = keys[len(keys)-1]
	}
}

func badKeys(t *testing.T, s blob.Store) {
	put(t, s, "a/b", []byte("x"))
	sum := sha256.Sum256(nil)
	for _, key := range []string{
		"", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/./b", ".hidden", "a/.b", "A", "a b", "a\x00", "ä", "a\\b",
		strings.Repeat("a", blob.MaxKey+1), strings.Repeat("a", 201),
	} {
		errs := map[string]error{"Delete": s.Delete(t.Context(), key)}
		errs["Put"] = s.Put(t.Context(), key, strings.NewReader(""), 0, sum[:])
		_, errs["Get"] = s.Get(t.Context(), key, 0, -1)
		_, errs["Stat"] = s.Stat(t.Context(), key)
		for method, err := range errs {
			if !errors.Is(err, blob.ErrKey) {
				t.Errorf("%s(%q) = %v, want ErrKey", method, key, err)
			}
		}
	}
	for _, prefix := range []string{"../", "/", "a/../", "..", ".incoming", "a//"} {
		if _, err := s.List(t.Context(), prefix, "", 10); !errors.Is(err, blob.ErrKey) {
			t.Errorf("List(%q) = %v, want ErrKey", prefix, err)
		}
	}
}

func large(t *testing.T, s blob.Store) {
	data := random(20 << 20)
	put(t, s, "large", data)
	if got := get(t, s, "large", 0, -1); !bytes.Equal(got, data) {
		t.Error("other bytes back")
	}
	if got := get(t, s, "large", 17<<20, 1000); !bytes.Equal(got, data[17<<20:17<<20+1000]) {
		t.Error("other bytes back from within")
	}
	other := slices.Clone(data)
	other[len(other)-1] ^= 1
	sum := sha256.Sum256(data)
	err := s.Put(t.Context(), "large-wrong", bytes.NewReader(other), int64(len(other)), sum[:])
	if !errors.Is(err, blob.ErrMismatch) {
		t.Errorf("Put of other bytes = %v, want ErrMismatch", err)
	}
	if _, err := s.Stat(t.Context(), "large-wrong"); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("something was stored: %v", err)
	}
}

func parallel(t *testing.T, s blob.Store) {
	data := random(10_000)
	sum := sha256.Sum256(data)
	var group sync.WaitGroup
	for i := range 16 {
		group.Go(func() {
			own := fmt.Sprintf("p/%02d", i)
			for _, key := range []string{own, "p/shared"} {
				if err := s.Put(t.Context(), key, bytes.NewReader(data), int64(len(data)), sum[:]); err != nil {
					t.Errorf("Put(%s): %v", key, err)
				}
			}
		})
	}
	group.Wait()
	if keys := walk(t, s, "p/", "", blob.MaxList); len(keys) != 17 {
		t.Errorf("%d objects, want 17", len(keys))
	}
	if got := get(t, s, "p/shared", 0, -1); !bytes.Equal(got, data) {
		t.Error("the shared object is torn")
	}
}

func endedContext(t *testing.T, s blob.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	data := random(1000)
	sum := sha256.Sum256(data)
	if err := s.Put(ctx, "late", bytes.NewReader(data), 1000, sum[:]); !errors.Is(err, context.Canceled) {
		t.Errorf("Put with an ended context = %v", err)
	}
	if _, err := s.Stat(t.Context(), "late"); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("something was stored: %v", err)
	}
	if _, err := s.List(ctx, "", "", 10); !errors.Is(err, context.Canceled) {
		t.Errorf("List with an ended context = %v", err)
	}
}
