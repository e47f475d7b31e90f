package signin

import (
	"sync"
	"time"
)

// The three counts of wrong tries. A class sits behind one address, so an address alone may err often before it waits;
// one person at one address may not; and one login tried from everywhere is slowed, but never shut for its owner for longer
// than a minute.
var limits = [...]struct {
	free    int           // wrong tries that cost nothing
	longest time.Duration // the longest wait
}{
	perPair:    {free: 5, longest: 15 * time.Minute},
	perLogin:   {free: 20, longest: time.Minute},
	perAddress: {free: 60, longest: 5 * time.Minute},
}

const (
	perPair = iota
	perLogin
	perAddress
)

const (
	// forget is how long a wrong try counts.
	forget = 30 * time.Minute
	// maxKeys bounds the memory: beyond it the keys that have waited longest are forgotten.
	maxKeys = 20_000
)

type tryKey struct {
	kind           int
	login, address string
}

type tries struct {
	wrong int
	last  time.Time
	until time.Time
}

// Throttle slows down guessing.
type Throttle struct {
	mu   sync.Mutex
	keys map[tryKey]*tries
}

// NewThrottle starts with no wrong tries.
func NewThrottle() *Throttle { return &Throttle{keys: map[tryKey]*tries{}} }

func keysOf(login, address string) [3]tryKey {
	return [...]tryKey{{perPair, login, address}, {perLogin, login, ""}, {perAddress, "", address}}
}

// Begin counts a try before it is checked, or answers *[TooManyTries]. Counting first means that a hundred tries sent at
// once are a hundred tries.
func (t *Throttle) Begin(login, address string, now time.Time) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	var wait time.Duration
	for _, k := range keysOf(login, address) {
		if e := t.keys[k]; e != nil && e.until.After(now) {
			wait = max(wait, e.until.Sub(now))
		}
	}
	if wait > 0 {
		return &TooManyTries{After: wait}
	}
	t.makeRoomLocked(now)
	for _, k := range keysOf(login, address) {
		e := t.keys[k]
		if e == nil || now.Sub(e.last) > forget {
			e = &tries{}
			t.keys[k] = e
		}
		e.wrong++
		e.last = now
		limit := limits[k.kind]
		if over := e.wrong - limit.free; over >= 0 {
			e.until = now.Add(min(limit.longest, time.Second<<min(over, 20)))
		}
	}
	return nil
}

// Right takes back a try that turned out to be right: the person's own count is forgotten, and the address gets its
// try back, so that a class that signs in properly is never slowed by its own number.
func (t *Throttle) Right(login, address string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, k := range keysOf(login, address) {
		e := t.keys[k]
		switch {
		case e == nil:
		case k.kind == perPair:
			delete(t.keys, k)
		default:
			t.takeBackLocked(k, e)
		}
	}
}

// Unchecked takes back a try that was never checked (the gate was busy).
func (t *Throttle) Unchecked(login, address string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, k := range keysOf(login, address) {
		if e := t.keys[k]; e != nil {
			t.takeBackLocked(k, e)
		}
	}
}

func (t *Throttle) takeBackLocked(k tryKey, e *tries) {
	e.wrong--
	e.until = time.Time{}
	if e.wrong <= 0 {
		delete(t.keys, k)
	}
}

func (t *Throttle) makeRoomLocked(now time.Time) {
	if len(t.keys)+len(limits) <= maxKeys {
		return
	}
	for k, e := range t.keys {
		if now.Sub(e.last) > forget {
			delete(t.keys, k)
		}
	}
	// Still full: an attacker with very many logins or addresses. Those who are not waiting go first, in map order.
	for k, e := range t.keys {
		if len(t.keys) < maxKeys*3/4 {
			return
		}
		if !e.until.After(now) {
			delete(t.keys, k)
		}
	}
	for k := range t.keys {
		if len(t.keys) < maxKeys*3/4 {
			return
		}
		delete(t.keys, k)
	}
}
