package catalog_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/zvonok/zvonok/storage/catalog"
	"github.com/zvonok/zvonok/storage/catalog/catalogtest"
)

func read[T any](t *testing.T, c *catalog.Catalog, school uuid.UUID, fn func(tx *catalog.Tx) (T, error)) T {
	t.Helper()
	var v T
	in(t, c, school, func(tx *catalog.Tx) (err error) {
		v, err = fn(tx)
		return err
	})
	return v
}

func wantEqual(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n got %+v\nwant %+v", what, got, want)
	}
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	c := catalogtest.Open(t)
	f := fill(t, c)
	r, d := f.own, f.demo
	in(t, c, r.school, func(tx *catalog.Tx) error {
		recording, err := tx.Recording(r.recording.ID)
		if err != nil {
			return err
		}
		want := r.recording
		want.SchoolID, want.Title, want.ClassName, want.TeacherID = r.school, "Физика", "7Б", r.teacher
		wantEqual(t, "recording", recording, want)

		tracks, err := tx.Tracks(r.recording.ID)
		if err != nil {
			return err
		}
		track := r.track
		track.PersonName = d.Teacher.Name
		wantEqual(t, "tracks", tracks, []catalog.Track{track})

		inits, err := tx.Inits(r.recording.ID)
		if err != nil {
			return err
		}
		wantEqual(t, "inits", inits, []catalog.Init{r.init})

		segments, err := tx.Segments(r.recording.ID)
		if err != nil {
			return err
		}
		wantEqual(t, "segments", segments, []catalog.Segment{r.segment})

		stage, err := tx.Stage(r.recording.ID)
		if err != nil {
			return err
		}
		wantEqual(t, "stage", stage, []catalog.StageSpan{r.span})

		events, err := tx.Events(r.recording.ID)
		if err != nil {
			return err
		}
		wantEqual(t, "events", events, []catalog.Event{r.event})

		chat, err := tx.Chat(r.lesson, nil, 10)
		if err != nil {
			return err
		}
		message := r.message
		message.Name = d.Students[0].Name
		wantEqual(t, "chat", chat, []catalog.ChatMessage{message})

		lesson, err := tx.Lesson(r.lesson)
		if err != nil {
			return err
		}
		started := at
		wantEqual(t, "lesson", lesson, catalog.Lesson{
			ID: r.lesson, SchoolID: r.school, ClassID: r.class, ClassName: "7Б", TeacherID: r.teacher, TeacherName: d.Teacher.Name,
			Title: "Физика", StartsAt: at, Minutes: 45, Recorded: true, StartedAt: &started,
		})
		view, err := tx.View(r.recording.ID, r.student)
		wantEqual(t, "view", view, int64(9))
		return err
	})
}

// TestRepeatingIsHarmless: the spool may hand in everything twice, after a crash between the commit and its own note.
func TestRepeatingIsHarmless(t *testing.T) {
	c, url := openWithURL(t)
	f := fill(t, c)
	r := f.own
	super := connect(t, url, "")
	before := snapshot(t, super, r.school)
	in(t, c, r.school, func(tx *catalog.Tx) error {
		changed := r.recording
		changed.StartedAt = at.Add(time.Hour)
		return errors.Join(tx.AddRecording(changed), tx.AddTrack(r.track), tx.AddInit(r.init), tx.AddSegment(r.segment),
			tx.AddStageSpan(r.recording.ID, r.span), tx.AddEvent(r.recording.ID, r.event), tx.StartLesson(r.lesson, at.Add(time.Minute)),
			tx.AddToClass(r.class, r.student), tx.JoinRoom(r.lesson, r.student, at.Add(time.Minute)))
	})
	if after := snapshot(t, super, r.school); after != before {
		t.Errorf("repeating changed something:\n%s\n%s", before, after)
	}
	again := r.segment
	again.ID = uuid.New()
	if err := try(t, c, r.school, func(tx *catalog.Tx) error { return tx.AddSegment(again) }); !errors.Is(err, catalog.ErrConflict) {
		t.Errorf("another segment of the same number: %v, want ErrConflict", err)
	}
	repeated := r.message
	repeated.ID, repeated.Text = uuid.New(), "ещё раз"
	stored := read(t, c, r.school, func(tx *catalog.Tx) (catalog.ChatMessage, error) { return tx.AddChat(repeated) })
	if stored.ID != r.message.ID || stored.Text != r.message.Text {
		t.Errorf("a repeated message gave %+v, want the stored one", stored)
	}
}

func TestDeletionIsFinal(t *testing.T) {
	c := catalogtest.Open(t)
	r := fill(t, c).own
	for range 2 {
		in(t, c, r.school, func(tx *catalog.Tx) error { return tx.DeleteRecording(r.recording.ID, at) })
	}
	in(t, c, r.school, func(tx *catalog.Tx) error {
		tracks, err := tx.Tracks(r.recording.ID)
		if err == nil && (len(tracks) != 1 || tracks[0].WrappedKey != nil) {
			t.Errorf("the key is still there: %+v", tracks)
		}
		recording, err2 := tx.Recording(r.recording.ID)
		if err2 == nil && recording.DeletedAt == nil {
			t.Error("DeletedAt is not set")
		}
		list, err3 := tx.Recordings(nil, 10)
		ofLesson, err4 := tx.RecordingOfLesson(r.lesson)
		if len(list)+len(ofLesson) != 0 {
			t.Errorf("it is still listed: %v %v", list, ofLesson)
		}
		return errors.Join(err, err2, err3, err4)
	})
	// What the spool hands in late must not bring a key back.
	second := r.track
	second.ID = uuid.New()
	for name, add := range map[string]func(tx *catalog.Tx) error{
		"the track again": func(tx *catalog.Tx) error { return tx.AddTrack(r.track) },
		"another track":   func(tx *catalog.Tx) error { return tx.AddTrack(second) },
		"an init":         func(tx *catalog.Tx) error { return tx.AddInit(r.init) },
		"a segment":       func(tx *catalog.Tx) error { return tx.AddSegment(r.segment) },
		"a span":          func(tx *catalog.Tx) error { return tx.AddStageSpan(r.recording.ID, r.span) },
		"an event":        func(tx *catalog.Tx) error { return tx.AddEvent(r.recording.ID, r.event) },
	} {
		if err := try(t, c, r.school, add); !errors.Is(err, catalog.ErrNotFound) {
			t.Errorf("%s after the deletion: %v, want ErrNotFound", name, err)
		}
	}
	if tracks := read(t, c, r.school, func(tx *catalog.Tx) ([]catalog.Track, error) { return tx.Tracks(r.recording.ID) }); len(tracks) != 1 || tracks[0].WrappedKey != nil {
		t.Errorf("a key came back: %+v", tracks)
	}
	if open, err := c.OpenRecordings(t.Context()); err != nil || len(open) != 1 || open[0].ID == r.recording.ID {
		t.Errorf("OpenRecordings = %+v, %v; want only the other school's", open, err)
	}
}

func TestOpenRecordings(t *testing.T) {
	c := catalogtest.Open(t)
	f := fill(t, c)
	count := func() int {
		open, err := c.OpenRecordings(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range open {
			if r.Title != "Физика" || r.ClassName != "7Б" || r.SchoolID == uuid.Nil {
				t.Errorf("open recording = %+v", r)
			}
		}
		return len(open)
	}
	if n := count(); n != 2 {
		t.Fatalf("%d open, want both schools'", n)
	}
	in(t, c, f.own.school, func(tx *catalog.Tx) error { return tx.EndRecording(f.own.recording.ID, at) })
	if n := count(); n != 2 {
		t.Errorf("%d open: ended is not complete", n)
	}
	in(t, c, f.own.school, func(tx *catalog.Tx) error { return tx.CompleteRecording(f.own.recording.ID, at) })
	if n := count(); n != 1 {
		t.Errorf("%d open, want 1", n)
	}
}

func TestLessons(t *testing.T) {
	c := catalogtest.Open(t)
	d := catalogtest.School(t, c)
	add := func(class catalog.Class, startsAt time.Time) uuid.UUID {
		id := uuid.New()
		in(t, c, d.School.ID, func(tx *catalog.Tx) error {
			return tx.AddLesson(catalog.Lesson{
				ID: id, ClassID: class.ID, TeacherID: d.Teacher.ID, Title: "Урок", StartsAt: startsAt, Minutes: 45,
			})
		})
		return id
	}
	today, tomorrow, other := add(d.Class, at), add(d.Class, at.Add(24*time.Hour)), add(d.OtherClass, at.Add(time.Hour))
	list := func(classes []uuid.UUID) (ids []uuid.UUID) {
		for _, l := range read(t, c, d.School.ID, func(tx *catalog.Tx) ([]catalog.Lesson, error) {
			return tx.Lessons(at, at.Add(12*time.Hour), classes)
		}) {
			ids = append(ids, l.ID)
		}
		return ids
	}
	wantEqual(t, "all classes", list(nil), []uuid.UUID{today, other})
	wantEqual(t, "one class", list([]uuid.UUID{d.Class.ID}), []uuid.UUID{today})
	wantEqual(t, "no class", list([]uuid.UUID{}), []uuid.UUID(nil))

	// One that is open is listed on every day, until it ends.
	in(t, c, d.School.ID, func(tx *catalog.Tx) error { return tx.StartLesson(tomorrow, at) })
	wantEqual(t, "with the open one", list([]uuid.UUID{d.Class.ID}), []uuid.UUID{today, tomorrow})
	if open := read(t, c, d.School.ID, (*catalog.Tx).OpenLessons); len(open) != 1 || open[0].ID != tomorrow {
		t.Errorf("OpenLessons = %+v", open)
	}
	for _, end := range []time.Time{at.Add(time.Hour), at.Add(2 * time.Hour)} {
		in(t, c, d.School.ID, func(tx *catalog.Tx) error { return tx.EndLesson(tomorrow, end) })
	}
	ended := read(t, c, d.School.ID, func(tx *catalog.Tx) (catalog.Lesson, error) { return tx.Lesson(tomorrow) })
	if ended.EndedAt == nil || !ended.EndedAt.Equal(at.Add(time.Hour)) {
		t.Errorf("EndedAt = %v, want the first end", ended.EndedAt)
	}
	if open := read(t, c, d.School.ID, (*catalog.Tx).OpenLessons); len(open) != 0 {
		t.Errorf("OpenLessons after the end = %+v", open)
	}
	if err := try(t, c, d.School.ID, func(tx *catalog.Tx) error { return tx.StartLesson(tomorrow, at) }); !errors.Is(err, catalog.ErrConflict) {
		t.Errorf("starting an ended lesson: %v", err)
	}
	if err := try(t, c, d.School.ID, func(tx *catalog.Tx) error { return tx.StartLesson(uuid.New(), at) }); !errors.Is(err, catalog.ErrNotFound) {
		t.Errorf("starting no lesson: %v", err)
	}
}

func TestRoom(t *testing.T) {
	c := catalogtest.Open(t)
	d := catalogtest.School(t, c)
	lesson := d.Lesson(t, c).ID
	student := d.Students[0].ID
	room := func() catalog.RoomPerson {
		t.Helper()
		people := read(t, c, d.School.ID, func(tx *catalog.Tx) ([]catalog.RoomPerson, error) { return tx.RoomPeople(lesson) })
		if len(people) != 1 {
			t.Fatalf("%d in the room", len(people))
		}
		return people[0]
	}
	do := func(fn func(tx *catalog.Tx) error) { t.Helper(); in(t, c, d.School.ID, fn) }
	later := at.Add(time.Minute)
	do(func(tx *catalog.Tx) error { return tx.JoinRoom(lesson, student, at) })
	do(func(tx *catalog.Tx) error { return tx.SetHand(lesson, student, &later) })
	wantEqual(t, "hand up", room(), catalog.RoomPerson{PersonID: student, JoinedAt: at, HandAt: &later})
	do(func(tx *catalog.Tx) error { return tx.SetHand(lesson, student, nil) })
	wantEqual(t, "hand down", room(), catalog.RoomPerson{PersonID: student, JoinedAt: at})
	do(func(tx *catalog.Tx) error { return tx.LeaveRoom(lesson, student, later) })
	wantEqual(t, "left", room(), catalog.RoomPerson{PersonID: student, JoinedAt: at, LeftAt: &later})
	do(func(tx *catalog.Tx) error { return tx.JoinRoom(lesson, student, later) })
	wantEqual(t, "back", room(), catalog.RoomPerson{PersonID: student, JoinedAt: at})
	do(func(tx *catalog.Tx) error { return tx.RemoveFromRoom(lesson, student, later) })
	do(func(tx *catalog.Tx) error { return tx.JoinRoom(lesson, student, later) })
	if p := room(); p.RemovedAt == nil {
		t.Error("joining undid a removal")
	}
	do(func(tx *catalog.Tx) error { return tx.LetIn(lesson, student) })
	wantEqual(t, "let in", room(), catalog.RoomPerson{PersonID: student, JoinedAt: at})
}

func TestChatPages(t *testing.T) {
	c := catalogtest.Open(t)
	d := catalogtest.School(t, c)
	lesson := d.Lesson(t, c).ID
	in(t, c, d.School.ID, func(tx *catalog.Tx) error {
		for i, text := range []string{"один", "два", "три", "четыре"} {
			m := catalog.ChatMessage{
				ID: uuid.New(), LessonID: lesson, PersonID: d.Students[0].ID, ClientID: text, Text: text,
				SentAt: at.Add(time.Duration(i) * time.Second),
			}
			if _, err := tx.AddChat(m); err != nil {
				return err
			}
		}
		return nil
	})
	page := func(before *time.Time, limit int) string {
		var texts []string
		for _, m := range read(t, c, d.School.ID, func(tx *catalog.Tx) ([]catalog.ChatMessage, error) { return tx.Chat(lesson, before, limit) }) {
			texts = append(texts, m.Text)
		}
		return strings.Join(texts, " ")
	}
	third := at.Add(2 * time.Second)
	for _, p := range []struct{ got, want string }{
		{page(nil, 2), "три четыре"}, {page(&third, 1), "два"}, {page(&third, 100), "один два"}, {page(&at, 10), ""}, {page(nil, 0), "четыре"},
	} {
		if p.got != p.want {
			t.Errorf("page %q, want %q", p.got, p.want)
		}
	}
}

func TestRefusals(t *testing.T) {
	c := catalogtest.Open(t)
	d := catalogtest.School(t, c)
	lesson := d.Lesson(t, c)
	long := strings.Repeat("ж", 5000)
	person := func(change func(*catalog.NewPerson)) func(tx *catalog.Tx) error {
		p := catalog.NewPerson{ID: uuid.New(), Name: "Имя", Role: "student"}
		change(&p)
		return func(tx *catalog.Tx) error { return tx.AddPerson(p) }
	}
	chat := func(text, client string) func(tx *catalog.Tx) error {
		return func(tx *catalog.Tx) error {
			_, err := tx.AddChat(catalog.ChatMessage{
				ID: uuid.New(), LessonID: lesson.ID, PersonID: d.Students[0].ID, ClientID: client, Text: text, SentAt: at,
			})
			return err
		}
	}
	in(t, c, d.School.ID, person(func(p *catalog.NewPerson) { p.Login = " Ivan@School " }))
	for name, r := range map[string]struct {
		do   func(tx *catalog.Tx) error
		want error
	}{
		"empty name":        {person(func(p *catalog.NewPerson) { p.Name = "" }), catalog.ErrInvalid},
		"long name":         {person(func(p *catalog.NewPerson) { p.Name = long }), catalog.ErrInvalid},
		"zero byte":         {person(func(p *catalog.NewPerson) { p.Name = "a\x00b" }), catalog.ErrInvalid},
		"not UTF-8":         {person(func(p *catalog.NewPerson) { p.Name = "a\xff" }), catalog.ErrInvalid},
		"unknown role":      {person(func(p *catalog.NewPerson) { p.Role = "director" }), catalog.ErrInvalid},
		"no such class":     {person(func(p *catalog.NewPerson) { p.Classes = []uuid.UUID{uuid.New()} }), catalog.ErrInvalid},
		"login taken":       {person(func(p *catalog.NewPerson) { p.Login = "IVAN@school" }), catalog.ErrConflict},
		"class name taken":  {func(tx *catalog.Tx) error { return tx.AddClass(catalog.Class{ID: uuid.New(), Name: "7Б"}) }, catalog.ErrConflict},
		"empty message":     {chat("", "c"), catalog.ErrInvalid},
		"long message":      {chat(long, "c"), catalog.ErrInvalid},
		"long client id":    {chat("x", long), catalog.ErrInvalid},
		"token, not a hash": {func(tx *catalog.Tx) error { return tx.AddLink([]byte("t"), d.Admin.ID, "", at, at) }, catalog.ErrInvalid},
		"session, no hash":  {func(tx *catalog.Tx) error { return tx.AddSession(nil, catalog.Session{}) }, catalog.ErrInvalid},
		"no such person":    {func(tx *catalog.Tx) error { return tx.JoinRoom(lesson.ID, uuid.New(), at) }, catalog.ErrInvalid},
		"nobody's hand":     {func(tx *catalog.Tx) error { return tx.SetHand(lesson.ID, d.Admin.ID, &at) }, catalog.ErrNotFound},
		"event, not JSON": {func(tx *catalog.Tx) error {
			return tx.AddEvent(uuid.New(), catalog.Event{Kind: "x", Data: []byte("{")})
		}, catalog.ErrInvalid},
		"unknown recording": {func(tx *catalog.Tx) error {
			return tx.AddTrack(catalog.Track{ID: uuid.New(), RecordingID: uuid.New(), Source: "mix", Codec: "opus"})
		}, catalog.ErrNotFound},
		"a minute too many": {func(tx *catalog.Tx) error {
			return tx.AddLesson(catalog.Lesson{ID: uuid.New(), ClassID: d.Class.ID, TeacherID: d.Teacher.ID, Title: "x", Minutes: 601})
		}, catalog.ErrInvalid},
		"lesson that is not": {func(tx *catalog.Tx) error { return tx.EndLesson(uuid.New(), at) }, catalog.ErrNotFound},
	} {
		err := try(t, c, d.School.ID, r.do)
		if !errors.Is(err, r.want) {
			t.Errorf("%s: %v, want %v", name, err, r.want)
		}
		if err != nil && (strings.Contains(err.Error(), "жж") || strings.Contains(strings.ToLower(err.Error()), "ivan")) {
			t.Errorf("%s: the error repeats what a person wrote: %v", name, err)
		}
	}
	if err := c.In(t.Context(), uuid.Nil, func(*catalog.Tx) error { return nil }); !errors.Is(err, catalog.ErrInvalid) {
		t.Errorf("In without a school: %v", err)
	}
}

func TestAFailedTransactionLeavesNothing(t *testing.T) {
	c := catalogtest.Open(t)
	d := catalogtest.School(t, c)
	stop := errors.New("stop")
	id := uuid.New()
	err := c.In(t.Context(), d.School.ID, func(tx *catalog.Tx) error {
		if err := tx.AddClass(catalog.Class{ID: id, Name: "9В"}); err != nil {
			return err
		}
		return stop
	})
	if !errors.Is(err, stop) {
		t.Fatalf("In = %v", err)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		_ = c.In(t.Context(), d.School.ID, func(tx *catalog.Tx) error {
			if err := tx.AddClass(catalog.Class{ID: id, Name: "9В"}); err != nil {
				t.Error(err)
			}
			panic("bug")
		})
	}()
	for _, class := range read(t, c, d.School.ID, (*catalog.Tx).Classes) {
		if class.ID == id {
			t.Error("the class is there")
		}
	}
}
