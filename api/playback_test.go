package api_test

import (
	"bytes"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/zvonok/zvonok/api"
	"github.com/zvonok/zvonok/storage/catalog"
)

// TestPlaylistsLeadToTheirObjects follows every URL of the playlists, as a player does.
func TestPlaylistsLeadToTheirObjects(t *testing.T) {
	w := newWorld(t)
	r := w.record()
	student, outsider := w.session(w.demo.Students[0]), w.session(w.demo.Outsider)
	at := "/api/v1/recordings/" + r.id.String() + "/"
	master := w.ask("GET", at+"master.m3u8", student, nil)
	if master.status != 200 || master.header.Get("Content-Type") != "application/vnd.apple.mpegurl" || !strings.HasPrefix(master.header.Get("Cache-Control"), "private") {
		t.Fatalf("master: %d %v", master.status, master.header)
	}
	urls := regexp.MustCompile(`URI="([^"]+)"|(?m)^([^#\n]+)$`)
	follow := func(text string) (found []string) {
		for _, m := range urls.FindAllStringSubmatch(text, -1) {
			found = append(found, m[1]+m[2])
		}
		return found
	}
	seen := map[string]bool{}
	for _, list := range follow(string(master.body)) {
		media := w.ask("GET", at+list, student, nil)
		if media.status != 200 || !strings.Contains(string(media.body), "#EXT-X-ENDLIST") {
			t.Fatalf("%s: %d %s", list, media.status, media.body)
		}
		for _, u := range follow(string(media.body)) {
			if seen[u] {
				continue
			}
			seen[u] = true
			if got := w.ask("GET", at+u, student, nil); got.status != 200 || len(got.body) == 0 {
				t.Errorf("%s: %d", u, got.status)
			}
			if got := w.ask("GET", at+u, outsider, nil); got.status != 404 {
				t.Errorf("%s for a student of another class: %d", u, got.status)
			}
		}
	}
	if len(seen) < 5 { // init, segment, key; slate and its init
		t.Errorf("followed only %v", seen)
	}
}

func TestSegments(t *testing.T) {
	w := newWorld(t)
	r := w.record()
	student := w.session(w.demo.Students[0])
	path := "/api/v1/recordings/" + r.id.String() + "/segments/" + r.segment.String() + ".m4s"
	whole := w.ask("GET", path, student, nil)
	if !bytes.Equal(whole.body, r.body) || whole.header.Get("Cache-Control") != "private, max-age=31536000, immutable" || whole.header.Get("ETag") == "" {
		t.Errorf("whole: %d bytes, %v", len(whole.body), whole.header)
	}
	part := w.ask("GET", path, student, nil, "Range", "bytes=10-19")
	if part.status != http.StatusPartialContent || !bytes.Equal(part.body, r.body[10:20]) {
		t.Errorf("range: %d %q", part.status, part.body)
	}
	if got := w.ask("GET", path, student, nil, "Range", "bytes=999999-"); got.status != http.StatusRequestedRangeNotSatisfiable {
		t.Errorf("beyond the end: %d", got.status)
	}
	if got := w.ask("GET", path, student, nil, "If-None-Match", whole.header.Get("ETag")); got.status != http.StatusNotModified {
		t.Errorf("known already: %d", got.status)
	}

	// Damage in the store is said, not played.
	w.put(r.segmentObject, append([]byte("X"), r.body[1:]...))
	if got := w.ask("GET", path, student, nil); got.status != 502 || got.code() != api.CodeDamaged {
		t.Errorf("altered object: %d %s", got.status, got.body)
	}
	w.put(r.segmentObject, r.body[:10])
	if got := w.ask("GET", path, student, nil); got.status != 502 || got.code() != api.CodeDamaged {
		t.Errorf("short object: %d %s", got.status, got.body)
	}
	if err := w.objs.Delete(t.Context(), r.segmentObject); err != nil {
		t.Fatal(err)
	}
	if got := w.ask("GET", path, student, nil); got.status != 502 || got.code() != api.CodeDamaged {
		t.Errorf("lost object: %d %s", got.status, got.body)
	}
	if metrics := w.ask("GET", "/metrics", "", nil); !strings.Contains(string(metrics.body), "zvonok_damaged_objects_total 3") {
		t.Error("the damage was not counted")
	}
}

func TestKeysAreNotKept(t *testing.T) {
	w := newWorld(t)
	r := w.record()
	got := w.ask("GET", "/api/v1/recordings/"+r.id.String()+"/keys/"+r.track.String(), w.session(w.demo.Students[0]), nil)
	if string(got.body) != "0123456789abcdef" || got.header.Get("Cache-Control") != "no-store" {
		t.Errorf("%q %v", got.body, got.header)
	}
}

func TestSlatesThatNoPlaylistNames(t *testing.T) {
	w := newWorld(t)
	r := w.record()
	student := w.session(w.demo.Students[0])
	for _, name := range []string{"h264-0-99999999999.m4s", "h264--1-5.m4s", "av1.mp4", "h264-0.m4s", "x", "h264-a-b.m4s"} {
		if got := w.ask("GET", "/api/v1/recordings/"+r.id.String()+"/slate/"+name, student, nil); got.status != 404 {
			t.Errorf("%s: %d", name, got.status)
		}
	}
}

func TestRecordingPage(t *testing.T) {
	w := newWorld(t)
	r := w.record()
	at := "/api/v1/recordings/" + r.id.String()
	student := w.session(w.demo.Students[0])
	if got := w.ask("PUT", at+"/view", student, object{"seconds": 4.5}); got.status != 204 {
		t.Fatalf("view: %d %s", got.status, got.body)
	}
	var page api.Recording
	w.ask("GET", at, student, nil).into(t, &page)
	if page.State != "ready" || page.Seconds != 10 || page.ResumeSeconds != 4.5 || page.MayDelete || page.LessonID != r.lesson.ID.String() {
		t.Errorf("card: %+v", page.RecordingCard)
	}
	if len(page.Events) != 1 || page.Events[0].At != 2.5 || page.Events[0].PersonName != "Аня" {
		t.Errorf("events: %+v", page.Events)
	}
	if len(page.Gaps) != 1 || page.Gaps[0] != (api.Gap{From: 4, To: 5}) {
		t.Errorf("gaps: %+v", page.Gaps)
	}
	if len(page.Stage) != 1 || page.Stage[0].Source != "camera" || page.Stage[0].PersonName != w.demo.Teacher.Name {
		t.Errorf("stage: %+v", page.Stage)
	}
	if len(page.Chat) != 1 || page.Chat[0].At != 3 || page.Chat[0].Text != "Здравствуйте!" {
		t.Errorf("chat: %+v", page.Chat)
	}
	for seconds, want := range map[float64]int{-1: 422, 86401: 422, 0: 204} {
		if got := w.ask("PUT", at+"/view", student, object{"seconds": seconds}); got.status != want {
			t.Errorf("view at %v: %d", seconds, got.status)
		}
	}
}

func TestDeletedAndWithdrawnRecordings(t *testing.T) {
	w := newWorld(t)
	r := w.record()
	at := "/api/v1/recordings/" + r.id.String()
	teacher, student := w.session(w.demo.Teacher), w.session(w.demo.Students[0])
	if got := w.ask("DELETE", at, teacher, nil); got.status != 204 {
		t.Fatalf("delete: %d %s", got.status, got.body)
	}
	for _, rest := range []string{"", "/master.m3u8", "/keys/" + r.track.String(), "/segments/" + r.segment.String() + ".m4s"} {
		for _, cookie := range []string{teacher, student} {
			if got := w.ask("GET", at+rest, cookie, nil); got.status != 404 {
				t.Errorf("%s of a deleted recording: %d", rest, got.status)
			}
		}
	}
	if got := w.ask("DELETE", at, teacher, nil); got.status != 404 {
		t.Errorf("deleted again: %d", got.status)
	}

	// One that runs is ended before it is deleted; one that is not published is for the staff.
	running := uuid.New()
	w.in(w.demo.School, func(tx *catalog.Tx) error {
		return tx.AddRecording(catalog.Recording{ID: running, LessonID: r.lesson.ID, ClassID: r.lesson.ClassID, StartedBy: w.demo.Teacher.ID, StartedAt: w.clock(), Published: false})
	})
	at = "/api/v1/recordings/" + running.String()
	if got := w.ask("DELETE", at, teacher, nil); got.status != 409 {
		t.Errorf("deleted while running: %d", got.status)
	}
	if got := w.ask("GET", at+"/video.m3u8", teacher, nil); got.status != 503 || got.header.Get("Retry-After") == "" {
		t.Errorf("nothing to play yet: %d %s", got.status, got.body)
	}
	if got := w.ask("GET", at, student, nil); got.status != 404 {
		t.Errorf("unpublished, for a student: %d", got.status)
	}
	if got := w.ask("GET", at, teacher, nil); got.status != 200 {
		t.Errorf("unpublished, for its teacher: %d", got.status)
	}
}
