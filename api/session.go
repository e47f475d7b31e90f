package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"github.com/zvonok/zvonok/api/signin"
	"github.com/zvonok/zvonok/storage/catalog"
	"github.com/zvonok/zvonok/storage/policy"
)

type tokenBody struct{ Body Token }

func (s *Server) routesOfSession() {
	resource(s, http.MethodPost, "/session/link/look", policy.Public, personAlone[tokenBody], s.lookAtLink,
		operation{id: "lookAtLink", summary: "Whom a personal link would sign in; does not use it up"})
	resource(s, http.MethodPost, "/session/link", policy.Public, personAlone[tokenBody], s.signInByLink,
		operation{id: "signInByLink", summary: "Sign in by a personal link, which is used up"})
	resource(s, http.MethodPost, "/session/password", policy.Public, personAlone[passwordBody], s.signInByPassword,
		operation{id: "signInByPassword", summary: "Sign in by login and password"})
	resource(s, http.MethodPost, "/session/end", policy.SignedIn, personAlone[nothing], s.signOut,
		operation{id: "signOut", summary: "Sign this browser out"})
}

type passwordBody struct{ Body Password }

func linkInvalid() *Problem {
	return problem(http.StatusNotFound, CodeLinkInvalid, "the link is unknown, used or older than a day")
}

// catalogOf is for routes that anyone may take and that need the database all the same.
func catalogOf(v *visit) (*catalog.Catalog, error) {
	if v.services == nil {
		return nil, databaseAway()
	}
	return v.services.Catalog, nil
}

func (s *Server) lookAtLink(v *visit, _ nothing, in *tokenBody) (*LinkLook, error) {
	db, err := catalogOf(v)
	if err != nil {
		return nil, err
	}
	hash, ok := signin.HashToken(in.Body.Token)
	if !ok {
		return nil, linkInvalid()
	}
	ctx, cancel := context.WithTimeout(v.ctx, handlerTime)
	defer cancel()
	who, _, err := db.LinkPerson(ctx, hash, v.now)
	if errors.Is(err, catalog.ErrNotFound) {
		return nil, linkInvalid()
	}
	if err != nil {
		return nil, fmt.Errorf("look at link: %w", err)
	}
	look := &LinkLook{Name: who.Name}
	err = db.In(ctx, who.SchoolID, func(tx *catalog.Tx) error {
		school, err := tx.School()
		look.School = school.Name
		return err
	})
	return look, err
}

func (s *Server) signInByLink(v *visit, _ nothing, in *tokenBody) (*SignedIn, error) {
	db, err := catalogOf(v)
	if err != nil {
		return nil, err
	}
	hash, ok := signin.HashToken(in.Body.Token)
	if !ok {
		return nil, linkInvalid()
	}
	ctx, cancel := context.WithTimeout(v.ctx, handlerTime)
	defer cancel()
	who, next, err := db.UseLink(ctx, hash, v.now)
	if errors.Is(err, catalog.ErrNotFound) {
		return nil, linkInvalid()
	}
	if err != nil {
		return nil, fmt.Errorf("use link: %w", err)
	}
	if err := s.open(ctx, v, db, who, "link"); err != nil {
		return nil, err
	}
	return &SignedIn{Next: signin.LocalPath(next)}, nil
}

func wrongPassword() *Problem {
	return problem(http.StatusForbidden, CodeWrongPassword, "wrong login or password")
}

func (s *Server) signInByPassword(v *visit, _ nothing, in *passwordBody) (*SignedIn, error) {
	db, err := catalogOf(v)
	if err != nil {
		return nil, err
	}
	login := strings.ToLower(strings.TrimSpace(in.Body.Login))
	if err := s.throttle.Begin(login, v.address, v.now); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(v.ctx, handlerTime)
	defer cancel()
	who, stored, err := db.PersonByLogin(ctx, login)
	if err != nil && !errors.Is(err, catalog.ErrNotFound) {
		s.throttle.Unchecked(login, v.address)
		return nil, fmt.Errorf("look up login: %w", err)
	}
	if err != nil || who.ArchivedAt != nil {
		stored = ""
	}
	right, err := s.passwords.Check(ctx, stored, in.Body.Password)
	if err != nil {
		s.throttle.Unchecked(login, v.address)
		return nil, err
	}
	if !right {
		s.metrics.signIn("password", false)
		return nil, wrongPassword()
	}
	s.throttle.Right(login, v.address)
	if err := s.open(ctx, v, db, who, "password"); err != nil {
		return nil, err
	}
	return &SignedIn{}, nil
}

// open makes a session of its own for this browser. The one it had before ends: whoever knew its token (somebody
// who used this computer earlier, or planted a cookie) is not carried into the new person's session.
func (s *Server) open(ctx context.Context, v *visit, db *catalog.Catalog, who catalog.Person, how string) error {
	s.endEarlier(ctx, v, db)
	token, hash := signin.NewToken()
	session := catalog.Session{
		ID: uuid.New(), SchoolID: who.SchoolID, PersonID: who.ID, Browser: browserOf(v.echo.Request().UserAgent()),
		CreatedAt: v.now, SeenAt: v.now, ExpiresAt: v.now.Add(signin.SessionLife),
	}
	err := db.In(ctx, who.SchoolID, func(tx *catalog.Tx) error {
		if err := tx.AddSession(hash, session); err != nil {
			return err
		}
		return tx.Audit(catalog.AuditEntry{At: v.now, PersonID: &who.ID, Action: "session.begin", ObjectKind: "session", ObjectID: session.ID.String(), Allowed: true, Reason: how})
	})
	if err != nil {
		return fmt.Errorf("begin session: %w", err)
	}
	s.metrics.signIn(how, true)
	v.who, v.session = who, session
	v.setCookie(token, signin.SessionLife)
	return nil
}

func (s *Server) endEarlier(ctx context.Context, v *visit, db *catalog.Catalog) {
	hash, ok := sessionHash(v.echo.Request())
	if !ok {
		return
	}
	session, _, err := db.SessionByToken(ctx, hash, v.now)
	if err != nil {
		return // none, or expired: nothing to end
	}
	err = db.In(ctx, session.SchoolID, func(tx *catalog.Tx) error { return tx.EndSession(session.ID, v.now) })
	if err != nil {
		v.log.Warn("earlier session not ended", "session", session.ID, "err", err)
		return
	}
	v.services.Rooms.EndSession(session.ID)
}

func (s *Server) signOut(v *visit, _ nothing, _ *nothing) (*nothing, error) {
	if err := v.tx.EndSession(v.session.ID, v.now); err != nil {
		return nil, err
	}
	rooms, session := v.services.Rooms, v.session.ID
	v.afterCommit(func(context.Context) error {
		v.setCookie("", 0)
		rooms.EndSession(session)
		return nil
	})
	return nil, nil
}

// browserOf keeps of a User-Agent what helps a person recognise a session, and nothing that identifies a device.
func browserOf(agent string) string {
	for _, known := range []struct{ mark, name string }{
		{"YaBrowser/", "Yandex"}, {"Edg/", "Edge"}, {"Firefox/", "Firefox"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"},
	} {
		if strings.Contains(agent, known.mark) {
			return known.name
		}
	}
	return ""
}
