package api

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/zvonok/zvonok/api/signin"
	"github.com/zvonok/zvonok/storage/catalog"
	"github.com/zvonok/zvonok/storage/policy"
)

type (
	newClassBody  struct{ Body NewClass }
	newPersonBody struct{ Body NewPerson }
	newLinkBody   struct {
		ID   string `path:"id" doc:"The person"`
		Body NewLink
	}
	memberOfClass struct {
		ID     string `path:"id" doc:"The class"`
		Person string `path:"person" doc:"The person"`
	}
)

func (s *Server) routesOfPeople() {
	resource(s, http.MethodGet, "/people", policy.SchoolSee, ownSchool[nothing], s.listPeople,
		operation{id: "listPeople", summary: "Everyone of the school, and its classes"})
	resource(s, http.MethodPost, "/classes", policy.SchoolManage, ownSchool[newClassBody], s.addClass,
		operation{id: "addClass", summary: "Add a class", status: http.StatusCreated})
	resource(s, http.MethodPut, "/classes/{id}/people/{person}", policy.SchoolManage, ownSchool[memberOfClass], s.addToClass,
		operation{id: "addToClass", summary: "Make a person a member of a class; repeating it is harmless"})
	resource(s, http.MethodDelete, "/classes/{id}/people/{person}", policy.SchoolManage, ownSchool[memberOfClass], s.removeFromClass,
		operation{id: "removeFromClass", summary: "End a person's membership of a class, and what they do in a lesson now; repeating it is harmless"})
	resource(s, http.MethodPost, "/people", policy.SchoolManage, ownSchool[newPersonBody], s.addPerson,
		operation{id: "addPerson", summary: "Add a person", status: http.StatusCreated})
	resource(s, http.MethodPost, "/people/{id}/link", policy.SchoolManage, ownSchool[newLinkBody], s.addLink,
		operation{id: "addLink", summary: "Make a personal sign-in link, good once within a day", status: http.StatusCreated})
}

func personOf(p catalog.Person) Person {
	return Person{ID: p.ID.String(), Name: p.Name, Role: p.Role, Login: p.Login, Classes: namedClasses(p.Classes)}
}

func (s *Server) listPeople(v *visit, _ nothing, _ *nothing) (*People, error) {
	people, err := v.tx.People()
	if err != nil {
		return nil, err
	}
	classes, err := v.tx.Classes()
	if err != nil {
		return nil, err
	}
	list := &People{People: make([]Person, 0, len(people)), Classes: namedClasses(classes)}
	for _, p := range people {
		if p.ArchivedAt == nil {
			list.People = append(list.People, personOf(p))
		}
	}
	return list, nil
}

func (s *Server) addClass(v *visit, _ nothing, in *newClassBody) (*Named, error) {
	class := catalog.Class{ID: uuid.New(), Name: strings.TrimSpace(in.Body.Name)}
	if class.Name == "" {
		return nil, invalid("body.name", "empty")
	}
	if err := v.tx.AddClass(class); err != nil {
		return nil, err
	}
	return &Named{ID: class.ID.String(), Name: class.Name}, v.audit("class.add", "class", class.ID)
}

func (s *Server) addToClass(v *visit, _ nothing, in *memberOfClass) (*nothing, error) {
	class, person, err := v.memberOfClass(in)
	if err != nil {
		return nil, err
	}
	if err := v.tx.AddToClass(class, person); err != nil {
		return nil, err
	}
	return nil, v.audit("class.member.add", "person", person)
}

// removeFromClass takes effect at once: rooms that the person is in let them go, and whatever else they may enter they
// enter anew.
func (s *Server) removeFromClass(v *visit, _ nothing, in *memberOfClass) (*nothing, error) {
	class, person, err := v.memberOfClass(in)
	if err != nil {
		return nil, err
	}
	if err := v.tx.RemoveFromClass(class, person); err != nil {
		return nil, err
	}
	rooms := v.services.Rooms
	v.afterCommit(func(context.Context) error {
		rooms.Revoke(person)
		return nil
	})
	return nil, v.audit("class.member.remove", "person", person)
}

// memberOfClass finds both in the school of the person who asks.
func (v *visit) memberOfClass(in *memberOfClass) (class, person uuid.UUID, err error) {
	if class, err = parseID(in.ID); err != nil {
		return class, person, err
	}
	if person, err = parseID(in.Person); err != nil {
		return class, person, err
	}
	classes, err := v.tx.Classes()
	if err != nil {
		return class, person, err
	}
	if !slices.ContainsFunc(classes, func(c catalog.Class) bool { return c.ID == class }) {
		return class, person, notFound()
	}
	found, err := v.tx.Person(person)
	if err == nil && found.ArchivedAt != nil {
		err = notFound()
	}
	return class, person, err
}

func (s *Server) addPerson(v *visit, _ nothing, in *newPersonBody) (*Person, error) {
	person := catalog.NewPerson{
		ID: uuid.New(), Name: strings.TrimSpace(in.Body.Name), Role: in.Body.Role,
		Login: strings.ToLower(strings.TrimSpace(in.Body.Login)),
	}
	if person.Name == "" {
		return nil, invalid("body.name", "empty")
	}
	known, err := v.tx.Classes()
	if err != nil {
		return nil, err
	}
	for _, text := range in.Body.ClassIDs {
		id, err := uuid.Parse(text)
		if err != nil || !slices.ContainsFunc(known, func(c catalog.Class) bool { return c.ID == id }) {
			return nil, invalid("body.classIds", "no such class")
		}
		if !slices.Contains(person.Classes, id) {
			person.Classes = append(person.Classes, id)
		}
	}
	if err := v.tx.AddPerson(person); err != nil {
		return nil, err
	}
	added, err := v.tx.Person(person.ID)
	if err != nil {
		return nil, err
	}
	answer := personOf(added)
	return &answer, v.audit("person.add", "person", person.ID)
}

func (s *Server) addLink(v *visit, _ nothing, in *newLinkBody) (*Link, error) {
	id, err := parseID(in.ID)
	if err != nil {
		return nil, err
	}
	person, err := v.tx.Person(id)
	if err != nil {
		return nil, err
	}
	if person.ArchivedAt != nil {
		return nil, notFound()
	}
	next := signin.LocalPath(in.Body.Next)
	if next != in.Body.Next {
		return nil, invalid("body.next", "not a path on this server")
	}
	token, hash := signin.NewToken()
	expires := v.now.Add(signin.LinkLife).Truncate(time.Second)
	if err := v.tx.AddLink(hash, id, next, v.now, expires); err != nil {
		return nil, err
	}
	return &Link{URL: v.base(s.config.PublicURL) + "/l/" + token, ExpiresAt: expires}, v.audit("link.add", "person", id)
}

// audit notes, in the request's transaction, what the person did.
func (v *visit) audit(action, kind string, id uuid.UUID) error {
	who := v.who.ID
	return v.tx.Audit(catalog.AuditEntry{At: v.now, PersonID: &who, Action: action, ObjectKind: kind, ObjectID: id.String(), Allowed: true})
}
