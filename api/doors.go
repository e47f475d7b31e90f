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

// maxDoors bounds the doors of one lesson that are not revoked.
const maxDoors = 20

// The kinds of door, as the wire has them.
const (
	kindPublish = "publish"
	kindWatch   = "watch"
)

type (
	newDoorBody struct {
		ID   string `path:"id"`
		Body NewDoor
	}
	doorPath struct {
		ID   string `path:"id"`
		Door string `path:"door"`
	}
)

func (s *Server) routesOfDoors() {
	resource(s, http.MethodGet, "/lessons/{id}/doors", policy.DoorManage, findLesson, s.getDoors,
		operation{id: "getDoors", summary: "The lesson's doors for devices, and who is connected"})
	resource(s, http.MethodPost, "/lessons/{id}/doors", policy.DoorManage, findLessonOf(func(in *newDoorBody) string { return in.ID }), s.addDoor,
		operation{id: "addDoor", summary: "Make a door: a token that lets one device into the lesson", status: http.StatusCreated})
	resource(s, http.MethodDelete, "/lessons/{id}/doors/{door}", policy.DoorManage, findLessonOf(func(in *doorPath) string { return in.ID }), s.revokeDoor,
		operation{id: "revokeDoor", summary: "Revoke a door; what its device does ends at once"})
}

// findLessonOf is findLesson for requests that carry more than the lesson's id.
func findLessonOf[I any](id func(*I) string) finder[I, catalog.Lesson] {
	return func(v *visit, in *I) (catalog.Lesson, policy.Object, error) { return findLesson(v, &byID{ID: id(in)}) }
}

func (s *Server) getDoors(v *visit, l catalog.Lesson, _ *byID) (*Doors, error) {
	doors, err := v.tx.Doors(l.ID)
	if err != nil {
		return nil, err
	}
	answer := &Doors{Doors: make([]Door, 0, len(doors))}
	inside := v.services.Rooms.Inside(l.ID)
	for _, d := range doors {
		maker, err := v.tx.Person(d.MadeBy)
		if err != nil {
			return nil, err
		}
		answer.Doors = append(answer.Doors, s.door(v, d, maker.Name, slices.Contains(inside, d.DeviceID)))
	}
	return answer, nil
}

func (s *Server) door(v *visit, d catalog.Door, maker string, connected bool) Door {
	kind, path := kindWatch, whepPath
	if d.Publishes {
		kind, path = kindPublish, whipPath
	}
	return Door{
		ID: d.ID.String(), DeviceID: d.DeviceID.String(), Name: d.Name, Kind: kind, MadeByName: maker, ExpiresAt: d.ExpiresAt,
		Expired: !v.now.Before(d.ExpiresAt), Connected: connected, URL: v.base(s.config.PublicURL) + path,
	}
}

func (s *Server) addDoor(v *visit, l catalog.Lesson, in *newDoorBody) (*DoorMade, error) {
	name := strings.TrimSpace(in.Body.Name)
	if name == "" {
		return nil, invalid("body.name", "empty")
	}
	before, err := v.tx.Doors(l.ID)
	if err != nil {
		return nil, err
	}
	if len(before) >= maxDoors {
		return nil, problem(http.StatusConflict, CodeConflict, "this lesson has as many doors as it may: revoke one")
	}
	token, hash := signin.NewToken()
	d := catalog.Door{
		ID: uuid.New(), LessonID: l.ID, MadeBy: v.who.ID, DeviceID: uuid.New(), Name: name, Publishes: in.Body.Kind == kindPublish,
		CreatedAt: v.now, ExpiresAt: v.now.Add(time.Duration(in.Body.Minutes) * time.Minute),
	}
	if err := v.tx.AddDoor(hash, d); err != nil {
		return nil, err
	}
	return &DoorMade{Door: s.door(v, d, v.who.Name, false), Token: token}, v.audit("door.add", "door", d.ID)
}

func (s *Server) revokeDoor(v *visit, l catalog.Lesson, in *doorPath) (*nothing, error) {
	id, err := parseID(in.Door)
	if err != nil {
		return nil, err
	}
	open, err := v.tx.Doors(l.ID)
	if err != nil {
		return nil, err
	}
	if err := v.tx.RevokeDoor(l.ID, id, v.now); err != nil {
		return nil, err
	}
	rooms := v.services.Rooms
	for _, d := range open {
		if d.ID == id {
			v.afterCommit(func(context.Context) error { rooms.Revoke(d.DeviceID); return nil })
		}
	}
	return nil, v.audit("door.revoke", "door", id)
}
