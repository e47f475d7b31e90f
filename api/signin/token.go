package signin

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"strings"
	"time"
)

// How long things live.
const (
	// LinkLife is how long a personal or set-up link can be used.
	LinkLife = 24 * time.Hour
	// SessionLife is how long a browser stays signed in.
	SessionLife = 30 * 24 * time.Hour
)

// tokenBytes is 256 bits: beyond guessing, so that links and sessions need no throttle.
const tokenBytes = 32

// NewToken makes a secret (43 characters of base64url) and the hash under which the catalog knows it.
func NewToken() (token string, hash []byte) {
	secret := make([]byte, tokenBytes)
	rand.Read(secret) //nolint:errcheck // never fails: crypto/rand ends the process instead
	token = base64.RawURLEncoding.EncodeToString(secret)
	return token, hashOf(token)
}

// HashToken gives the catalog's hash of a token that somebody showed; ok is false when it has not a token's shape, so
// that nothing but a possible token reaches the database.
func HashToken(token string) (hash []byte, ok bool) {
	// The decoder passes over line breaks, wherever they stand: the length is asked first.
	if len(token) != base64.RawURLEncoding.EncodedLen(tokenBytes) {
		return nil, false
	}
	secret, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(secret) != tokenBytes {
		return nil, false
	}
	return hashOf(token), true
}

// hashOf needs no salt and no slow function: the token itself has 256 random bits.
func hashOf(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

const maxPath = 200

// LocalPath returns next when it is a path on this server, and the empty string otherwise: a link must not be able to
// send somebody who has just signed in to another site.
func LocalPath(next string) string {
	if next == "" || len(next) > maxPath || next[0] != '/' || strings.HasPrefix(next, "//") {
		return ""
	}
	for _, r := range next {
		// Browsers read a backslash as a slash and skip control characters, so "/\evil.example" is another site.
		if r == '\\' || r < ' ' || r == 0x7f {
			return ""
		}
	}
	u, err := url.Parse(next)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || strings.HasPrefix(u.Path, "//") {
		return ""
	}
	return next
}
