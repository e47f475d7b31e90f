package api

import (
	"net/http"

	"github.com/zvonok/zvonok/storage/catalog"
	"github.com/zvonok/zvonok/storage/policy"
)

func (s *Server) routesOfMe() {
	resource(s, http.MethodGet, "/me", policy.SignedIn, personAlone[nothing], s.getMe,
		operation{id: "getMe", summary: "Who is signed in"})
}

func (s *Server) getMe(v *visit, _ nothing, _ *nothing) (*MeInfo, error) {
	school, err := v.tx.School()
	if err != nil {
		return nil, err
	}
	return &MeInfo{
		Person:  Me{ID: v.who.ID.String(), Name: v.who.Name, Role: v.who.Role, Classes: namedClasses(v.who.Classes)},
		School:  SchoolInfo{ID: school.ID.String(), Name: school.Name, TimeZone: school.TimeZone},
		Version: s.config.Version,
	}, nil
}

func namedClasses(classes []catalog.Class) []Named {
	named := make([]Named, len(classes))
	for i, c := range classes {
		named[i] = Named{ID: c.ID.String(), Name: c.Name}
	}
	return named
}
