package api

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/labstack/echo/v4"

	"github.com/zvonok/zvonok/api/signin"
	"github.com/zvonok/zvonok/storage/blob"
	"github.com/zvonok/zvonok/storage/catalog"
)

// Code is what the client translates; the texts beside it are for developers.
type Code = string

// The codes.
const (
	CodeBadRequest    Code = "bad_request"
	CodeBusy          Code = "busy"
	CodeConflict      Code = "conflict"
	CodeDamaged       Code = "damaged"
	CodeDatabaseAway  Code = "database_away"
	CodeForbidden     Code = "forbidden"
	CodeInsecure      Code = "insecure"
	CodeInternal      Code = "internal"
	CodeInvalid       Code = "invalid"
	CodeLessonEnded   Code = "lesson_ended"
	CodeLinkInvalid   Code = "link_invalid"
	CodeMethod        Code = "method_not_allowed"
	CodeNotFound      Code = "not_found"
	CodeRemoved       Code = "removed"
	CodeSignedOut     Code = "signed_out"
	CodeStorageAway   Code = "storage_away"
	CodeTooLarge      Code = "too_large"
	CodeTooManyTries  Code = "too_many_tries"
	CodeWrongOrigin   Code = "wrong_origin"
	CodeWrongPassword Code = "wrong_password"
)

// Field says what is wrong with one field of a request. The value itself is not repeated: it may be a password.
type Field struct {
	Location string `json:"location" doc:"Path to the field, such as body.name"`
	Message  string `json:"message"`
}

// Problem is the body of every refusal (RFC 9457).
type Problem struct {
	Type       string  `json:"type"`
	Title      string  `json:"title"`
	Status     int     `json:"status" format:"int32"`
	Detail     string  `json:"detail" doc:"For developers; never the only text that a person sees"`
	Code       Code    `json:"code" enum:"bad_request,busy,conflict,damaged,database_away,forbidden,insecure,internal,invalid,lesson_ended,link_invalid,method_not_allowed,not_found,removed,signed_out,storage_away,too_large,too_many_tries,wrong_origin,wrong_password"`
	RetryAfter int     `json:"retryAfter,omitempty" format:"int32" doc:"Seconds to wait before trying again"`
	Fields     []Field `json:"fields,omitempty" nullable:"false"`
}

// Error gives the detail.
func (p *Problem) Error() string { return p.Code + ": " + p.Detail }

// GetStatus is the HTTP status; huma asks for it.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType makes JSON into problem+json; huma asks for it.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// GetHeaders adds Retry-After; huma asks for it.
func (p *Problem) GetHeaders() http.Header {
	if p.RetryAfter == 0 {
		return nil
	}
	return http.Header{"Retry-After": {strconv.Itoa(p.RetryAfter)}}
}

func problem(status int, code Code, detail string) *Problem {
	return &Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Code: code, Detail: detail}
}

func (p *Problem) after(wait time.Duration) *Problem {
	p.RetryAfter = max(1, int((wait+time.Second-1)/time.Second))
	return p
}

// The refusals that several routes give.
func notFound() *Problem {
	return problem(http.StatusNotFound, CodeNotFound, "there is nothing here for you")
}

func signedOut() *Problem {
	return problem(http.StatusUnauthorized, CodeSignedOut, "sign in first")
}

func databaseAway() *Problem {
	return problem(http.StatusServiceUnavailable, CodeDatabaseAway, "the database does not answer").after(5 * time.Second)
}

func storageAway() *Problem {
	return problem(http.StatusServiceUnavailable, CodeStorageAway, "the object store does not answer").after(5 * time.Second)
}

func invalid(location, message string) *Problem {
	p := problem(http.StatusUnprocessableEntity, CodeInvalid, "validation failed")
	p.Fields = []Field{{Location: location, Message: message}}
	return p
}

// problemOf is the one place where an error becomes an answer. What it does not know is an internal error, whose text
// stays in the log.
func problemOf(err error) *Problem {
	var known *Problem
	var tries *signin.TooManyTries
	var tooLarge *http.MaxBytesError
	var fromEcho *echo.HTTPError
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &tries):
		return problem(http.StatusTooManyRequests, CodeTooManyTries, "too many wrong tries").after(tries.After)
	case errors.Is(err, signin.ErrBusy):
		return problem(http.StatusServiceUnavailable, CodeBusy, "too many people sign in at once").after(3 * time.Second)
	case errors.Is(err, catalog.ErrNotFound), errors.Is(err, blob.ErrNotFound):
		return notFound()
	case errors.Is(err, catalog.ErrConflict):
		return problem(http.StatusConflict, CodeConflict, "there is one of that name already")
	case errors.Is(err, catalog.ErrInvalid):
		return problem(http.StatusUnprocessableEntity, CodeInvalid, "the database refuses these values")
	case errors.As(err, &tooLarge):
		return problem(http.StatusRequestEntityTooLarge, CodeTooLarge, "the request is too large")
	case errors.As(err, &fromEcho):
		return problemOfStatus(fromEcho.Code, http.StatusText(fromEcho.Code))
	case away(err):
		return databaseAway()
	}
	return problem(http.StatusInternalServerError, CodeInternal, "something went wrong here")
}

// away says whether err is that of a server that does not answer.
func away(err error) bool {
	var fromNet net.Error
	return errors.As(err, &fromNet) || errors.Is(err, context.DeadlineExceeded)
}

// problemOfStatus gives the code of a refusal that echo or huma made.
func problemOfStatus(status int, detail string) *Problem {
	code := CodeInternal
	switch {
	case status == http.StatusNotFound:
		return notFound()
	case status == http.StatusMethodNotAllowed:
		code = CodeMethod
	case status == http.StatusRequestEntityTooLarge:
		code = CodeTooLarge
	case status == http.StatusUnprocessableEntity:
		code = CodeInvalid
	case status == http.StatusUnauthorized:
		code = CodeSignedOut
	case status == http.StatusForbidden:
		code = CodeForbidden
	case status >= 400 && status < 500:
		code = CodeBadRequest
	default:
		status = http.StatusInternalServerError
	}
	return problem(status, code, detail)
}

// newHumaError is what huma makes its own refusals with.
func newHumaError(status int, message string, causes ...error) huma.StatusError {
	p := problemOfStatus(status, message)
	for _, cause := range causes {
		var detail huma.ErrorDetailer
		var tooLarge *http.MaxBytesError
		switch {
		case errors.As(cause, &tooLarge):
			return problemOf(cause)
		case errors.As(cause, &detail):
			p.Fields = append(p.Fields, Field{Location: detail.ErrorDetail().Location, Message: detail.ErrorDetail().Message})
		}
	}
	return p
}
