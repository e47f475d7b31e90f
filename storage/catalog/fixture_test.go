package catalog_test

import (
	"crypto/sha256"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/zvonok/zvonok/storage/catalog"
	"github.com/zvonok/zvonok/storage/catalog/catalogtest"
)

// at is the tests' clock; PostgreSQL keeps microseconds.
var at = time.Date(2026, 9, 1, 6, 30, 0, 123456000, time.UTC)

func hash(text string) []byte {
	sum := sha256.Sum256([]byte(text))
	return sum[:]
}

func openURL(t *testing.T, url string) *catalog.Catalog {
	t.Helper()
	c, err := catalog.Open(t.Context(), catalog.Config{URL: url, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// in runs fn in the school and fails the test with its error.
func in(t *testing.T, c *catalog.Catalog, school uuid.UUID, fn func(tx *catalog.Tx) error) {
	t.Helper()
	if err := c.In(t.Context(), school, fn); err != nil {
		t.Fatal(err)
	}
}

// try gives the error of one statement, which ends its transaction.
func try(t *testing.T, c *catalog.Catalog, school uuid.UUID, fn func(tx *catalog.Tx) error) error {
	t.Helper()
	return c.In(t.Context(), school, fn)
}

// rowsOf is one row of everything in one school.
type rowsOf struct {
	school, class, teacher, student, session, lesson uuid.UUID
	recording                                        catalog.Recording
	track                                            catalog.Track
	init                                             catalog.Init
	segment                                          catalog.Segment
	span                                             catalog.StageSpan
	event                                            catalog.Event
	message                                          catalog.ChatMessage
	door                                             catalog.Door
}

type filled struct {
	demo         *catalogtest.Demo
	own, foreign rowsOf
}

// fill makes two schools with one row of everything in each.
func fill(t *testing.T, c *catalog.Catalog) filled {
	t.Helper()
	d := catalogtest.School(t, c)
	return filled{
		demo:    d,
		own:     fillSchool(t, c, d.School.ID, d.Class.ID, d.Teacher.ID, d.Students[0].ID),
		foreign: fillSchool(t, c, d.Elsewhere.ID, d.ElsewhereClass.ID, d.StrangerTeacher.ID, d.Stranger.ID),
	}
}

func newRows(school, class, teacher, student uuid.UUID) rowsOf {
	r := rowsOf{school: school, class: class, teacher: teacher, student: student, session: uuid.New(), lesson: uuid.New()}
	r.recording = catalog.Recording{
		ID: uuid.New(), LessonID: r.lesson, ClassID: class, StartedBy: teacher, StartedAt: at, Published: true,
	}
	r.track = catalog.Track{
		ID: uuid.New(), RecordingID: r.recording.ID, PersonID: &teacher, Source: "camera", Codec: "h264", WrappedKey: []byte("wrapped"),
	}
	r.init = catalog.Init{
		ID: uuid.New(), TrackID: r.track.ID, Object: "r/i.mp4", IV: make([]byte, 16), SHA256: hash("init"), Bytes: 700,
		Codecs: "avc1.42e01f", Width: 1280, Height: 720,
	}
	ntp := at.Add(time.Second)
	r.segment = catalog.Segment{
		ID: uuid.New(), TrackID: r.track.ID, InitID: r.init.ID, Seq: 3, StartUS: 6_000_000, DurationUS: 2_000_000,
		Independent: true, Object: "r/3.m4s", IV: make([]byte, 16), SHA256: hash("segment"), Bytes: 100_000,
		AnchorRTP: 1 << 40, AnchorNTP: &ntp, AnchorServer: at,
	}
	r.span = catalog.StageSpan{Seq: 1, StartUS: 5, TrackID: &r.track.ID}
	r.event = catalog.Event{Seq: 2, AtUS: 7, Kind: "hand", PersonID: &student, Data: []byte(`{"up": true}`)}
	r.message = catalog.ChatMessage{
		ID: uuid.New(), LessonID: r.lesson, PersonID: student, ClientID: "c1", Text: "Здравствуйте!", SentAt: at,
	}
	r.door = catalog.Door{
		ID: uuid.New(), LessonID: r.lesson, MadeBy: teacher, DeviceID: uuid.New(), Name: "Камера в зале", Publishes: true,
		CreatedAt: at, ExpiresAt: at.Add(time.Hour),
	}
	return r
}

func fillSchool(t *testing.T, c *catalog.Catalog, school, class, teacher, student uuid.UUID) rowsOf {
	t.Helper()
	r := newRows(school, class, teacher, student)
	in(t, c, school, func(tx *catalog.Tx) error {
		for _, step := range []func() error{
			func() error { return tx.AddLink(hash("link"+school.String()), student, "/", at, at.Add(time.Hour)) },
			func() error {
				return tx.AddSession(hash("session"+school.String()), catalog.Session{
					ID: r.session, PersonID: student, Browser: "Firefox", CreatedAt: at, SeenAt: at, ExpiresAt: at.Add(time.Hour),
				})
			},
			func() error {
				return tx.AddLesson(catalog.Lesson{
					ID: r.lesson, ClassID: class, TeacherID: teacher, Title: "Физика", StartsAt: at, Minutes: 45, Recorded: true,
				})
			},
			func() error { return tx.StartLesson(r.lesson, at) },
			func() error { return tx.JoinRoom(r.lesson, student, at) },
			func() error { _, err := tx.AddChat(r.message); return err },
			func() error { return tx.AddRecording(r.recording) },
			func() error { return tx.AddTrack(r.track) },
			func() error { return tx.AddInit(r.init) },
			func() error { return tx.AddSegment(r.segment) },
			func() error { return tx.AddStageSpan(r.recording.ID, r.span) },
			func() error { return tx.AddEvent(r.recording.ID, r.event) },
			func() error { return tx.SetView(r.recording.ID, student, 9, at) },
			func() error { return tx.AddDoor(hash("door"+school.String()), r.door) },
			func() error {
				return tx.Audit(catalog.AuditEntry{At: at, PersonID: &student, Action: "room.chat", Allowed: true})
			},
		} {
			if err := step(); err != nil {
				return err
			}
		}
		return nil
	})
	return r
}
