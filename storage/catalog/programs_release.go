//go:build release

package catalog

import (
	"bytes"
	_ "embed"
	"io"
)

//go:embed programs/postgres.tar.zst
var programs []byte

// Programs opens the packed PostgreSQL programs that the binary carries.
func Programs() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(programs)), nil }
