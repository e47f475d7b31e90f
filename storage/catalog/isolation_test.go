package catalog_test

import (
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/zvonok/zvonok/storage/catalog"
)

// attempt tries to reach the foreign school's row with one method. It reports the error, and whether anything of the
// foreign school came back.
type attempt func(tx *catalog.Tx, foreign rowsOf) (seen bool, err error)

func readsList[T any](rows []T, err error) (bool, error) { return len(rows) > 0, err }

func readsOne[T any](row T, err error) (bool, error) {
	return !reflect.ValueOf(row).IsZero(), err
}

func writes(err error) (bool, error) { return false, err }

// own marks methods without an argument that names a row: they are checked to give the own school's rows only.
func own[T any](rows []T, err error, foreign func(T) bool) (bool, error) {
	return slices.ContainsFunc(rows, foreign), err
}

// attempts has one entry per method of Tx; TestNoMethodLeavesItsSchool fails when one is missing.
var attempts = map[string]attempt{
	"School": func(tx *catalog.Tx, f rowsOf) (bool, error) {
		s, err := tx.School()
		return s.ID == f.school, err
	},
	"People": func(tx *catalog.Tx, f rowsOf) (bool, error) {
		p, err := tx.People()
		return own(p, err, func(p catalog.Person) bool { return p.SchoolID == f.school })
	},
	"Classes": func(tx *catalog.Tx, f rowsOf) (bool, error) {
		c, err := tx.Classes()
		return own(c, err, func(c catalog.Class) bool { return c.ID == f.class })
	},
	"Lessons": func(tx *catalog.Tx, f rowsOf) (bool, error) {
		l, err := tx.Lessons(at.Add(-time.Hour), at.Add(time.Hour), nil)
		if err == nil {
			named, err := tx.Lessons(at.Add(-time.Hour), at.Add(time.Hour), []uuid.UUID{f.class})
			l = append(l, named...)
			return own(l, err, func(l catalog.Lesson) bool { return l.SchoolID == f.school })
		}
		return true, err
	},
	"OpenLessons": func(tx *catalog.Tx, f rowsOf) (bool, error) {
		l, err := tx.OpenLessons()
		return own(l, err, func(l catalog.Lesson) bool { return l.SchoolID == f.school })
	},
	"Recordings": func(tx *catalog.Tx, f rowsOf) (bool, error) {
		r, err := tx.Recordings(nil, 100)
		if err == nil {
			named, err := tx.Recordings([]uuid.UUID{f.class}, 100)
			return own(append(r, named...), err, func(r catalog.Recording) bool { return r.SchoolID == f.school })
		}
		return true, err
	},
	"Person":            func(tx *catalog.Tx, f rowsOf) (bool, error) { return readsOne(tx.Person(f.student)) },
	"Lesson":            func(tx *catalog.Tx, f rowsOf) (bool, error) { return readsOne(tx.Lesson(f.lesson)) },
	"RoomPeople":        func(tx *catalog.Tx, f rowsOf) (bool, error) { return readsList(tx.RoomPeople(f.lesson)) },
	"Chat":              func(tx *catalog.Tx, f rowsOf) (bool, error) { return readsList(tx.Chat(f.lesson, nil, 10)) },
	"Recording":         func(tx *catalog.Tx, f rowsOf) (bool, error) { return readsOne(tx.Recording(f.recording.ID)) },
	"RecordingOfLesson": func(tx *catalog.Tx, f rowsOf) (bool, error) { return readsList(tx.RecordingOfLesson(f.lesson)) },
	"Tracks":            func(tx *catalog.Tx, f rowsOf) (bool, error) { return readsList(tx.Tracks(f.recording.ID)) },
	"Inits":             func(tx *catalog.Tx, f rowsOf) (bool, error) { return readsList(tx.Inits(f.recording.ID)) },
	"Segments":          func(tx *catalog.Tx, f rowsOf) (bool, error) { return readsList(tx.Segments(f.recording.ID)) },
	"Stage":             func(tx *catalog.Tx, f rowsOf) (bool, error) { return readsList(tx.Stage(f.recording.ID)) },
	"Events":            func(tx *catalog.Tx, f rowsOf) (bool, error) { return readsList(tx.Events(f.recording.ID)) },
	"Track": func(tx *catalog.Tx, f rowsOf) (bool, error) {
		return readsOne(tx.Track(f.recording.ID, f.track.ID))
	},
	"Init": func(tx *catalog.Tx, f rowsOf) (bool, error) { return readsOne(tx.Init(f.recording.ID, f.init.ID)) },
	"Segment": func(tx *catalog.Tx, f rowsOf) (bool, error) {
		return readsOne(tx.Segment(f.recording.ID, f.segment.ID))
	},
	"View": func(tx *catalog.Tx, f rowsOf) (bool, error) {
		at, err := tx.View(f.recording.ID, f.student)
		return at != 0, err
	},
	"AddPerson": func(tx *catalog.Tx, f rowsOf) (bool, error) {
		return writes(tx.AddPerson(catalog.NewPerson{ID: uuid.New(), Name: "x", Role: "student", Classes: []uuid.UUID{f.class}}))
	},
	"AddClass": func(tx *catalog.Tx, f rowsOf) (bool, error) {
		return writes(tx.AddClass(catalog.Class{ID: f.class, Name: "угон"}))
	},
	"SetPassword":     func(tx *catalog.Tx, f rowsOf) (bool, error) { return writes(tx.SetPassword(f.student, "h")) },
	"ArchivePerson":   func(tx *catalog.Tx, f rowsOf) (bool, error) { return writes(tx.ArchivePerson(f.student, at)) },
	"AddToClass":      func(tx *catalog.Tx, f rowsOf) (bool, error) { return writes(tx.AddToClass(f.class, f.teacher)) },
	"RemoveFromClass": func(tx *catalog.Tx, f rowsOf) (bool, error) { return writes(tx.RemoveFromClass(f.class, f.student)) },
	"AddLink": func(tx *catalog.Tx, f rowsOf) (bool, error) {
		return writes(tx.AddLink(hash("evil"), f.student, "", at, at.Add(time.Hour)))
	},
	"AddSession": func(tx *catalog.Tx, f rowsOf) (bool, error) {
		return writes(tx.AddSession(hash("evil"), catalog.Session{
			ID: uuid.New(), PersonID: f.student, CreatedAt: at, SeenAt: at, ExpiresAt: at.Add(time.Hour),
		}))
	},
	"EndSession":  func(tx *catalog.Tx, f rowsOf) (bool, error) { return writes(tx.EndSession(f.session, at)) },
	"EndSessions": func(tx *catalog.Tx, f rowsOf) (bool, error) { return writes(tx.EndSessions(f.student, at)) },
	"AddLesson": func(tx *catalog.Tx, f rowsOf) (bool, error) {
		return writes(tx.AddLesson(catalog.Lesson{
			ID: uuid.New(), ClassID: f.class, TeacherID: f.teacher, Title: "x", StartsAt: at, Minutes: 45,
		}))
	},
	"StartLesson":       func(tx *catalog.Tx, f rowsOf) (bool, error) { return writes(tx.StartLesson(f.lesson, at)) },
	"EndLesson":         func(tx *catalog.Tx, f rowsOf) (bool, error) { return writes(tx.EndLesson(f.lesson, at)) },
	"SetLessonRecorded": func(tx *catalog.Tx, f rowsOf) (bool, error) { return writes(tx.SetLessonRecorded(f.lesson, false)) },
	"JoinRoom":          func(tx *catalog.Tx, f rowsOf) (bool, error) { return writes(tx.JoinRoom(f.lesson, f.teacher, at)) },
	"LeaveRoom":         func(tx *catalog.Tx, f rowsOf) (bool, error) { return writes(tx.LeaveRoom(f.lesson, f.student, at)) },
	"SetHand":           func(tx *catalog.Tx, f rowsOf) (bool, error) { return writes(tx.SetHand(f.lesson, f.student, &at)) },
	"RemoveFromRoom": func(tx *catalog.Tx, f rowsOf) (bool, error) {
		return writes(tx.RemoveFromRoom(f.lesson, f.student, at))
	},
	"LetIn": func(tx *catalog.Tx, f rowsOf) (bool, error) { return writes(tx.LetIn(f.lesson, f.student)) },
	"AddChat": func(tx *catalog.Tx, f rowsOf) (bool, error) {
		m := f.message
		m.ID, m.ClientID = uuid.New(), "evil"
		return readsOne(tx.AddChat(m))
	},
	"AddRecording": func(tx *catalog.Tx, f rowsOf) (bool, error) {
		r := f.recording
		r.ID = uuid.New()
		return writes(tx.AddRecording(r))
	},
	"EndRecording":      func(tx *catalog.Tx, f rowsOf) (bool, error) { return writes(tx.EndRecording(f.recording.ID, at)) },
	"CompleteRecording": func(tx *catalog.Tx, f rowsOf) (bool, error) { return writes(tx.CompleteRecording(f.recording.ID, at)) },
	"DeleteRecording":   func(tx *catalog.Tx, f rowsOf) (bool, error) { return writes(tx.DeleteRecording(f.recording.ID, at)) },
	"AddTrack": func(tx *catalog.Tx, f rowsOf) (bool, error) {
		tr := f.track
		tr.ID = uuid.New()
		return writes(tx.AddTrack(tr))
	},
	"AddInit": func(tx *catalog.Tx, f rowsOf) (bool, error) {
		i := f.init
		i.ID = uuid.New()
		return writes(tx.AddInit(i))
	},
	"AddSegment": func(tx *catalog.Tx, f rowsOf) (bool, error) {
		s := f.segment
		s.ID, s.Seq = uuid.New(), 99
		return writes(tx.AddSegment(s))
	},
	"AddStageSpan": func(tx *catalog.Tx, f rowsOf) (bool, error) {
		return writes(tx.AddStageSpan(f.recording.ID, catalog.StageSpan{Seq: 99}))
	},
	"AddEvent": func(tx *catalog.Tx, f rowsOf) (bool, error) {
		return writes(tx.AddEvent(f.recording.ID, catalog.Event{Seq: 99, Kind: "x"}))
	},
	"SetView": func(tx *catalog.Tx, f rowsOf) (bool, error) {
		return writes(tx.SetView(f.recording.ID, f.student, 1, at))
	},
	"AddDoor": func(tx *catalog.Tx, f rowsOf) (bool, error) {
		d := f.door
		d.ID, d.DeviceID = uuid.New(), uuid.New()
		return writes(tx.AddDoor(hash("evil"), d))
	},
	"Doors":      func(tx *catalog.Tx, f rowsOf) (bool, error) { return readsList(tx.Doors(f.lesson)) },
	"RevokeDoor": func(tx *catalog.Tx, f rowsOf) (bool, error) { return writes(tx.RevokeDoor(f.lesson, f.door.ID, at)) },
	"Audit": func(tx *catalog.Tx, _ rowsOf) (bool, error) {
		return writes(tx.Audit(catalog.AuditEntry{At: at, Action: "x"}))
	},
}

// harmless are writes that find no row of the own school and are no error by their nature.
var harmless = []string{"RemoveFromClass", "EndSessions", "Audit"}

func TestNoMethodLeavesItsSchool(t *testing.T) {
	c, url := openWithURL(t)
	f := fill(t, c)
	super := connect(t, url, "")
	before := snapshot(t, super, f.demo.Elsewhere.ID)
	kind := reflect.TypeFor[*catalog.Tx]()
	for i := range kind.NumMethod() {
		name := kind.Method(i).Name
		try, ok := attempts[name]
		if !ok {
			t.Errorf("no attempt is written for %s", name)
			continue
		}
		t.Run(name, func(t *testing.T) {
			var seen bool
			err := c.In(t.Context(), f.demo.School.ID, func(tx *catalog.Tx) (err error) {
				seen, err = try(tx, f.foreign)
				return err
			})
			if seen {
				t.Error("it gave something of the other school")
			}
			refused := errors.Is(err, catalog.ErrNotFound) || errors.Is(err, catalog.ErrInvalid) || errors.Is(err, catalog.ErrConflict)
			if err != nil && !refused {
				t.Errorf("%v, want one of the package's refusals", err)
			}
			method := kind.Method(i).Type
			if isWrite := method.NumOut() == 1; isWrite && err == nil && !slices.Contains(harmless, name) {
				t.Error("a write to the other school is no error")
			}
			if after := snapshot(t, super, f.demo.Elsewhere.ID); after != before {
				t.Errorf("the other school's rows changed:\n%s\n%s", before, after)
			}
		})
	}
	if len(attempts) != kind.NumMethod() {
		t.Errorf("%d attempts for %d methods", len(attempts), kind.NumMethod())
	}
}

// TestTheSameMethodsReachTheOwnSchool is the other side: the reads that gave nothing there give something here.
func TestTheSameMethodsReachTheOwnSchool(t *testing.T) {
	c, _ := openWithURL(t)
	f := fill(t, c)
	for _, name := range []string{
		"School", "People", "Classes", "Lessons", "OpenLessons", "Recordings", "Person", "Lesson", "RoomPeople", "Chat",
		"Recording", "RecordingOfLesson", "Tracks", "Inits", "Segments", "Stage", "Events", "Track", "Init", "Segment", "View", "AddChat", "Doors",
	} {
		in(t, c, f.demo.Elsewhere.ID, func(tx *catalog.Tx) error {
			seen, err := attempts[name](tx, f.foreign)
			if !seen {
				t.Errorf("%s gives nothing in its own school", name)
			}
			return err
		})
	}
}
