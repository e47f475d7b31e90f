package api

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/zvonok/zvonok/signaling"
	"github.com/zvonok/zvonok/storage/catalog"
	"github.com/zvonok/zvonok/storage/policy"
)

type (
	byID struct {
		ID string `path:"id"`
	}
	newLessonBody struct{ Body NewLesson }
)

func (s *Server) routesOfLessons() {
	resource(s, http.MethodGet, "/today", policy.SeeToday, personAlone[nothing], s.getToday,
		operation{id: "getToday", summary: "My lessons of today and my newest recordings"})
	resource(s, http.MethodPost, "/lessons", policy.LessonCreate, findClassOfNew, s.addLesson,
		operation{id: "addLesson", summary: "Plan a lesson, or start one now", status: http.StatusCreated})
	resource(s, http.MethodGet, "/lessons/{id}", policy.LessonSee, findLesson, s.getLesson,
		operation{id: "getLesson", summary: "A lesson and who is inside"})
	plain(s, http.MethodGet, base+"/lessons/:id/ws", policy.LessonJoin, findLessonOfPath, s.serveSocket)
}

func findLesson(v *visit, in *byID) (catalog.Lesson, policy.Object, error) {
	id, err := parseID(in.ID)
	if err != nil {
		return catalog.Lesson{}, policy.Object{}, err
	}
	lesson, err := v.tx.Lesson(id)
	return lesson, LessonObject(lesson, false), err
}

// findLessonOfPath also knows whether the person was sent out of the room.
func findLessonOfPath(v *visit, c *echo.Context) (catalog.Lesson, policy.Object, error) {
	lesson, _, err := findLesson(v, &byID{ID: (*c).Param("id")})
	if err != nil {
		return lesson, policy.Object{}, err
	}
	removed, err := v.removed(lesson.ID)
	return lesson, LessonObject(lesson, removed), err
}

func (v *visit) removed(lesson uuid.UUID) (bool, error) {
	people, err := v.tx.RoomPeople(lesson)
	return slices.ContainsFunc(people, func(p catalog.RoomPerson) bool {
		return p.PersonID == v.who.ID && p.RemovedAt != nil
	}), err
}

// findClassOfNew shows the policy the lesson that would be made.
func findClassOfNew(v *visit, in *newLessonBody) (catalog.Class, policy.Object, error) {
	classes, err := v.tx.Classes()
	if err != nil {
		return catalog.Class{}, policy.Object{}, err
	}
	for _, c := range classes {
		if c.ID.String() == strings.ToLower(in.Body.ClassID) {
			return c, policy.Object{Kind: policy.KindLesson, School: v.who.SchoolID, Class: c.ID, Teacher: v.who.ID}, nil
		}
	}
	return catalog.Class{}, policy.Object{}, notFound()
}

// The states of a lesson.
const (
	statePlanned = "planned"
	stateLive    = "live"
	stateEnded   = "ended"
)

func (v *visit) lesson(l catalog.Lesson, inside int) (Lesson, error) {
	state := statePlanned
	switch {
	case l.EndedAt != nil:
		state = stateEnded
	case l.StartedAt != nil:
		state = stateLive
	}
	removed, err := v.removed(l.ID)
	about := LessonObject(l, removed)
	return Lesson{
		ID: l.ID.String(), Title: l.Title, ClassID: l.ClassID.String(), ClassName: l.ClassName,
		TeacherID: l.TeacherID.String(), TeacherName: l.TeacherName, StartsAt: l.StartsAt, Minutes: l.Minutes,
		Recorded: l.Recorded, State: state, Inside: inside,
		MayJoin: v.may(policy.LessonJoin, about), MayModerate: v.may(policy.RoomModerate, about),
	}, err
}

func (s *Server) addLesson(v *visit, class catalog.Class, in *newLessonBody) (*Lesson, error) {
	title := strings.TrimSpace(in.Body.Title)
	if title == "" {
		return nil, invalid("body.title", "empty")
	}
	lesson := catalog.Lesson{
		ID: uuid.New(), SchoolID: v.who.SchoolID, ClassID: class.ID, ClassName: class.Name, TeacherID: v.who.ID, TeacherName: v.who.Name,
		Title: title, StartsAt: v.now, Minutes: in.Body.Minutes, Recorded: in.Body.Recorded,
	}
	if at := in.Body.StartsAt; at != nil {
		if at.Before(v.now.Add(-24*time.Hour)) || at.After(v.now.AddDate(1, 0, 0)) {
			return nil, invalid("body.startsAt", "not between yesterday and a year from now")
		}
		lesson.StartsAt = at.UTC()
	}
	if err := v.tx.AddLesson(lesson); err != nil {
		return nil, err
	}
	answer, err := v.lesson(lesson, 0)
	if err != nil {
		return nil, err
	}
	return &answer, v.audit("lesson.add", "lesson", lesson.ID)
}

func (s *Server) getLesson(v *visit, l catalog.Lesson, _ *byID) (*LessonDetail, error) {
	inside := v.services.Rooms.Inside(l.ID)
	answer, err := v.lesson(l, len(inside))
	if err != nil {
		return nil, err
	}
	detail := &LessonDetail{Lesson: answer, People: make([]Named, 0, len(inside))}
	for _, id := range inside {
		p, err := v.tx.Person(id)
		if err != nil {
			return nil, err
		}
		if p.Role == catalog.RoleDevice {
			detail.Inside-- // a camera is not somebody who is there already
			continue
		}
		detail.People = append(detail.People, Named{ID: p.ID.String(), Name: p.Name})
	}
	return detail, nil
}

func (s *Server) serveSocket(v *visit, l catalog.Lesson, c echo.Context) error {
	if !s.sameOrigin(v, c.Request()) {
		return wrongOrigin()
	}
	s.metrics.sockets.Inc()
	defer s.metrics.sockets.Dec()
	who := signaling.Caller{Person: v.who, Session: v.session.ID}
	if err := v.services.Rooms.Serve(c.Response(), c.Request(), who, l.ID); err != nil {
		v.log.Info("no socket", "err", err)
	}
	return nil
}
