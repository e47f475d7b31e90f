package blob

import (
	"fmt"
	"strings"
)

const (
	// MaxKey is the longest key in bytes; S3 allows 1024, of which the prefix takes some.
	MaxKey = 512
	// MaxList is the most that one List gives.
	MaxList = 1000
	// maxName is the longest part between two slashes: what file systems take, less room for a temporary name.
	maxName = 200
)

// ValidKey says whether key may name an object: parts of [a-z0-9._-] joined by single slashes, none empty, none
// beginning with a dot. So no key leaves its folder, and none is hidden.
func ValidKey(key string) error {
	if key == "" || len(key) > MaxKey {
		return fmt.Errorf("%w: length %d", ErrKey, len(key))
	}
	for part := range strings.SplitSeq(key, "/") {
		if part == "" || part[0] == '.' || len(part) > maxName {
			return fmt.Errorf("%w: %q", ErrKey, key)
		}
	}
	return validBytes(key)
}

// validPrefix accepts any beginning of a valid key.
func validPrefix(prefix string) error {
	if len(prefix) > MaxKey {
		return fmt.Errorf("%w: length %d", ErrKey, len(prefix))
	}
	for i, part := range strings.Split(prefix, "/") {
		last := i == strings.Count(prefix, "/")
		if part == "" && !last || strings.HasPrefix(part, ".") || len(part) > maxName {
			return fmt.Errorf("%w: prefix %q", ErrKey, prefix)
		}
	}
	return validBytes(prefix)
}

func validBytes(s string) error {
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '/', c == '.', c == '_', c == '-':
		default:
			return fmt.Errorf("%w: byte %#02x", ErrKey, c)
		}
	}
	return nil
}

func validList(prefix, after string, limit int) error {
	if limit < 1 || limit > MaxList {
		return fmt.Errorf("blob: list limit %d, want 1 to %d", limit, MaxList)
	}
	if err := validPrefix(prefix); err != nil {
		return err
	}
	return validPrefix(after)
}
