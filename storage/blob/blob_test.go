package blob_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/zvonok/zvonok/storage/blob"
	"github.com/zvonok/zvonok/storage/blob/blobtest"
)

func open(t *testing.T, dir string) *blob.Folder {
	t.Helper()
	f, err := blob.NewFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

func TestFolder(t *testing.T) {
	blobtest.Run(t, func(t *testing.T) blob.Store { return open(t, t.TempDir()) })
}

func TestFolderLeavesNothingHalfWritten(t *testing.T) {
	dir := t.TempDir()
	f := open(t, dir)
	sum := sha256.Sum256([]byte("other"))
	if err := f.Put(t.Context(), "a/b", strings.NewReader("bytes"), 5, sum[:]); !errors.Is(err, blob.ErrMismatch) {
		t.Fatalf("Put = %v", err)
	}
	if left, err := os.ReadDir(filepath.Join(dir, ".incoming")); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if err := f.Ping(t.Context()); err != nil {
		t.Errorf("Ping: %v", err)
	}
}

func TestFolderSweepsWhatTheDeadLeft(t *testing.T) {
	dir := t.TempDir()
	open(t, dir)
	old, young := filepath.Join(dir, ".incoming", "put-1"), filepath.Join(dir, ".incoming", "put-2")
	for _, f := range []string{old, young} {
		if err := os.WriteFile(f, []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	yesterday := time.Now().Add(-25 * time.Hour)
	if err := os.Chtimes(old, yesterday, yesterday); err != nil {
		t.Fatal(err)
	}
	open(t, dir)
	if _, err := os.Stat(old); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the old file is still there: %v", err)
	}
	if _, err := os.Stat(young); err != nil {
		t.Errorf("a file that may be in use is gone: %v", err)
	}
}

func TestFolderDoesNotFollowLinksOut(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	f := open(t, dir)
	if err := os.WriteFile(filepath.Join(outside, "secret"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "out")); err != nil {
		t.Fatal(err)
	}
	if r, err := f.Get(t.Context(), "out/secret", 0, -1); err == nil {
		t.Errorf("Get followed a link out of the folder: %v", r)
	}
	sum := sha256.Sum256([]byte("x"))
	if err := f.Put(t.Context(), "out/new", strings.NewReader("x"), 1, sum[:]); err == nil {
		t.Error("Put followed a link out of the folder")
	}
}

func s3Config(endpoint string) blob.S3Config {
	return blob.S3Config{Endpoint: endpoint, Bucket: "zvonok", AccessKey: "key", SecretKey: "secret"}
}

func TestS3ConfigNamesWhatIsMissing(t *testing.T) {
	for _, c := range []struct {
		change func(*blob.S3Config)
		want   string
	}{
		{func(c *blob.S3Config) { c.Endpoint = "" }, "endpoint"},
		{func(c *blob.S3Config) { c.Bucket = "" }, "bucket"},
		{func(c *blob.S3Config) { c.SecretKey = "" }, "keys"},
		{func(c *blob.S3Config) { c.Prefix = "/a" }, "key"},
	} {
		cfg := s3Config("127.0.0.1:1")
		c.change(&cfg)
		if _, err := blob.NewS3(cfg); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("NewS3 = %v, want something about %q", err, c.want)
		}
	}
}

func TestS3ThatIsAway(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := blob.NewS3(s3Config(addr))
	if err != nil {
		t.Fatalf("NewS3 needs no server: %v", err)
	}
	if err := s.Ping(t.Context()); err == nil || errors.Is(err, blob.ErrBucket) {
		t.Errorf("Ping = %v, want a server that cannot be reached", err)
	}
	sum := sha256.Sum256([]byte("x"))
	if err := s.Put(t.Context(), "a", strings.NewReader("x"), 1, sum[:]); err == nil || errors.Is(err, blob.ErrMismatch) {
		t.Errorf("Put = %v", err)
	}
	if _, err := s.Stat(t.Context(), "a"); err == nil || errors.Is(err, blob.ErrNotFound) {
		t.Errorf("Stat = %v: an unreachable server is not an empty one", err)
	}
}

func TestS3ThatHangs(t *testing.T) {
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}))
	defer server.Close()
	defer close(release)
	s, err := blob.NewS3(s3Config(server.Listener.Addr().String()))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := s.Stat(ctx, "a"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Stat = %v, want the caller's deadline", err)
	}
}

func FuzzValidKey(f *testing.F) {
	for _, key := range []string{"", "a", "a/b.m4s", "../a", "a/..", "a//b", ".a", "a/./b", "A", "a\x00b", strings.Repeat("a/", 300)} {
		f.Add(key)
	}
	root := filepath.FromSlash("/store")
	f.Fuzz(func(t *testing.T, key string) {
		if blob.ValidKey(key) != nil {
			return
		}
		path := filepath.Join(root, filepath.FromSlash(key))
		rel, err := filepath.Rel(root, path)
		if err != nil || filepath.ToSlash(rel) != key {
			t.Errorf("key %q is the file %q", key, rel)
		}
		for part := range strings.SplitSeq(key, "/") {
			if part == "" || strings.HasPrefix(part, ".") {
				t.Errorf("key %q has the part %q", key, part)
			}
		}
		if len(key) > blob.MaxKey || strings.ToLower(key) != key {
			t.Errorf("key %q", key)
		}
	})
}
