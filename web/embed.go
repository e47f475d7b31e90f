package web

import "errors"

// ErrNotBuilt is returned when there is no client to serve: run npm run build.
var ErrNotBuilt = errors.New("web: the client is not built")
