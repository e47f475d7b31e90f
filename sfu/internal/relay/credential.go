package relay

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
	"time"
)

// Life is how long a credential lets one allocate: longer than a lesson. An allocation that stands is kept beyond it.
const Life = 6 * time.Hour

// Credential is what a client shows.
type Credential struct {
	Username, Password string
	Expires            time.Time
}

// secret makes and checks credentials; it lives as long as the process, as allocations do.
type secret [32]byte

func newSecret() *secret {
	s := &secret{}
	_, _ = rand.Read(s[:]) // never fails
	return s
}

func (s *secret) sum(parts ...string) string {
	mac := hmac.New(sha256.New, s[:])
	mac.Write([]byte(strings.Join(parts, "\x00")))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// issue makes a credential; on the wire its name tells nothing of the person, but the same person has the same one.
func (s *secret) issue(person string, now time.Time) Credential {
	expires := now.Add(Life).Truncate(time.Second)
	name := strconv.FormatInt(expires.Unix(), 10) + ":" + s.sum("name", person)[:16]
	return Credential{Username: name, Password: s.sum("password", name), Expires: expires}
}

// holder reads a user name: who it is, and whether it has expired. Whether it is genuine only the password shows.
func (s *secret) holder(username string, now time.Time) (who string, expired, ok bool) {
	when, who, found := strings.Cut(username, ":")
	seconds, err := strconv.ParseInt(when, 10, 64)
	if !found || err != nil || len(who) != 16 {
		return "", false, false
	}
	// One that lives longer than any that is issued was not issued.
	left := time.Unix(seconds, 0).Sub(now)
	return who, left < 0, left <= Life+time.Minute
}
