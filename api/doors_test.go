package api_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/zvonok/zvonok/api"
	"github.com/zvonok/zvonok/api/signin"
	"github.com/zvonok/zvonok/storage/catalog"
)

// door makes a door behind the API's back, as the demo school's teacher.
func (w *world) door(lesson uuid.UUID, publishes bool) (catalog.Door, string) {
	w.t.Helper()
	token, hash := signin.NewToken()
	d := catalog.Door{
		ID: uuid.New(), LessonID: lesson, MadeBy: w.demo.Teacher.ID, DeviceID: uuid.New(), Name: "Камера", Publishes: publishes,
		CreatedAt: w.clock(), ExpiresAt: w.clock().Add(time.Hour),
	}
	w.in(w.demo.School, func(tx *catalog.Tx) error { return tx.AddDoor(hash, d) })
	return d, token
}

func doorPath(w *world) string {
	lesson := w.demo.Lesson(w.t, w.db)
	d, _ := w.door(lesson.ID, true)
	return "/api/v1/lessons/" + lesson.ID.String() + "/doors/" + d.ID.String()
}

func TestDoors(t *testing.T) {
	w := newWorld(t)
	teacher := w.session(w.demo.Teacher)
	path := "/api/v1/lessons/" + w.demo.Lesson(t, w.db).ID.String() + "/doors"
	var list api.Doors
	w.ask("GET", path, teacher, nil).into(t, &list)
	if len(list.Doors) != 0 {
		t.Errorf("doors of a new lesson: %+v", list.Doors)
	}
	var made api.DoorMade
	w.ask("POST", path, teacher, object{"name": " Камера в зале ", "kind": "publish", "minutes": 60}).into(t, &made)
	if made.Name != "Камера в зале" || made.Kind != "publish" || made.URL != w.http.URL+"/whip" || made.Connected || made.Expired ||
		made.ExpiresAt.Sub(w.clock()).Round(time.Second) != time.Hour || made.MadeByName != w.demo.Teacher.Name {
		t.Errorf("made %+v", made)
	}
	if _, ok := signin.HashToken(made.Token); !ok {
		t.Errorf("token of another shape: %d characters", len(made.Token))
	}
	w.pass(time.Second)
	var screen api.DoorMade
	w.ask("POST", path, teacher, object{"name": "Экран", "kind": "watch"}).into(t, &screen)
	if screen.URL != w.http.URL+"/whep" || screen.ExpiresAt.Sub(w.clock()).Round(time.Second) != 8*time.Hour {
		t.Errorf("made %+v", screen)
	}
	w.rooms.mu.Lock()
	lesson := uuid.MustParse(strings.Split(path, "/")[4])
	w.rooms.inside[lesson] = []uuid.UUID{uuid.MustParse(made.DeviceID)}
	w.rooms.mu.Unlock()
	w.pass(2 * time.Hour)
	answer := w.ask("GET", path, w.session(w.demo.Teacher), nil)
	answer.into(t, &list)
	if len(list.Doors) != 2 || !list.Doors[0].Connected || !list.Doors[0].Expired || list.Doors[1].Connected || list.Doors[1].Expired {
		t.Errorf("listed %+v", list.Doors)
	}
	var detail api.LessonDetail
	if w.ask("GET", "/api/v1/lessons/"+lesson.String(), w.session(w.demo.Students[0]), nil).into(t, &detail); detail.Inside != 0 || len(detail.People) != 0 {
		t.Errorf("a camera counts as somebody inside: %+v", detail)
	}
	for _, secret := range []string{made.Token, screen.Token} {
		if strings.Contains(string(answer.body), secret) || strings.Contains(w.logs.String(), secret) {
			t.Error("a token is told twice")
		}
	}
	teacher = w.session(w.demo.Teacher)
	for range 2 { // revoking again is harmless
		if got := w.ask("DELETE", path+"/"+made.ID, teacher, nil); got.status != http.StatusNoContent {
			t.Errorf("revoked: %d %s", got.status, got.body)
		}
	}
	if revoked := w.rooms.revoked; !slices.Contains(revoked, uuid.MustParse(made.DeviceID)) {
		t.Errorf("the room is not told: %v", revoked)
	}
	if w.ask("GET", path, teacher, nil).into(t, &list); len(list.Doors) != 1 {
		t.Errorf("left: %+v", list.Doors)
	}
}

func TestDoorsThatAreNone(t *testing.T) {
	w := newWorld(t)
	teacher := w.session(w.demo.Teacher)
	lesson, other := w.demo.Lesson(t, w.db), w.demo.Lesson(t, w.db)
	path := "/api/v1/lessons/" + lesson.ID.String() + "/doors"
	for name, body := range map[string]object{
		"no name": {"name": "  ", "kind": "publish"}, "a kind of its own": {"name": "a", "kind": "both"}, "for a minute": {"name": "a", "kind": "watch", "minutes": 1},
		"for a year": {"name": "a", "kind": "watch", "minutes": 525600}, "a long name": {"name": strings.Repeat("a", 61), "kind": "watch"},
	} {
		if got := w.ask("POST", path, teacher, body); got.status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
	d, _ := w.door(other.ID, true)
	for _, id := range []string{d.ID.String(), uuid.NewString(), "x"} {
		if got := w.ask("DELETE", path+"/"+id, teacher, nil); got.status != http.StatusNotFound {
			t.Errorf("another lesson's door %s: %d", id, got.status)
		}
	}
	for range 20 {
		w.door(lesson.ID, false)
	}
	if got := w.ask("POST", path, teacher, object{"name": "a", "kind": "watch"}); got.status != http.StatusConflict {
		t.Errorf("the 21st: %d %s", got.status, got.body)
	}
	w.in(w.demo.School, func(tx *catalog.Tx) error {
		if err := tx.StartLesson(lesson.ID, w.clock()); err != nil {
			return err
		}
		return tx.EndLesson(lesson.ID, w.clock())
	})
	if got := w.ask("POST", path, teacher, object{"name": "a", "kind": "watch"}); got.status != http.StatusConflict || got.code() != "lesson_ended" {
		t.Errorf("of a lesson that is over: %d %s", got.status, got.body)
	}
}

// TestPagesOfOtherSitesMayKnock: a token is no cookie, so where a page comes from does not matter to devices' routes, and
// still does to all others.
func TestPagesOfOtherSitesMayKnock(t *testing.T) {
	w := newWorld(t)
	_, token := w.door(w.demo.Lesson(t, w.db).ID, true)
	elsewhere := []string{"Sec-Fetch-Site", "cross-site", "Origin", "https://elsewhere.example", "Authorization", "Bearer " + token}
	got := w.ask("POST", "/whip", "", object{}, elsewhere...)
	if got.status != http.StatusUnsupportedMediaType || got.header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("knocked: %d %s", got.status, got.body)
	}
	for _, path := range []string{"/api/v1/session/end", "/whipped", "/whip/../api/v1/session/end"} {
		got := w.ask("POST", path, w.session(w.demo.Teacher), object{}, elsewhere...)
		if got.status != http.StatusForbidden && got.status != http.StatusNotFound && got.status != http.StatusMethodNotAllowed {
			t.Errorf("%s: %d %s", path, got.status, got.body)
		}
	}
	for name, header := range map[string]string{"another scheme": "Basic " + token, "no scheme": token, "in the query": ""} {
		got := w.ask("POST", "/whip?access_token="+token, "", object{}, "Authorization", header)
		if got.status != http.StatusUnauthorized || got.header.Get("WWW-Authenticate") == "" {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
}
