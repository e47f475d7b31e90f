package policy_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/zvonok/zvonok/storage/policy"
)

var update = flag.Bool("update", false, "rewrite the golden tables")

var (
	now         = time.Date(2026, 9, 1, 9, 0, 0, 0, time.UTC)
	school      = uuid.MustParse("00000000-0000-0000-0000-000000000001")
	otherSchool = uuid.MustParse("00000000-0000-0000-0000-000000000002")
	class       = uuid.MustParse("00000000-0000-0000-0000-000000000011")
	otherClass  = uuid.MustParse("00000000-0000-0000-0000-000000000012")
	asker       = uuid.MustParse("00000000-0000-0000-0000-000000000021")
	colleague   = uuid.MustParse("00000000-0000-0000-0000-000000000022")
)

// relations is how the one who asks stands to the object, for every role.
var relations = []struct {
	name   string
	person policy.Person
	own    bool // the object names the asker as its teacher
}{
	{"own class", policy.Person{ID: asker, School: school, Classes: []uuid.UUID{otherClass, class}}, false},
	{"own lesson", policy.Person{ID: asker, School: school}, true},
	{"own lesson and class", policy.Person{ID: asker, School: school, Classes: []uuid.UUID{class}}, true},
	{"other class", policy.Person{ID: asker, School: school, Classes: []uuid.UUID{otherClass}}, false},
	{"no class", policy.Person{ID: asker, School: school}, false},
	// The other school's person even has the class's id: ids alone open nothing.
	{"other school", policy.Person{ID: asker, School: otherSchool, Classes: []uuid.UUID{class}}, true},
	{"archived", policy.Person{ID: asker, School: school, Classes: []uuid.UUID{class}, Archived: true}, true},
	{"signed out", policy.Person{}, false},
}

var roles = []policy.Role{policy.Admin, policy.Teacher, policy.Student, policy.Device, "", "director"}

// states is what may have become of the object.
var states = []struct {
	name   string
	change func(*policy.Object)
}{
	{"", func(*policy.Object) {}},
	{"ended", func(o *policy.Object) { o.Ended = true }},
	{"removed", func(o *policy.Object) { o.Removed = true }},
	{"unpublished", func(o *policy.Object) { o.Published = false }},
	{"deleted", func(o *policy.Object) { o.Deleted = true }},
	{"revoked", func(o *policy.Object) { o.Revoked = true }},
	{"expired", func(o *policy.Object) { o.ExpiresAt = now }},
	{"other door", func(o *policy.Object) { o.Publishes = !o.Publishes }},
}

// object is one of the kind that the action is about.
func object(a policy.Action, own bool) policy.Object {
	o := policy.Object{School: school, Class: class, Teacher: colleague, Published: true, Kind: policy.KindLesson}
	if own {
		o.Teacher = asker
	}
	switch {
	case strings.HasPrefix(string(a), "recording."):
		o.Kind = policy.KindRecording
	case strings.HasPrefix(string(a), "door.") && a != policy.DoorManage:
		o.Kind, o.Publishes, o.ExpiresAt = policy.KindDoor, a == policy.DoorPublish, now.Add(time.Hour)
	case strings.HasPrefix(string(a), "school."), strings.HasPrefix(string(a), "metrics."):
		o = policy.Object{School: school, Kind: policy.KindSchool}
	}
	return o
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	gotLines, wantLines := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	for i := range max(len(gotLines), len(wantLines)) {
		g, w := "(nothing)", "(nothing)"
		if i < len(gotLines) {
			g = gotLines[i]
		}
		if i < len(wantLines) {
			w = wantLines[i]
		}
		if g != w {
			t.Errorf("%s:%d\n got %s\nwant %s", file, i+1, g, w)
		}
	}
}

// TestMatrix is everybody against everything; a change of who may do what is a change of the table, to be read.
func TestMatrix(t *testing.T) {
	var table strings.Builder
	for _, a := range policy.Actions() {
		for _, role := range roles {
			for _, r := range relations {
				p := r.person
				if p.ID != uuid.Nil {
					p.Role = role
				}
				d := policy.May(p, a, object(a, r.own), now)
				writeRow(&table, a, role, r.name, "", d)
				if d.Allowed != (d.Reason == policy.Allowed) {
					t.Errorf("%s %s %s: decision contradicts itself: %+v", a, role, r.name, d)
				}
			}
		}
	}
	golden(t, "matrix.golden", table.String())
}

// TestStates is the members of a class against what became of the object.
func TestStates(t *testing.T) {
	var table strings.Builder
	for _, a := range policy.Actions() {
		for _, role := range []policy.Role{policy.Admin, policy.Teacher, policy.Student} {
			for _, r := range relations[:3] {
				for _, s := range states {
					p, o := r.person, object(a, r.own)
					p.Role = role
					s.change(&o)
					if before := policy.May(p, a, object(a, r.own), now); s.name != "" && before == policy.May(p, a, o, now) {
						continue // only what the state changes
					}
					writeRow(&table, a, role, r.name, s.name, policy.May(p, a, o, now))
				}
			}
		}
	}
	golden(t, "states.golden", table.String())
}

func writeRow(b *strings.Builder, a policy.Action, role policy.Role, relation, state string, d policy.Decision) {
	verdict := "no "
	if d.Allowed {
		verdict = "YES"
	}
	fmt.Fprintf(b, "%-17s %-9q %-21s %-12s %s %s\n", a, role, relation, state, verdict, d.Reason)
}

func TestUnknownIsDenied(t *testing.T) {
	admin := policy.Person{ID: asker, School: school, Role: policy.Admin}
	for _, a := range []policy.Action{"", "room.dance", "PUBLIC"} {
		if d := policy.May(admin, a, object(a, true), now); d.Allowed || d.Reason != policy.UnknownAction {
			t.Errorf("May(%q) = %+v", a, d)
		}
		if policy.Known(a) {
			t.Errorf("Known(%q)", a)
		}
	}
	for _, a := range policy.Actions() {
		if !policy.Known(a) {
			t.Errorf("%s is listed and not known", a)
		}
	}
}

// TestWrongObjectIsDenied: an object of another kind, of no school or of none at all never opens an action about objects.
func TestWrongObjectIsDenied(t *testing.T) {
	admin := policy.Person{ID: asker, School: school, Role: policy.Admin, Classes: []uuid.UUID{class}}
	personal := map[policy.Action]bool{policy.Public: true, policy.Setup: true, policy.SignedIn: true, policy.SeeToday: true}
	for _, a := range policy.Actions() {
		if personal[a] {
			continue
		}
		right := object(a, true)
		if d := policy.May(admin, a, right, now); !d.Allowed {
			t.Errorf("%s: the admin is denied: %+v", a, d)
		}
		noSchool := right
		noSchool.School = uuid.Nil
		for name, o := range map[string]policy.Object{"empty": {}, "no school": noSchool, "other kind": {School: school, Kind: "cat"}} {
			if d := policy.May(admin, a, o, now); d.Allowed {
				t.Errorf("%s on an object that is %s: allowed", a, name)
			}
		}
	}
	var nobody policy.Person
	if d := policy.May(nobody, policy.SchoolSee, policy.Object{Kind: policy.KindSchool}, now); d.Allowed {
		t.Error("nobody of no school may see no school")
	}
}

func TestMayRecord(t *testing.T) {
	var table strings.Builder
	sources := []string{"microphone", "camera", "share", "share_audio", "mix", "", "Camera"}
	for _, role := range roles {
		for _, r := range relations {
			p := r.person
			if p.ID != uuid.Nil {
				p.Role = role
			}
			for _, source := range sources {
				got := policy.MayRecord(p, source, object(policy.LessonSee, r.own))
				fmt.Fprintf(&table, "%-9q %-21s %-13q %s\n", role, r.name, source, got)
			}
		}
	}
	golden(t, "record.golden", table.String())
	teacher := policy.Person{ID: asker, School: school, Role: policy.Teacher, Classes: []uuid.UUID{class}}
	for name, o := range map[string]policy.Object{
		"nothing": {}, "a recording": {School: school, Class: class, Kind: policy.KindRecording},
		"no school": {Class: class, Kind: policy.KindLesson},
	} {
		if got := policy.MayRecord(teacher, "camera", o); got != policy.RecordNever {
			t.Errorf("in %s: %s", name, got)
		}
	}
}
