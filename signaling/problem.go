package signaling

import (
	"errors"
	"fmt"

	"github.com/zvonok/zvonok/storage/policy"
)

// Code is why a request was refused; the client has a sentence for each.
type Code string

// The codes. PROTOCOL.md says when each is given and whether the socket is closed after it.
const (
	BadMessage  Code = "bad_message"
	TooLarge    Code = "too_large"
	TooFast     Code = "too_fast"
	NotAllowed  Code = "not_allowed"
	NotNow      Code = "not_now"
	Elsewhere   Code = "elsewhere"
	BadOffer    Code = "bad_offer"
	OldClient   Code = "old_client"
	Ended       Code = "ended"
	SentOut     Code = "removed"
	Unavailable Code = "unavailable"
)

var (
	// ErrClosed says that the server or the room is closing.
	ErrClosed = errors.New("signaling: closed")
	// errGone says that the session ended while its request was being answered.
	errGone = errors.New("signaling: session ended")
	// errRetired says that the room closed before it took the command: ask for the lesson's room again.
	errRetired = errors.New("signaling: room retired")
)

// refusal is an error that the client is told of.
type refusal struct{ Problem }

// Error has no text of the client's in it: it may be logged.
func (r *refusal) Error() string { return "signaling: " + r.Code + ": " + r.Detail }

func refuse(code Code, format string, args ...any) *refusal {
	return &refusal{Problem{Code: string(code), Detail: fmt.Sprintf(format, args...)}}
}

// denied turns a decision of the policy into what the client is told.
func denied(d policy.Decision) *refusal {
	switch d.Reason {
	case policy.LessonEnded:
		return refuse(Ended, "the lesson is over")
	case policy.SentOut:
		return refuse(SentOut, "a teacher sent you out")
	default:
		return refuse(NotAllowed, "%s", d.Reason)
	}
}

// problemOf is what the client is told of err, and whether it is one that the client was meant to get.
func problemOf(err error) (Problem, bool) {
	var r *refusal
	if errors.As(err, &r) {
		return r.Problem, true
	}
	return Problem{Code: string(Unavailable), Detail: "the server could not do it; try again", RetryAfter: 2}, false
}
