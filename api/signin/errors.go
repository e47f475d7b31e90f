package signin

import (
	"errors"
	"fmt"
	"time"
)

// ErrBusy says that too many passwords are being checked at once; the same try may succeed in a few seconds.
var ErrBusy = errors.New("signin: too many passwords are being checked")

// ErrBadHash says that a stored password hash is not one of ours.
var ErrBadHash = errors.New("signin: unreadable password hash")

// TooManyTries says how long to wait before the next try.
type TooManyTries struct {
	After time.Duration
}

// Error says how long to wait.
func (e *TooManyTries) Error() string {
	return fmt.Sprintf("signin: too many wrong tries, again in %s", e.After)
}
