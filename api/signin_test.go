package api_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/zvonok/zvonok/api"
	"github.com/zvonok/zvonok/api/signin"
	"github.com/zvonok/zvonok/storage/catalog"
)

func TestLinkSignsInOnce(t *testing.T) {
	w := newWorld(t)
	token := w.link(w.demo.Teacher, "/lesson/1?from=chat")
	body := object{"token": token}

	var look api.LinkLook
	for range 2 { // looking uses nothing up
		w.ask("POST", "/api/v1/session/link/look", "", body).into(t, &look)
	}
	if look.Name != w.demo.Teacher.Name || look.School != w.demo.School.Name {
		t.Errorf("the link shows %+v", look)
	}
	if page := w.ask("GET", "/l/"+token, "", nil); page.status != 200 || page.header.Get("Cache-Control") != "no-store" {
		t.Errorf("the link's page: %d, Cache-Control %q", page.status, page.header.Get("Cache-Control"))
	}

	got := w.ask("POST", "/api/v1/session/link", "", body)
	var signed api.SignedIn
	got.into(t, &signed)
	if got.status != 200 || signed.Next != "/lesson/1?from=chat" {
		t.Fatalf("%d %s", got.status, got.body)
	}
	set := got.header.Get("Set-Cookie")
	for _, want := range []string{"__Host-zvonok=", "Path=/", "HttpOnly", "Secure", "SameSite=Lax"} {
		if !strings.Contains(set, want) {
			t.Errorf("Set-Cookie lacks %s: %s", want, set)
		}
	}
	if strings.Contains(set, "Domain") {
		t.Errorf("a __Host- cookie has no domain: %s", set)
	}
	var me api.MeInfo
	w.ask("GET", "/api/v1/me", got.cookie(), nil).into(t, &me)
	if me.Person.ID != w.demo.Teacher.ID.String() || me.Person.Role != "teacher" || me.School.TimeZone != "Europe/Moscow" {
		t.Errorf("signed in as %+v", me)
	}
	if again := w.ask("POST", "/api/v1/session/link", "", body); again.status != 404 || again.code() != api.CodeLinkInvalid {
		t.Errorf("used a second time: %d %s", again.status, again.body)
	}
	for _, secret := range []string{token, w.demo.Teacher.Name, strings.TrimPrefix(got.cookie(), "__Host-zvonok=")} {
		if strings.Contains(w.logs.String(), secret) {
			t.Errorf("the log has %q", secret)
		}
	}
}

func TestBadLinks(t *testing.T) {
	w := newWorld(t)
	expired := w.link(w.demo.Students[0], "")
	w.pass(signin.LinkLife + time.Second)
	unknown, _ := signin.NewToken()
	for name, token := range map[string]string{"expired": expired, "unknown": unknown, "no token": "x", "too long": strings.Repeat("A", 44)} {
		for _, path := range []string{"/api/v1/session/link", "/api/v1/session/link/look", "/api/v1/setup/look"} {
			if got := w.ask("POST", path, "", object{"token": token}); got.status != 404 || got.code() != api.CodeLinkInvalid || got.cookie() != "" {
				t.Errorf("%s at %s: %d %s", name, path, got.status, got.body)
			}
		}
	}
}

// TestLinkOfSomebodyElsesSite: whatever a link says about where to land, it is on this server.
func TestLinkOfSomebodyElsesSite(t *testing.T) {
	w := newWorld(t)
	var signed api.SignedIn
	w.ask("POST", "/api/v1/session/link", "", object{"token": w.link(w.demo.Teacher, "//evil.example/")}).into(t, &signed)
	if signed.Next != "" {
		t.Errorf("next is %q", signed.Next)
	}
	admin := w.session(w.demo.Admin)
	path := "/api/v1/people/" + w.demo.Teacher.ID.String() + "/link"
	if got := w.ask("POST", path, admin, object{"next": "https://evil.example"}); got.status != 422 {
		t.Errorf("made a link to another site: %d", got.status)
	}
	var link api.Link
	w.ask("POST", path, admin, object{"next": "/lesson/1"}).into(t, &link)
	if !strings.HasPrefix(link.URL, w.http.URL+"/l/") {
		t.Errorf("link is %s", link.URL)
	}
}

// TestOneLinkManyClicks: of any number of clicks at once exactly one signs in.
func TestOneLinkManyClicks(t *testing.T) {
	w := newWorld(t)
	token := w.link(w.demo.Students[0], "")
	const clicks = 12
	statuses := make([]int, clicks)
	var all sync.WaitGroup
	for i := range clicks {
		all.Go(func() { statuses[i] = w.ask("POST", "/api/v1/session/link", "", object{"token": token}).status })
	}
	all.Wait()
	count := map[int]int{}
	for _, s := range statuses {
		count[s]++
	}
	if count[200] != 1 || count[404] != clicks-1 {
		t.Errorf("answers: %v", count)
	}
}

func (w *world) withPassword(login, password string) catalog.Person {
	w.t.Helper()
	hash, err := signin.NewPasswords(signin.Cost{KiB: 64, Passes: 1}, 1, time.Second).Hash(w.t.Context(), password)
	if err != nil {
		w.t.Fatal(err)
	}
	p := catalog.Person{ID: uuid.New(), SchoolID: w.demo.School.ID}
	w.in(w.demo.School, func(tx *catalog.Tx) error {
		return tx.AddPerson(catalog.NewPerson{ID: p.ID, Name: "С паролем", Role: "teacher", Login: login, PasswordHash: hash})
	})
	return p
}

func TestPassword(t *testing.T) {
	w := newWorld(t)
	w.withPassword("ivanova", "correct horse")
	try := func(login, password string) answer {
		return w.ask("POST", "/api/v1/session/password", "", object{"login": login, "password": password})
	}
	if got := try(" Ivanova ", "correct horse"); got.status != 200 || got.cookie() == "" {
		t.Fatalf("right password: %d %s", got.status, got.body)
	}
	unknown, wrong := try("nobody", "correct horse"), try("ivanova", "wrong")
	if wrong.status != 403 || wrong.code() != api.CodeWrongPassword || wrong.cookie() != "" {
		t.Errorf("wrong password: %d %s", wrong.status, wrong.body)
	}
	if string(unknown.body) != string(wrong.body) {
		t.Errorf("an unknown login is told from a wrong password:\n%s\n%s", unknown.body, wrong.body)
	}
	if strings.Contains(w.logs.String(), "ivanova") || strings.Contains(w.logs.String(), "horse") {
		t.Error("the log has a login or a password")
	}
}

func TestGuessingIsSlowed(t *testing.T) {
	w := newWorld(t)
	w.withPassword("ivanova", "correct horse")
	w.withPassword("petrov", "correct horse")
	try := func(login, password string) answer {
		return w.ask("POST", "/api/v1/session/password", "", object{"login": login, "password": password})
	}
	var slowed answer
	for range 10 {
		if slowed = try("ivanova", "wrong"); slowed.status != 403 {
			break
		}
	}
	if slowed.status != 429 || slowed.code() != api.CodeTooManyTries || slowed.header.Get("Retry-After") == "" {
		t.Fatalf("ten wrong tries: %d %v", slowed.status, slowed.header)
	}
	if got := try("ivanova", "correct horse"); got.status != 429 {
		t.Errorf("the right password while waiting: %d", got.status)
	}
	// The neighbour behind the same address is not locked out.
	if got := try("petrov", "correct horse"); got.status != 200 {
		t.Errorf("another person of the same address: %d %s", got.status, got.body)
	}
	w.pass(16 * time.Minute)
	if got := try("ivanova", "correct horse"); got.status != 200 {
		t.Errorf("after the wait: %d %s", got.status, got.body)
	}
}

// TestAClassSignsInAtOnce: thirty people behind one address, each with a slip of the finger first.
func TestAClassSignsInAtOnce(t *testing.T) {
	w := newWorld(t)
	const class = 25
	for i := range class {
		w.withPassword("pupil"+string(rune('a'+i)), "correct horse")
	}
	var all sync.WaitGroup
	for i := range class {
		all.Go(func() {
			login := "pupil" + string(rune('a'+i))
			for _, c := range []struct {
				password string
				want     int
			}{{"wrong", 403}, {"correct horse", 200}} {
				got := w.ask("POST", "/api/v1/session/password", "", object{"login": login, "password": c.password})
				if got.status != c.want {
					t.Errorf("%s: %d %s", login, got.status, got.body)
				}
			}
		})
	}
	all.Wait()
}

func TestSessions(t *testing.T) {
	w := newWorld(t)
	first := w.ask("POST", "/api/v1/session/link", "", object{"token": w.link(w.demo.Students[0], "")}).cookie()

	// Signing in again in the same browser gives another session and ends the first.
	second := w.ask("POST", "/api/v1/session/link", first, object{"token": w.link(w.demo.Students[1], "")}).cookie()
	if second == first || second == "" {
		t.Fatalf("the session was not rotated: %s", second)
	}
	if got := w.ask("GET", "/api/v1/me", first, nil); got.status != 401 {
		t.Errorf("the earlier session still answers %d", got.status)
	}
	if got := w.ask("GET", "/api/v1/me", second, nil); got.status != 200 {
		t.Errorf("the new session answers %d", got.status)
	}

	out := w.ask("POST", "/api/v1/session/end", second, nil)
	if out.status != 204 || !strings.Contains(out.header.Get("Set-Cookie"), "Max-Age=0") {
		t.Errorf("sign out: %d %s", out.status, out.header.Get("Set-Cookie"))
	}
	if got := w.ask("GET", "/api/v1/me", second, nil); got.status != 401 || got.code() != api.CodeSignedOut {
		t.Errorf("after signing out: %d", got.status)
	}
	if n := len(w.rooms.ended); n != 2 {
		t.Errorf("%d sessions' sockets were closed, want 2", n)
	}

	third := w.ask("POST", "/api/v1/session/link", "", object{"token": w.link(w.demo.Students[2], "")}).cookie()
	w.pass(signin.SessionLife + time.Second)
	if got := w.ask("GET", "/api/v1/me", third, nil); got.status != 401 {
		t.Errorf("after %v: %d", signin.SessionLife, got.status)
	}
}

func TestCookiesThatAreNone(t *testing.T) {
	w := newWorld(t)
	for _, cookie := range []string{"__Host-zvonok=", "__Host-zvonok=x", "__Host-zvonok=" + strings.Repeat("A", 5000), "zvonok=1"} {
		if got := w.ask("GET", "/api/v1/me", cookie, nil); got.status != 401 {
			t.Errorf("%.20s: %d", cookie, got.status)
		}
	}
}

func TestOtherSitesAreRefused(t *testing.T) {
	w := newWorld(t)
	cookie := w.session(w.demo.Teacher)
	lesson := "/api/v1/lessons/" + w.demo.Lesson(t, w.db).ID.String() + "/ws"
	host := strings.TrimPrefix(w.http.URL, "http://")
	for _, c := range []struct {
		name          string
		method, path  string
		header, value string
		want          int
	}{
		{"same site by Sec-Fetch-Site", "POST", "/api/v1/session/end", "Sec-Fetch-Site", "same-origin", 204},
		{"another site", "POST", "/api/v1/session/end", "Sec-Fetch-Site", "cross-site", 403},
		{"a neighbour of the domain", "POST", "/api/v1/session/end", "Sec-Fetch-Site", "same-site", 403},
		{"another origin", "POST", "/api/v1/session/end", "Origin", "https://evil.example", 403},
		{"our origin", "POST", "/api/v1/session/end", "Origin", "http://" + host, 204},
		{"socket from another origin", "GET", lesson, "Origin", "https://evil.example", 403},
		{"socket from another site", "GET", lesson, "Sec-Fetch-Site", "cross-site", 403},
		{"socket from our origin", "GET", lesson, "Origin", "http://" + host, 200},
		{"reading from another site is the browser's matter", "GET", "/api/v1/me", "Sec-Fetch-Site", "cross-site", 200},
	} {
		cookie := cookie
		if c.method == http.MethodPost {
			cookie = w.session(w.demo.Teacher)
		}
		got := w.ask(c.method, c.path, cookie, nil, c.header, c.value)
		if got.status != c.want || (c.want == 403 && got.code() != api.CodeWrongOrigin) {
			t.Errorf("%s: %d %s", c.name, got.status, got.body)
		}
	}
}

func TestSetup(t *testing.T) {
	w := newWorld(t)
	token := w.setupLink()
	request := object{"token": token, "school": " Школа 7 ", "timeZone": "Asia/Novosibirsk", "name": "Директор", "login": "Director", "password": "correct horse"}
	with := func(key string, value any) object {
		changed := object{}
		for k, v := range request {
			changed[k] = v
		}
		changed[key] = value
		return changed
	}
	for name, bad := range map[string]object{
		"time zone": with("timeZone", "Mars/Base"), "local zone": with("timeZone", "Local"), "empty school": with("school", " "),
		"short password": with("password", "short"), "more than asked": with("role", "admin"),
	} {
		if got := w.ask("POST", "/api/v1/setup", "", bad); got.status != 422 || got.code() != api.CodeInvalid {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
		if got := w.ask("POST", "/api/v1/setup/look", "", object{"token": token}); got.status != 200 {
			t.Fatalf("%s used the link up: %d", name, got.status)
		}
	}
	got := w.ask("POST", "/api/v1/setup", "", request)
	var done api.SetupDone
	got.into(t, &done)
	if got.status != 200 || done.MasterKeyBackup != "backup" {
		t.Fatalf("%d %s", got.status, got.body)
	}
	var me api.MeInfo
	w.ask("GET", "/api/v1/me", got.cookie(), nil).into(t, &me)
	if me.Person.Role != "admin" || me.School.Name != "Школа 7" || me.School.TimeZone != "Asia/Novosibirsk" {
		t.Errorf("set up as %+v", me)
	}
	if got := w.ask("POST", "/api/v1/session/password", "", object{"login": "director", "password": "correct horse"}); got.status != 200 {
		t.Errorf("the admin's password: %d %s", got.status, got.body)
	}
	for _, path := range []string{"/api/v1/setup", "/api/v1/setup/look"} {
		body := request
		if strings.HasSuffix(path, "look") {
			body = object{"token": token}
		}
		if again := w.ask("POST", path, "", body); again.status != 404 || again.code() != api.CodeLinkInvalid {
			t.Errorf("%s with the used link: %d %s", path, again.status, again.body)
		}
	}
}
