//go:build !release

package catalog

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
)

// Programs opens the packed PostgreSQL programs in the source tree that this binary was built from; `make programs` (a
// part of `make tools`) packs them. A release binary carries them itself.
func Programs() (io.ReadCloser, error) {
	_, here, _, _ := runtime.Caller(0)
	file, err := os.Open(filepath.Join(filepath.Dir(here), "programs", "postgres.tar.zst"))
	if err != nil {
		return nil, fmt.Errorf("catalog: PostgreSQL's programs are not packed, run `make programs`: %w", err)
	}
	return file, nil
}
