//go:build !release

package web

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// Files is the client's folder, index.html at its top.
func Files() (fs.FS, error) {
	_, here, _, _ := runtime.Caller(0)
	for _, dir := range []string{filepath.Join(filepath.Dir(here), "dist"), filepath.Join("web", "dist")} {
		if _, err := os.Stat(filepath.Join(dir, "index.html")); err == nil {
			return os.DirFS(dir), nil
		}
	}
	return nil, ErrNotBuilt
}
