package api_test

import (
	"net/http"
	"testing"

	"github.com/google/uuid"

	"github.com/zvonok/zvonok/storage/catalog"
	"github.com/zvonok/zvonok/storage/policy"
)

// visitor is one column of the access matrix.
type visitor struct {
	name string
	of   func(*world) (catalog.Person, bool)
}

func person(pick func(*world) catalog.Person) func(*world) (catalog.Person, bool) {
	return func(w *world) (catalog.Person, bool) { return pick(w), true }
}

var visitors = []visitor{
	{"anonymous", func(*world) (catalog.Person, bool) { return catalog.Person{}, false }},
	{"student", person(func(w *world) catalog.Person { return w.demo.Students[0] })},
	{"student of another class", person(func(w *world) catalog.Person { return w.demo.Outsider })},
	{"teacher", person(func(w *world) catalog.Person { return w.demo.Teacher })},
	{"teacher of another class", person(func(w *world) catalog.Person { return w.demo.OtherTeacher })},
	{"admin", person(func(w *world) catalog.Person { return w.demo.Admin })},
	{"stranger", person(func(w *world) catalog.Person { return w.demo.Stranger })},
	{"strange teacher", person(func(w *world) catalog.Person { return w.demo.StrangerTeacher })},
	{"strange admin", person(func(w *world) catalog.Person { return w.demo.ElsewhereAdmin })},
}

// statuses of the visitors, in their order.
type statuses [9]int

// The patterns of access. Whoever may not know of a thing gets the answer for what does not exist.
func everyone(ok int) statuses { return statuses{ok, ok, ok, ok, ok, ok, ok, ok, ok} }
func signedIn(ok int) statuses { return statuses{401, ok, ok, ok, ok, ok, ok, ok, ok} }
func ofClass(ok int) statuses  { return statuses{401, ok, 404, ok, 404, ok, 404, 404, 404} }
func ofStaff(ok int) statuses  { return statuses{401, 403, 404, ok, 404, ok, 404, 404, 404} }

// ofAdmin has two: the strange admin acts on a school of their own; strange is what they get.
func ofAdmin(ok, strange int) statuses {
	return statuses{401, 403, 403, 403, 403, ok, 403, 403, strange}
}

type matrixCase struct {
	method, route string
	want          statuses
	// path of the request, made anew for each visitor so that one cannot use up another's; empty: the route.
	path func(*world) string
	body func(*world) any
}

func recordingPath(rest func(recorded) string) func(*world) string {
	return func(w *world) string {
		r := w.record()
		return "/api/v1/recordings/" + r.id.String() + rest(r)
	}
}

func fixed(rest string) func(recorded) string { return func(recorded) string { return rest } }

func lessonPath(rest string) func(*world) string {
	return func(w *world) string { return "/api/v1/lessons/" + w.demo.Lesson(w.t, w.db).ID.String() + rest }
}

func memberPath(w *world) string {
	return "/api/v1/classes/" + w.demo.OtherClass.ID.String() + "/people/" + w.demo.Students[3].ID.String()
}

func matrix() []matrixCase {
	const v1, rec = "/api/v1", "/api/v1/recordings/:id"
	token := func(w *world) any { return object{"token": w.link(w.demo.Students[1], "")} }
	body := func(b object) func(*world) any { return func(*world) any { return b } }
	return []matrixCase{
		{"GET", v1 + "/me", signedIn(200), nil, nil},
		{"POST", v1 + "/session/link/look", everyone(200), nil, token},
		{"POST", v1 + "/session/link", everyone(200), nil, token},
		// Nobody has a password here; sign-in has its own tests.
		{"POST", v1 + "/session/password", everyone(403), nil, func(*world) any {
			return object{"login": uuid.NewString(), "password": "wrong"}
		}},
		{"POST", v1 + "/session/end", signedIn(204), nil, nil},
		{"POST", v1 + "/setup/look", everyone(200), nil, func(w *world) any { return object{"token": w.setupLink()} }},
		{"POST", v1 + "/setup", everyone(200), nil, func(w *world) any {
			return object{"token": w.setupLink(), "school": "Третья", "timeZone": "Asia/Omsk", "name": "Завуч", "login": uuid.NewString(), "password": "correct horse"}
		}},
		{"GET", v1 + "/today", signedIn(200), nil, nil},
		{"POST", v1 + "/lessons", ofStaff(201), nil, func(w *world) any {
			return object{"classId": w.demo.Class.ID.String(), "title": "Физика", "recorded": true}
		}},
		{"GET", v1 + "/lessons/:id", ofClass(200), lessonPath(""), nil},
		{"GET", v1 + "/lessons/:id/ws", ofClass(200), lessonPath("/ws"), nil},
		{"GET", v1 + "/lessons/:id/doors", ofStaff(200), lessonPath("/doors"), nil},
		{"POST", v1 + "/lessons/:id/doors", ofStaff(201), lessonPath("/doors"), body(object{"name": "Пульт", "kind": "publish"})},
		{"DELETE", v1 + "/lessons/:id/doors/:door", ofStaff(204), doorPath, nil},
		{"GET", rec, ofClass(200), recordingPath(fixed("")), nil},
		{"DELETE", rec, ofStaff(204), recordingPath(fixed("")), nil},
		{"PUT", rec + "/view", ofClass(204), recordingPath(fixed("/view")), body(object{"seconds": 4.5})},
		{"GET", rec + "/master.m3u8", ofClass(200), recordingPath(fixed("/master.m3u8")), nil},
		{"GET", rec + "/video.m3u8", ofClass(200), recordingPath(fixed("/video.m3u8")), nil},
		{"GET", rec + "/audio.m3u8", ofClass(200), recordingPath(fixed("/audio.m3u8")), nil},
		{"GET", rec + "/init/:init", ofClass(200), recordingPath(func(r recorded) string { return "/init/" + r.init.String() + ".mp4" }), nil},
		{"GET", rec + "/segments/:segment", ofClass(200), recordingPath(func(r recorded) string { return "/segments/" + r.segment.String() + ".m4s" }), nil},
		{"GET", rec + "/keys/:track", ofClass(200), recordingPath(func(r recorded) string { return "/keys/" + r.track.String() }), nil},
		{"GET", rec + "/slate/:slate", ofClass(200), recordingPath(fixed("/slate/h264-0-6000000.m4s")), nil},
		{"GET", v1 + "/people", ofAdmin(200, 200), nil, nil},
		{"POST", v1 + "/classes", ofAdmin(201, 201), nil, func(*world) any { return object{"name": uuid.NewString()} }},
		{"PUT", v1 + "/classes/:id/people/:person", ofAdmin(204, 404), memberPath, nil},
		{"DELETE", v1 + "/classes/:id/people/:person", ofAdmin(204, 404), memberPath, nil},
		{"POST", v1 + "/people", ofAdmin(201, 201), nil, body(object{"name": "Новый", "role": "student", "classIds": []string{}})},
		{"POST", v1 + "/people/:id/link", ofAdmin(201, 404), func(w *world) string {
			return v1 + "/people/" + w.demo.Students[0].ID.String() + "/link"
		}, body(object{})},
		// Devices come with a token; a browser's cookie opens nothing here.
		{"POST", "/whip", everyone(401), nil, nil},
		{"PATCH", "/whip/:session", everyone(401), nil, nil},
		{"DELETE", "/whip/:session", everyone(401), nil, nil},
		{"OPTIONS", "/whip", everyone(200), nil, nil},
		{"OPTIONS", "/whip/:session", everyone(200), nil, nil},
		{"GET", "/whip", everyone(204), nil, nil},
		{"GET", "/whip/:session", everyone(204), nil, nil},
		{"POST", "/whep", everyone(401), nil, nil},
		{"PATCH", "/whep/:session", everyone(401), nil, nil},
		{"DELETE", "/whep/:session", everyone(401), nil, nil},
		{"OPTIONS", "/whep", everyone(200), nil, nil},
		{"OPTIONS", "/whep/:session", everyone(200), nil, nil},
		{"GET", "/whep", everyone(204), nil, nil},
		{"GET", "/whep/:session", everyone(204), nil, nil},
		{"GET", "/healthz", everyone(200), nil, nil},
		{"HEAD", "/healthz", everyone(200), nil, nil},
		{"GET", "/readyz", everyone(200), nil, nil},
		{"HEAD", "/readyz", everyone(200), nil, nil},
		{"GET", "/metrics", everyone(200), nil, nil}, // from this machine; elsewhere see TestMetricsAreNotForStrangers
		{"GET", "/l/:token", everyone(200), nil, nil},
		{"HEAD", "/l/:token", everyone(200), nil, nil},
		{"GET", "/setup/:token", everyone(200), nil, nil},
		{"HEAD", "/setup/:token", everyone(200), nil, nil},
		{"GET", "/*", everyone(200), func(*world) string { return "/replay/1" }, nil},
		{"HEAD", "/*", everyone(200), func(*world) string { return "/" }, nil},
	}
}

// TestAccessMatrix asks every route as every kind of person.
func TestAccessMatrix(t *testing.T) {
	w := newWorld(t)
	known := map[string]bool{}
	for _, c := range matrix() {
		known[c.method+" "+c.route] = true
		for i, who := range visitors {
			path, cookie := c.route, ""
			if c.path != nil {
				path = c.path(w)
			}
			if p, ok := who.of(w); ok {
				cookie = w.session(p)
			}
			var body any
			if c.body != nil {
				body = c.body(w)
			}
			got := w.ask(c.method, path, cookie, body)
			if got.status != c.want[i] {
				t.Errorf("%s %s as %s: %d, want %d: %.200s", c.method, c.route, who.name, got.status, c.want[i], got.body)
			}
			if got.status >= 400 && (got.code() == "" || got.header.Get("Content-Type") != "application/problem+json") {
				t.Errorf("%s %s as %s: %d without a code: %s", c.method, c.route, who.name, got.status, got.body)
			}
		}
	}
	for _, r := range w.server.Table() {
		if !known[r.Method+" "+r.Path] {
			t.Errorf("%s %s is not in the access matrix", r.Method, r.Path)
		}
	}
}

// TestRefusalsLookLikeNothing compares the answer for another class's things with that for things that do not exist.
func TestRefusalsLookLikeNothing(t *testing.T) {
	w := newWorld(t)
	r, none := w.record(), uuid.NewString()
	outsider := w.session(w.demo.Outsider)
	for real, invented := range map[string]string{
		"/api/v1/lessons/" + r.lesson.ID.String():                                          "/api/v1/lessons/" + none,
		"/api/v1/recordings/" + r.id.String():                                              "/api/v1/recordings/" + none,
		"/api/v1/recordings/" + r.id.String() + "/keys/" + r.track.String():                "/api/v1/recordings/" + none + "/keys/" + none,
		"/api/v1/recordings/" + r.id.String() + "/segments/" + r.segment.String() + ".m4s": "/api/v1/recordings/" + r.id.String() + "/segments/" + none + ".m4s",
	} {
		a, b := w.ask("GET", real, outsider, nil), w.ask("GET", invented, outsider, nil)
		if a.status != b.status || string(a.body) != string(b.body) {
			t.Errorf("%s tells more than %s:\n%d %s\n%d %s", real, invented, a.status, a.body, b.status, b.body)
		}
	}
}

// TestPartsOfAnotherRecording: the right to one recording opens no part of another.
func TestPartsOfAnotherRecording(t *testing.T) {
	w := newWorld(t)
	a, b := w.record(), w.record()
	student := w.session(w.demo.Students[0])
	for _, rest := range []string{"/keys/" + b.track.String(), "/init/" + b.init.String() + ".mp4", "/segments/" + b.segment.String() + ".m4s"} {
		if got := w.ask("GET", "/api/v1/recordings/"+a.id.String()+rest, student, nil); got.status != http.StatusNotFound {
			t.Errorf("%s of another recording: %d", rest, got.status)
		}
		if got := w.ask("GET", "/api/v1/recordings/"+b.id.String()+rest, student, nil); got.status != http.StatusOK {
			t.Errorf("%s of its own recording: %d %s", rest, got.status, got.body)
		}
	}
}

// TestEveryRouteIsDeclared walks the router itself: nothing is in it that the table does not know, and every action is
// one of the policy's.
func TestEveryRouteIsDeclared(t *testing.T) {
	s, _ := newServer(t, nil)
	declared := map[string]bool{}
	for _, r := range s.Table() {
		if !policy.Known(r.Action) {
			t.Errorf("%s %s: the policy does not know %q", r.Method, r.Path, r.Action)
		}
		if declared[r.Method+" "+r.Path] {
			t.Errorf("%s %s is declared twice", r.Method, r.Path)
		}
		declared[r.Method+" "+r.Path] = true
	}
	routed := s.Routed()
	if len(routed) != len(declared) {
		t.Errorf("the router has %d routes, the table %d", len(routed), len(declared))
	}
	for _, r := range routed {
		if !declared[r] {
			t.Errorf("%s is routed without an action", r)
		}
	}
}
