package api_test

import (
	"slices"
	"testing"

	"github.com/google/uuid"
)

// TestMembersOfAClass: who comes to a class later may do what its members may, and who leaves it may not any more.
func TestMembersOfAClass(t *testing.T) {
	w := newWorld(t)
	admin, guest := w.session(w.demo.Admin), w.demo.Outsider
	lesson := lessonPath("")(w)
	member := "/api/v1/classes/" + w.demo.Class.ID.String() + "/people/" + guest.ID.String()
	sees := func() int { return w.ask("GET", lesson, w.session(guest), nil).status }
	if got := sees(); got != 404 {
		t.Fatalf("before: %d", got)
	}
	for range 2 { // repeating is harmless
		if got := w.ask("PUT", member, admin, nil); got.status != 204 {
			t.Fatalf("add: %d %s", got.status, got.body)
		}
	}
	if got := sees(); got != 200 {
		t.Errorf("as a member: %d", got)
	}
	if n := len(w.rooms.revoked); n != 0 {
		t.Errorf("%d were sent out of rooms by being added", n)
	}
	for range 2 {
		if got := w.ask("DELETE", member, admin, nil); got.status != 204 {
			t.Fatalf("remove: %d %s", got.status, got.body)
		}
	}
	if got := sees(); got != 404 {
		t.Errorf("after: %d", got)
	}
	if !slices.Equal(w.rooms.revoked, []uuid.UUID{guest.ID, guest.ID}) {
		t.Errorf("rooms let go %v, want twice %v", w.rooms.revoked, guest.ID)
	}
}

// TestMembersWhoCannotBe: neither a class nor a person of another school, nor what is none, is known here.
func TestMembersWhoCannotBe(t *testing.T) {
	w := newWorld(t)
	admin := w.session(w.demo.Admin)
	class, person, none := w.demo.Class.ID.String(), w.demo.Outsider.ID.String(), uuid.NewString()
	for _, path := range []string{
		class + "/people/" + w.demo.Stranger.ID.String(), w.demo.ElsewhereClass.ID.String() + "/people/" + person,
		class + "/people/" + none, none + "/people/" + person, class + "/people/x", "x/people/" + person,
	} {
		for _, method := range []string{"PUT", "DELETE"} {
			if got := w.ask(method, "/api/v1/classes/"+path, admin, nil); got.status != 404 {
				t.Errorf("%s %s: %d %s", method, path, got.status, got.body)
			}
		}
	}
}
