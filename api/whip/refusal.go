package whip

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/zvonok/zvonok/sfu"
)

// Refusal is why a request got no session; Status is the HTTP status that RFC 9725 or WHEP wants.
type Refusal struct {
	Status int
	// Detail is for developers.
	Detail string
	// RetryAfter is zero when trying again is of no use.
	RetryAfter time.Duration
}

// Error gives the detail.
func (r *Refusal) Error() string { return fmt.Sprintf("whip: %d: %s", r.Status, r.Detail) }

func refuse(status int, detail string, args ...any) *Refusal {
	return &Refusal{Status: status, Detail: fmt.Sprintf(detail, args...)}
}

// Busy says that there is no place now.
func Busy(detail string) *Refusal {
	return &Refusal{Status: http.StatusServiceUnavailable, Detail: detail, RetryAfter: 5 * time.Second}
}

// NotYet says that there is nothing to publish into or to receive from yet (WHEP, section 4.2).
func NotYet(detail string) *Refusal {
	return &Refusal{Status: http.StatusConflict, Detail: detail, RetryAfter: 3 * time.Second}
}

// refusalOf maps the media's errors; what it does not know is returned as it is.
func refusalOf(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sfu.ErrBadOffer):
		return refuse(http.StatusUnprocessableEntity, "%v", err)
	case errors.Is(err, sfu.ErrNoRestart):
		return refuse(http.StatusUnprocessableEntity, "this session cannot restart ICE")
	case errors.Is(err, sfu.ErrRoomFull), errors.Is(err, sfu.ErrClosed):
		return Busy(err.Error())
	}
	return err
}
