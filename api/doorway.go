package api

import (
	"errors"
	"net/http"

	"github.com/zvonok/zvonok/api/whip"
)

// Where devices knock; the token says into which lesson.
const (
	whipPath = "/whip"
	whepPath = "/whep"
)

// doorRefusal makes a door's refusal into this API's; other errors stay as they are.
func doorRefusal(err error) error {
	var r *whip.Refusal
	if !errors.As(err, &r) {
		return err
	}
	p := problemOfStatus(r.Status, r.Detail)
	switch r.Status {
	case http.StatusServiceUnavailable:
		p = problem(r.Status, CodeBusy, r.Detail)
	case http.StatusConflict:
		p = problem(r.Status, CodeConflict, r.Detail)
	}
	if r.RetryAfter > 0 {
		p = p.after(r.RetryAfter)
	}
	return p
}
