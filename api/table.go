package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/labstack/echo/v4"

	"github.com/zvonok/zvonok/api/signin"
	"github.com/zvonok/zvonok/storage/catalog"
	"github.com/zvonok/zvonok/storage/policy"
)

// Declared is one route and the action that decides about it.
type Declared struct {
	Method string
	// Path in the router's spelling (:id).
	Path   string
	Action policy.Action
}

// operation is what the OpenAPI document says of a route.
type operation struct {
	id      string
	summary string
	status  int // of success; 0: 200, or 204 without a body
}

// finder gets what a request is about: the thing itself, and how the policy sees it. It changes nothing.
type finder[I, T any] func(v *visit, in *I) (T, policy.Object, error)

// nothing is what a request without a body takes and answers.
type nothing struct{}

// about nothing but the person who asks.
func personAlone[I any](_ *visit, _ *I) (nothing, policy.Object, error) {
	return nothing{}, policy.Object{}, nil
}

// ownSchool finds the school of the person who asks.
func ownSchool[I any](v *visit, _ *I) (nothing, policy.Object, error) {
	return nothing{}, schoolObject(v.who.SchoolID), nil
}

const (
	base          = "/api/v1"
	maxBody       = 64 << 10
	handlerTime   = 15 * time.Second
	cookieName    = "__Host-zvonok"
	maxCookieSize = 100
)

// resource registers a JSON route: what it is about is found and the policy asked before do runs, all in one
// transaction, which is committed when do returns no error.
func resource[I, T, O any](s *Server, method, path string, action policy.Action, find finder[I, T], do func(*visit, T, *I) (*O, error), op operation) {
	s.declare(method, base+path, action)
	described := huma.Operation{
		Method: method, Path: base + path, OperationID: op.id, Summary: op.summary, DefaultStatus: op.status,
		MaxBodyBytes: maxBody, BodyReadTimeout: 10 * time.Second,
		Extensions: map[string]any{"x-action": string(action)},
	}
	type reply struct{ Body O }
	run := func(ctx context.Context, in *I) (out *O, err error) {
		v := visitOf(ctx)
		err = s.decide(v, action, func() error {
			thing, about, err := find(v, in)
			if err := s.allow(v, action, about, err); err != nil {
				return err
			}
			out, err = do(v, thing, in)
			return err
		})
		if err != nil {
			return nil, s.refuse(v, err)
		}
		return out, nil
	}
	if _, silent := any(new(O)).(*nothing); silent {
		huma.Register(s.huma, described, func(ctx context.Context, in *I) (*struct{}, error) {
			_, err := run(ctx, in)
			return nil, err
		})
		return
	}
	huma.Register(s.huma, described, func(ctx context.Context, in *I) (*reply, error) {
		out, err := run(ctx, in)
		if err != nil {
			return nil, err
		}
		return &reply{Body: *out}, nil
	})
}

// plain registers a route that is not JSON: a page, a playlist, a segment, the WebSocket. What it is about is found and
// the policy asked in one transaction, which is over before do runs.
func plain[T any](s *Server, method, path string, action policy.Action, find finder[echo.Context, T], do func(*visit, T, echo.Context) error) {
	s.declare(method, path, action)
	s.echo.Add(method, path, func(c echo.Context) error {
		v := visitOfEcho(c)
		var thing T
		err := s.decide(v, action, func() (err error) {
			var about policy.Object
			thing, about, err = find(v, &c)
			return s.allow(v, action, about, err)
		})
		if err == nil {
			err = do(v, thing, c)
		}
		if err != nil {
			return s.refuse(v, err)
		}
		return nil
	})
}

func (s *Server) declare(method, path string, action policy.Action) {
	s.table = append(s.table, Declared{Method: method, Path: toEchoPath(path), Action: action})
}

// Table lists every route with its action.
func (s *Server) Table() []Declared { return append([]Declared(nil), s.table...) }

// decide runs find-and-do for the person who asks: without any database where anyone may go, else in one transaction.
func (s *Server) decide(v *visit, action policy.Action, run func() error) error {
	v.services = s.services.Load()
	if policy.May(policy.Person{}, action, policy.Object{}, v.now).Allowed {
		return run()
	}
	if v.services == nil {
		return databaseAway()
	}
	ctx, cancel := context.WithTimeout(v.ctx, handlerTime)
	defer cancel()
	if err := s.recognise(ctx, v); err != nil {
		return err
	}
	err := v.services.Catalog.In(ctx, v.who.SchoolID, func(tx *catalog.Tx) error {
		v.tx = tx
		return run()
	})
	v.tx = nil
	if err != nil {
		return err
	}
	for _, do := range v.after {
		if err := do(v.ctx); err != nil {
			return err
		}
	}
	return nil
}

// recognise finds who asks by the session cookie.
func (s *Server) recognise(ctx context.Context, v *visit) error {
	hash, ok := sessionHash(v.echo.Request())
	if !ok {
		return signedOut()
	}
	session, who, err := v.services.Catalog.SessionByToken(ctx, hash, v.now)
	if errors.Is(err, catalog.ErrNotFound) {
		return signedOut()
	}
	if err != nil {
		return fmt.Errorf("look up session: %w", err)
	}
	v.session, v.who = session, who
	return nil
}

func sessionHash(r *http.Request) ([]byte, bool) {
	c, err := r.Cookie(cookieName)
	if err != nil || len(c.Value) > maxCookieSize {
		return nil, false
	}
	return signin.HashToken(c.Value)
}

// allow asks the policy. What is not for the one who asks looks exactly like what does not exist, except where there is
// nothing to hide: one's own school's routes for other roles, and a lesson that one belongs to.
func (s *Server) allow(v *visit, action policy.Action, about policy.Object, found error) error {
	if found != nil {
		return found
	}
	decision := policy.May(v.subject(), action, about, v.now)
	if decision.Allowed {
		return nil
	}
	v.log.Info("refused", "action", string(action), "reason", decision.Reason, "person", v.who.ID)
	s.metrics.refused(action, decision.Reason)
	switch decision.Reason {
	case policy.SignedOut, policy.Archived:
		return signedOut()
	case policy.WrongRole, policy.NotOwner:
		// Someone of the school who may see the thing is told the truth; the lesson's class is asked first below.
		if about.Kind == policy.KindSchool || v.sees(about) {
			return problem(http.StatusForbidden, CodeForbidden, "your role may not do this")
		}
	case policy.LessonEnded:
		return problem(http.StatusConflict, CodeLessonEnded, "the lesson is over")
	case policy.SentOut:
		return problem(http.StatusForbidden, CodeRemoved, "the teacher has sent you out of this lesson")
	}
	return notFound()
}

// sees says whether the person may at least read the thing, so that a refusal tells nothing new.
func (v *visit) sees(about policy.Object) bool {
	switch about.Kind {
	case policy.KindLesson:
		return v.may(policy.LessonSee, about)
	case policy.KindRecording:
		return v.may(policy.RecordingWatch, about)
	}
	return false
}

// refuse maps an error to its answer and logs those that are ours.
func (s *Server) refuse(v *visit, err error) error {
	p := problemOf(err)
	if p.Code == CodeInternal && s.databaseGone() {
		p = databaseAway()
	}
	switch {
	case errors.Is(err, context.Canceled) && v.ctx.Err() != nil:
		// The client went away; nobody reads this answer.
	case p.Status >= 500:
		v.log.Error("request failed", "code", p.Code, "err", err)
	}
	return p
}

// databaseGone asks the database itself: a connection that broke has many error texts and no common one.
func (s *Server) databaseGone() bool {
	services := s.services.Load()
	if services == nil {
		return true
	}
	ctx, cancel := context.WithTimeout(context.Background(), readyTime)
	defer cancel()
	return services.Catalog.Ping(ctx) != nil
}

// toEchoPath turns OpenAPI's {id} into the router's :id.
func toEchoPath(path string) string {
	return strings.NewReplacer("{", ":", "}", "").Replace(path)
}
