package signin_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zvonok/zvonok/api/signin"
)

var cheap = signin.Cost{KiB: 64, Passes: 1}

func TestTokens(t *testing.T) {
	token, hash := signin.NewToken()
	other, _ := signin.NewToken()
	if len(token) != 43 || token == other {
		t.Errorf("tokens %s, %s", token, other)
	}
	want := sha256.Sum256([]byte(token))
	if got, ok := signin.HashToken(token); !ok || !bytes.Equal(got, hash) || !bytes.Equal(got, want[:]) {
		t.Error("the hash is not SHA-256 of the token")
	}
	for _, bad := range []string{"", "x", token + "A", token[:42], token[:42] + "=", token[:42] + "+", strings.Repeat("A", 1000)} {
		if _, ok := signin.HashToken(bad); ok {
			t.Errorf("%.50q passes for a token", bad)
		}
	}
}

func TestLocalPath(t *testing.T) {
	for next, want := range map[string]string{
		"": "", "/": "/", "/lesson/1?from=a#t=3": "/lesson/1?from=a#t=3",
		"//evil.example": "", "/\\evil.example": "", "https://evil.example": "", "javascript:alert(1)": "", "lesson/1": "", "\\\\evil": "",
		"/\t/evil.example": "", "/a\nb": "", "/%2f%2fevil": "", "/%zz": "", "/" + strings.Repeat("a", 300): "",
	} {
		if got := signin.LocalPath(next); got != want {
			t.Errorf("LocalPath(%q) = %q, want %q", next, got, want)
		}
	}
}

func TestPasswords(t *testing.T) {
	p := signin.NewPasswords(cheap, 4, time.Second)
	stored, err := p.Hash(t.Context(), "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := p.Hash(t.Context(), "correct horse"); again == stored {
		t.Error("two hashes of one password are equal: no salt")
	}
	if !strings.HasPrefix(stored, "$argon2id$v=19$m=64,t=1,p=1$") {
		t.Errorf("stored as %s", stored)
	}
	for _, c := range []struct {
		stored, password string
		right            bool
	}{{stored, "correct horse", true}, {stored, "correct horsf", false}, {stored, "", false}, {"", "", false}, {"", "correct horse", false}} {
		if got, err := p.Check(t.Context(), c.stored, c.password); err != nil || got != c.right {
			t.Errorf("Check(%.10q, %q) = %v, %v", c.stored, c.password, got, err)
		}
	}
	// A hash of another cost still checks: the cost may be raised later.
	if got, err := signin.NewPasswords(signin.Cost{KiB: 128, Passes: 2}, 1, time.Second).Check(t.Context(), stored, "correct horse"); err != nil || !got {
		t.Errorf("after a change of cost: %v %v", got, err)
	}
	for _, bad := range []string{"plain", "$argon2id$v=19$m=4194304,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$" + strings.Repeat("A", 43), "$argon2i$v=19$m=64,t=1,p=1$AAAA$AAAA"} {
		if _, err := p.Check(t.Context(), bad, "x"); !errors.Is(err, signin.ErrBadHash) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

// TestAtMostFourAtOnce fills the gate with a hash that takes long, and looks at what the next ones get.
func TestAtMostFourAtOnce(t *testing.T) {
	p := signin.NewPasswords(signin.Cost{KiB: 32 * 1024, Passes: 3}, 1, time.Nanosecond)
	var busy, done int
	var mu sync.Mutex
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			_, err := p.Hash(context.Background(), "x")
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				done++
			case errors.Is(err, signin.ErrBusy):
				busy++
			default:
				t.Error(err)
			}
		})
	}
	all.Wait()
	if done == 0 || done+busy != 8 {
		t.Errorf("%d done, %d busy", done, busy)
	}
	if _, err := p.Hash(t.Context(), "x"); err != nil {
		t.Errorf("the gate stays shut: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	full := signin.NewPasswords(cheap, 0, time.Minute)
	if _, err := full.Hash(ctx, "x"); !errors.Is(err, context.Canceled) {
		t.Errorf("somebody who went away waits on: %v", err)
	}
}

func TestWaitingIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shut := signin.NewPasswords(cheap, 0, 5*time.Second)
		began := time.Now()
		if _, err := shut.Check(t.Context(), "", "x"); !errors.Is(err, signin.ErrBusy) {
			t.Errorf("err = %v", err)
		}
		if took := time.Since(began); took != 5*time.Second {
			t.Errorf("waited %v", took)
		}
	})
}

func TestThrottle(t *testing.T) {
	at := time.Date(2026, 9, 1, 8, 30, 0, 0, time.UTC)
	guess := func(t *signin.Throttle, login, address string, now time.Time) time.Duration {
		var wait *signin.TooManyTries
		if errors.As(t.Begin(login, address, now), &wait) {
			return wait.After
		}
		return 0
	}
	t.Run("one person at one place", func(t *testing.T) {
		th := signin.NewThrottle()
		var longest time.Duration
		now := at
		for range 60 {
			wait := guess(th, "a", "1", now)
			longest = max(longest, wait)
			now = now.Add(wait + time.Second)
		}
		if longest < 5*time.Minute || longest > 15*time.Minute {
			t.Errorf("the longest wait is %v", longest)
		}
	})
	t.Run("a victim is never shut out for long", func(t *testing.T) {
		th := signin.NewThrottle()
		for i := range 500 {
			guess(th, "a", fmt.Sprint("attacker ", i), at)
		}
		if wait := guess(th, "a", "home", at); wait > time.Minute {
			t.Errorf("the owner waits %v", wait)
		}
	})
	t.Run("a class behind one address", func(t *testing.T) {
		th := signin.NewThrottle()
		for i := range 30 {
			login := fmt.Sprint("pupil ", i)
			for try := range 2 {
				if wait := guess(th, login, "school", at); wait > 0 {
					t.Fatalf("pupil %d waits %v", i, wait)
				}
				if try == 1 {
					th.Right(login, "school")
				}
			}
		}
	})
	t.Run("one address trying everybody", func(t *testing.T) {
		th := signin.NewThrottle()
		tried := 0
		for i := range 1000 {
			if guess(th, fmt.Sprint(i), "attacker", at) == 0 {
				tried++
			}
		}
		if tried > 61 {
			t.Errorf("%d logins were tried", tried)
		}
	})
	t.Run("forgotten after half an hour", func(t *testing.T) {
		th := signin.NewThrottle()
		for range 5 {
			guess(th, "a", "1", at)
		}
		if wait := guess(th, "a", "1", at); wait == 0 {
			t.Error("the sixth try costs nothing")
		}
		later := at.Add(31 * time.Minute)
		for n := range 5 {
			if wait := guess(th, "a", "1", later); wait > 0 {
				t.Errorf("try %d after half an hour waits %v", n, wait)
			}
		}
	})
	t.Run("bounded memory", func(t *testing.T) {
		th := signin.NewThrottle()
		for i := range 50_000 {
			guess(th, fmt.Sprint(i), fmt.Sprint(i), at)
		}
		if n := th.Keys(); n > 20_000 {
			t.Errorf("%d keys", n)
		}
	})
}

// FuzzToken and FuzzLocalPath: whatever arrives, only what is meant gets through.
func FuzzToken(f *testing.F) {
	token, _ := signin.NewToken()
	for _, seed := range []string{"", token, token[:42] + "=", strings.Repeat("-", 43), "\x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, token string) {
		hash, ok := signin.HashToken(token)
		if ok != (len(hash) == 32) || ok && len(token) != 43 {
			t.Errorf("%q: %v, %d bytes", token, ok, len(hash))
		}
	})
}

func FuzzLocalPath(f *testing.F) {
	for _, seed := range []string{"/", "//x", "/\\x", "/a?b#c", "http://x", "/%2f%2fx"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, next string) {
		got := signin.LocalPath(next)
		if got != "" && (got != next || got[0] != '/' || strings.HasPrefix(got, "//") || strings.ContainsAny(got, "\\\n\r\t")) {
			t.Errorf("LocalPath(%q) = %q", next, got)
		}
	})
}
