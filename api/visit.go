package api

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/zvonok/zvonok/storage/catalog"
	"github.com/zvonok/zvonok/storage/policy"
)

// visit is one request as the handlers see it. One goroutine at a time uses it.
type visit struct {
	ctx     context.Context
	echo    echo.Context
	now     time.Time
	id      string
	address string // the client's, behind trusted proxies
	secure  bool   // https, here or at the trusted proxy
	log     *slog.Logger

	// services is set once the route needs more than the server itself.
	services *Services
	// who and session are zero on routes that anyone may take.
	who     catalog.Person
	session catalog.Session
	// tx is the request's one transaction, on routes that need a person.
	tx    *catalog.Tx
	after []func(context.Context) error
}

type visitKey struct{}

func visitOf(ctx context.Context) *visit {
	v, _ := ctx.Value(visitKey{}).(*visit)
	return v
}

func visitOfEcho(c echo.Context) *visit { return visitOf(c.Request().Context()) }

// afterCommit runs do when the request's transaction is committed; its error is the request's.
func (v *visit) afterCommit(do func(context.Context) error) { v.after = append(v.after, do) }

// base is the address under which the client reached this server.
func (v *visit) base(public string) string {
	if public != "" {
		return public
	}
	scheme := "http://"
	if v.secure {
		scheme = "https://"
	}
	return scheme + v.echo.Request().Host
}

// subject is who asks, as the policy sees it.
func (v *visit) subject() policy.Person { return Subject(v.who) }

// Subject is a person as the policy sees them.
func Subject(p catalog.Person) policy.Person {
	classes := make([]uuid.UUID, len(p.Classes))
	for i, c := range p.Classes {
		classes[i] = c.ID
	}
	return policy.Person{ID: p.ID, School: p.SchoolID, Role: policy.Role(p.Role), Classes: classes, Archived: p.ArchivedAt != nil}
}

// may asks the policy about something beside the route's own action.
func (v *visit) may(action policy.Action, about policy.Object) bool {
	return policy.May(v.subject(), action, about, v.now).Allowed
}

// The objects that the policy decides about.

func schoolObject(school uuid.UUID) policy.Object {
	return policy.Object{Kind: policy.KindSchool, School: school}
}

// LessonObject is a lesson as the policy sees it; removed says that the one who asks was sent out of it.
func LessonObject(l catalog.Lesson, removed bool) policy.Object {
	return policy.Object{Kind: policy.KindLesson, School: l.SchoolID, Class: l.ClassID, Teacher: l.TeacherID, Ended: l.EndedAt != nil, Removed: removed}
}

func recordingObject(r catalog.Recording) policy.Object {
	return policy.Object{Kind: policy.KindRecording, School: r.SchoolID, Class: r.ClassID, Teacher: r.TeacherID, Published: r.Published, Deleted: r.DeletedAt != nil}
}

// parseID reads an id of a path; what is not an id names nothing.
func parseID(text string) (uuid.UUID, error) {
	if len(text) != 36 {
		return uuid.Nil, notFound()
	}
	id, err := uuid.Parse(text)
	if err != nil {
		return uuid.Nil, notFound()
	}
	return id, nil
}

// setCookie answers with a session cookie: an empty token takes it away.
func (v *visit) setCookie(token string, life time.Duration) {
	c := &http.Cookie{Name: cookieName, Value: token, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode}
	c.MaxAge = int(life / time.Second)
	if token == "" {
		c.MaxAge = -1
	}
	http.SetCookie(v.echo.Response(), c)
}
