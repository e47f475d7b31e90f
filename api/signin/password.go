package signin

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"golang.org/x/crypto/argon2"
)

// Cost is what one argon2id hash takes (RFC 9106, section 4).
type Cost struct {
	// KiB of memory.
	KiB uint32
	// Passes over the memory.
	Passes uint32
}

// DefaultCost is RFC 9106's second recommendation with one lane: a school server has few cores.
var DefaultCost = Cost{KiB: 64 * 1024, Passes: 3}

// The bounds of a password, in bytes. (The API's schema repeats them.)
const (
	MinPassword = 10
	MaxPassword = 256
)

// The bounds of a stored hash, so that a damaged row cannot make the server allocate gigabytes.
const (
	maxKiB    = 256 * 1024
	maxPasses = 16
	saltBytes = 16
	sumBytes  = 32
)

// Passwords hashes and checks passwords, a few at a time: each takes tens of megabytes, and a class that signs in at
// once must not take the memory of a running lesson.
type Passwords struct {
	cost  Cost
	gate  chan struct{}
	wait  time.Duration
	dummy string
}

// NewPasswords lets at most atOnce hashes run; the others wait at most wait, then get [ErrBusy].
func NewPasswords(cost Cost, atOnce int, wait time.Duration) *Passwords {
	p := &Passwords{cost: cost, gate: make(chan struct{}, atOnce), wait: wait}
	salt := make([]byte, saltBytes)
	rand.Read(salt) //nolint:errcheck // never fails
	// No password has this sum; checking against it only spends the same time as a real check.
	p.dummy = encode(cost, salt, make([]byte, sumBytes))
	return p
}

// enter takes a place at the gate.
func (p *Passwords) enter(ctx context.Context) error {
	select {
	case p.gate <- struct{}{}:
		return nil
	default:
	}
	timer := time.NewTimer(p.wait)
	defer timer.Stop()
	select {
	case p.gate <- struct{}{}:
		return nil
	case <-timer.C:
		return ErrBusy
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Hash makes the PHC string that is stored for a password.
func (p *Passwords) Hash(ctx context.Context, password string) (string, error) {
	if err := p.enter(ctx); err != nil {
		return "", err
	}
	defer func() { <-p.gate }()
	salt := make([]byte, saltBytes)
	rand.Read(salt) //nolint:errcheck // never fails
	return encode(p.cost, salt, argon2.IDKey([]byte(password), salt, p.cost.Passes, p.cost.KiB, 1, sumBytes)), nil
}

// Check says whether the password is the stored one. An empty stored hash (unknown login, or no password set) takes as
// long as a real one and is never right.
func (p *Passwords) Check(ctx context.Context, stored, password string) (bool, error) {
	known := stored != ""
	if !known {
		stored = p.dummy
	}
	cost, salt, sum, err := decode(stored)
	if err != nil {
		return false, err
	}
	if err := p.enter(ctx); err != nil {
		return false, err
	}
	defer func() { <-p.gate }()
	got := argon2.IDKey([]byte(password), salt, cost.Passes, cost.KiB, 1, uint32(len(sum)))
	return subtle.ConstantTimeCompare(got, sum) == 1 && known, nil
}

func encode(cost Cost, salt, sum []byte) string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=1$%s$%s", argon2.Version, cost.KiB, cost.Passes,
		b64.EncodeToString(salt), b64.EncodeToString(sum))
}

func decode(stored string) (cost Cost, salt, sum []byte, err error) {
	fields := strings.Split(stored, "$")
	if len(fields) != 6 || fields[0] != "" || fields[1] != "argon2id" || fields[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return Cost{}, nil, nil, ErrBadHash
	}
	if _, err := fmt.Sscanf(fields[3], "m=%d,t=%d,p=1", &cost.KiB, &cost.Passes); err != nil {
		return Cost{}, nil, nil, ErrBadHash
	}
	salt, saltErr := base64.RawStdEncoding.DecodeString(fields[4])
	sum, sumErr := base64.RawStdEncoding.DecodeString(fields[5])
	if saltErr != nil || sumErr != nil || len(salt) < 8 || len(sum) != sumBytes ||
		cost.KiB < 8 || cost.KiB > maxKiB || cost.Passes < 1 || cost.Passes > maxPasses {
		return Cost{}, nil, nil, ErrBadHash
	}
	return cost, salt, sum, nil
}
