package cluster

import (
	"archive/tar"
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
)

func TestLogIsBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "postgres.log")
	l, err := openLog(path)
	if err != nil {
		t.Fatal(err)
	}
	line := []byte(strings.Repeat("x", 99) + "\n")
	for range 3 * logLimit / len(line) {
		if n, err := l.Write(line); n != len(line) || err != nil {
			t.Fatalf("Write = %d, %v", n, err)
		}
	}
	if _, err := l.Write([]byte("the last words\n")); err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(l.tail(), "the last words\n") || len(l.tail()) > tailBytes {
		t.Errorf("tail = %q", l.tail())
	}
	if err := errors.Join(l.Close(), l.Close()); err != nil {
		t.Error(err)
	}
	for _, file := range []string{path, path + ".1"} {
		info, err := os.Stat(file)
		if err != nil || info.Size() > logLimit || info.Size() == 0 {
			t.Errorf("%s: %v, %v", file, info, err)
		}
	}
	// An old log is gone on with.
	again, err := openLog(path)
	if err != nil {
		t.Fatal(err)
	}
	before := again.size
	if _, err := again.Write(line); err != nil || again.size != before+int64(len(line)) || before == 0 {
		t.Errorf("size %d after %d, %v", again.size, before, err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}

// archive packs names (a target after "->" makes a link) with their own name as content.
func archive(t *testing.T, version string, names ...string) *bytes.Buffer {
	t.Helper()
	var packed bytes.Buffer
	z, err := zstd.NewWriter(&packed)
	if err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(z)
	add := func(h tar.Header, text string) {
		h.Size = int64(len(text))
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	add(tar.Header{Name: "VERSION", Mode: 0o644}, version)
	for _, name := range names {
		if from, to, link := strings.Cut(name, "->"); link {
			add(tar.Header{Typeflag: tar.TypeSymlink, Name: from, Linkname: to}, "")
		} else {
			add(tar.Header{Name: name, Mode: 0o755}, name)
		}
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return &packed
}

func TestUnpack(t *testing.T) {
	base := filepath.Join(t.TempDir(), "a", "b")
	for range 2 {
		root, err := unpack(archive(t, "18.4", "bin/postgres", "lib/x.so.1.2", "lib/x.so->x.so.1.2"), base)
		if err != nil || root != filepath.Join(base, "pg-18.4") {
			t.Fatalf("unpack = %s, %v", root, err)
		}
		text, err := os.ReadFile(filepath.Join(root, "lib", "x.so"))
		if err != nil || string(text) != "lib/x.so.1.2" {
			t.Errorf("through the link: %q, %v", text, err)
		}
		info, err := os.Stat(filepath.Join(root, "bin", "postgres"))
		if err != nil || info.Mode().Perm() != 0o755 {
			t.Errorf("the program: %v, %v", info, err)
		}
	}
	if left, err := filepath.Glob(filepath.Join(base, "pg-unpacking-*")); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestUnpackRefuses(t *testing.T) {
	base := t.TempDir()
	truncated := archive(t, "1.0", "bin/postgres")
	truncated.Truncate(truncated.Len() - 8)
	for name, text := range map[string]*bytes.Buffer{
		"a way out":            archive(t, "1.1", "../outside"),
		"a link as a way out":  archive(t, "1.2", "lib->/tmp", "lib/outside"),
		"a version with a way": archive(t, "../../x", "bin/postgres"),
		"twice the same":       archive(t, "1.3", "bin/x", "bin/x"),
		"half of it":           truncated,
		"not an archive":       bytes.NewBufferString("PK"),
	} {
		if root, err := unpack(text, base); err == nil {
			t.Errorf("%s: unpacked into %s", name, root)
		}
	}
	if left, err := os.ReadDir(base); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestSocketFolderOfSomebodyElse(t *testing.T) {
	self, err := serverUser(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(t.TempDir(), "socket")
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := privateFolder(folder, self); err == nil {
		t.Error("a folder that others can enter was taken")
	}
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(folder, link); err != nil {
		t.Fatal(err)
	}
	if err := privateFolder(link, self); err == nil {
		t.Error("a link was taken")
	}
	fresh := filepath.Join(t.TempDir(), "fresh")
	for range 2 {
		if err := privateFolder(fresh, self); err != nil {
			t.Errorf("a private one: %v", err)
		}
	}
}

func TestSocketPathIsShort(t *testing.T) {
	self, err := serverUser(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), strings.Repeat("long", 40)))
	t.Setenv("XDG_RUNTIME_DIR", "")
	folder, err := socketFolder("/data/"+strings.Repeat("deep/", 50), self)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := os.Remove(folder); err != nil {
			t.Error(err)
		}
	}()
	if n := len(folder + "/.s.PGSQL.65535.lock"); n > longestSocket {
		t.Errorf("%s: %d bytes", folder, n)
	}
}

func TestClosedParent(t *testing.T) {
	dir := t.TempDir()
	inner := filepath.Join(dir, "closed", "inner")
	if err := os.MkdirAll(inner, 0o755); err != nil {
		t.Fatal(err)
	}
	closed := filepath.Join(dir, "closed")
	if err := os.Chmod(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	stranger := account{name: "stranger", uid: 54321, gid: 54321, switched: true}
	real, err := filepath.EvalSymlinks(closed)
	if err != nil {
		t.Fatal(err)
	}
	if got := stranger.closedParent(inner); got != real {
		t.Errorf("closedParent = %q, want %q", got, real)
	}
	if got := stranger.closedParent("/"); got != "" {
		t.Errorf("closedParent(/) = %q", got)
	}
}

func TestStartWithoutPrograms(t *testing.T) {
	_, err := findPrograms(t.Context(), Config{Bin: t.TempDir()}, t.TempDir())
	if !errors.Is(err, ErrPrograms) {
		t.Errorf("findPrograms = %v, want ErrPrograms", err)
	}
}
