package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/zvonok/zvonok/api/signin"
	"github.com/zvonok/zvonok/storage/catalog"
	"github.com/zvonok/zvonok/storage/policy"
)

type setupBody struct{ Body SetupRequest }

func (s *Server) routesOfSetup() {
	resource(s, http.MethodPost, "/setup/look", policy.Setup, personAlone[tokenBody], s.lookAtSetup,
		operation{id: "lookAtSetup", summary: "Whether a set-up link is good; does not use it up"})
	resource(s, http.MethodPost, "/setup", policy.Setup, personAlone[setupBody], s.setUp,
		operation{id: "setUp", summary: "Make the first school and its admin, and sign the admin in"})
}

func (s *Server) lookAtSetup(v *visit, _ nothing, in *tokenBody) (*Empty, error) {
	db, err := catalogOf(v)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(v.ctx, handlerTime)
	defer cancel()
	if _, err := goodSetupLink(ctx, v, db, in.Body.Token); err != nil {
		return nil, err
	}
	return &Empty{}, nil
}

// goodSetupLink gives the link's hash.
func goodSetupLink(ctx context.Context, v *visit, db *catalog.Catalog, token string) ([]byte, error) {
	hash, ok := signin.HashToken(token)
	if !ok {
		return nil, linkInvalid()
	}
	good, err := db.SetupLinkValid(ctx, hash, v.now)
	if err != nil {
		return nil, fmt.Errorf("look at set-up link: %w", err)
	}
	if !good {
		return nil, linkInvalid()
	}
	return hash, nil
}

func (s *Server) setUp(v *visit, _ nothing, in *setupBody) (*SetupDone, error) {
	db, err := catalogOf(v)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(v.ctx, handlerTime)
	defer cancel()
	// The link is checked before the expensive hash and consumed after it, in the transaction that makes the school.
	hash, err := goodSetupLink(ctx, v, db, in.Body.Token)
	if err != nil {
		return nil, err
	}
	want, problem := checkedSetup(in.Body)
	if problem != nil {
		return nil, problem
	}
	secret, err := s.passwords.Hash(ctx, want.Password)
	if err != nil {
		return nil, err
	}
	school := catalog.School{ID: uuid.New(), Name: want.School, TimeZone: want.TimeZone}
	admin := catalog.NewPerson{ID: uuid.New(), Name: want.Name, Role: string(policy.Admin), Login: want.Login, PasswordHash: secret}
	err = db.CreateSchool(ctx, hash, school, admin, v.now)
	if errors.Is(err, catalog.ErrNotFound) {
		return nil, linkInvalid()
	}
	if err != nil {
		return nil, fmt.Errorf("create school: %w", err)
	}
	who := catalog.Person{ID: admin.ID, SchoolID: school.ID, Name: admin.Name, Role: admin.Role, Login: admin.Login}
	if err := s.open(ctx, v, db, who, "setup"); err != nil {
		return nil, err
	}
	return &SetupDone{MasterKeyBackup: v.services.MasterKeyBackup}, nil
}

// checkedSetup trims the names and refuses what the schema cannot.
func checkedSetup(want SetupRequest) (SetupRequest, *Problem) {
	want.School, want.Name = strings.TrimSpace(want.School), strings.TrimSpace(want.Name)
	want.Login = strings.ToLower(strings.TrimSpace(want.Login))
	switch {
	case want.School == "":
		return want, invalid("body.school", "empty")
	case want.Name == "":
		return want, invalid("body.name", "empty")
	case want.Login == "":
		return want, invalid("body.login", "empty")
	}
	if _, err := time.LoadLocation(want.TimeZone); err != nil || want.TimeZone == "Local" {
		return want, invalid("body.timeZone", "no such time zone")
	}
	return want, nil
}
