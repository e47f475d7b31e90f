package signaling_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/zvonok/zvonok/sfu"
	"github.com/zvonok/zvonok/sfu/media"
	"github.com/zvonok/zvonok/signaling"
	"github.com/zvonok/zvonok/signaling/signalingtest"
	"github.com/zvonok/zvonok/storage/catalog"
	"github.com/zvonok/zvonok/storage/catalog/catalogtest"
)

// everyRequest has one well-formed message of each type.
func everyRequest(s *school) map[string]any {
	vasya := s.people["vasya"].ID.String()
	return map[string]any{
		"hello":      hello("again"),
		"publish":    signaling.Publish{SDP: "v=0"},
		"subscribe":  signaling.Subscribe{SDP: "v=0", Slots: []string{"stage_video", "voice"}},
		"view":       signaling.SetView{Tiles: []signaling.TileView{}},
		"source":     signaling.SetSource{Source: "microphone", On: true},
		"chat":       signaling.SendChat{ClientID: "every", Text: "hello"},
		"read_chat":  signaling.ReadChat{},
		"hand":       signaling.RaiseHand{Up: true},
		"mute":       signaling.Mute{Participant: vasya, Source: "microphone"},
		"lower_hand": signaling.LowerHand{},
		"remove":     signaling.Remove{Participant: vasya},
		"admit":      signaling.Admit{Participant: vasya},
		"record":     signaling.SetRecording{On: true},
		"end":        signaling.EndLesson{},
		"leave":      signaling.Leave{},
		"ping":       signaling.Ping{},
	}
}

// tellMedia makes the fake media report one of everything.
func tellMedia(s *school, teacher, petya string) {
	s.media.mu.Lock()
	ev := s.media.events
	s.media.mu.Unlock()
	ev.SlotsChanged(media.ParticipantID(petya), []sfu.Occupant{
		{Slot: 3, Participant: media.ParticipantID(teacher), Source: media.Camera}, {Slot: 0},
	})
	ev.LegChanged(media.ParticipantID(petya), sfu.SubscribeLeg, sfu.LegFailed)
	ev.CodecChanged(media.VP9)
	ev.SpeakersChanged(media.ParticipantID(petya), []media.ParticipantID{media.ParticipantID(petya)})
}

// tellSlots makes it report many slots to one person.
func (s *school) tellSlots(to string, turn int) {
	s.media.mu.Lock()
	ev := s.media.events
	s.media.mu.Unlock()
	changed := make([]sfu.Occupant, 64)
	for i := range changed {
		changed[i] = sfu.Occupant{Slot: i, Participant: media.ParticipantID(to), Source: media.Source(turn % media.Sources)}
	}
	ev.SlotsChanged(media.ParticipantID(to), changed)
}

func (s *school) ended() bool {
	var ended bool
	s.tx(func(tx *catalog.Tx) error {
		l, err := tx.Lesson(s.lesson)
		ended = l.EndedAt != nil
		return err
	})
	return ended
}

// Who may send what: every message, for each role.
func TestEveryMessageForEveryRole(t *testing.T) {
	shared := catalogtest.Open(t)
	staffOnly := []string{"mute", "lower_hand", "remove", "admit", "record", "end"}
	for _, w := range signaling.Requests() {
		for _, role := range []string{"teacher", "colleague", "admin", "petya"} {
			t.Run(w.Name+"/"+role, func(t *testing.T) {
				t.Parallel()
				s := newSchool(t, recorded, within(shared))
				s.join("teacher")
				vasya := s.join("vasya")
				h := hello("second")
				h.TakeOver = true
				p := s.dial(role)
				p.hello(h)
				if w.Name == "admit" {
					if role != "petya" {
						p.do("remove", signaling.Remove{Participant: vasya.id})
					}
				}
				_, err := ask[any](p, w.Name, everyRequest(s)[w.Name])
				want := ""
				switch {
				case w.Name == "hello":
					want = "bad_message" // the second on this socket
				case role == "petya" && slices.Contains(staffOnly, w.Name):
					want = "not_allowed"
				}
				var r *signalingtest.Refused
				switch {
				case want == "" && err != nil:
					t.Errorf("got %v", err)
				case want != "" && (!errors.As(err, &r) || r.Code != want):
					t.Errorf("got %v, want %s", err, want)
				}
			})
		}
	}
}

// Beside the allowed, the strangers: another class, another school, no such lesson.
func TestStrangersGetNothing(t *testing.T) {
	shared := catalogtest.Open(t)
	s, other := newSchool(t, within(shared)), newSchool(t, within(shared))
	s.join("teacher")
	s.join("petya")
	stranger := s.dial("stranger")
	if got := stranger.refused("hello", hello("x")); got != "not_allowed" {
		t.Errorf("another class: %s", got)
	}
	stranger.closed(4007)
	s.people["foreign"] = other.people["admin"]
	if got := s.dial("foreign").refused("hello", hello("x")); got != "not_allowed" {
		t.Errorf("another school: %s", got)
	}
	if got := s.dial("teacher&lesson="+uuid.NewString()).refused("hello", hello("x")); got != "not_allowed" {
		t.Errorf("no such lesson: %s", got)
	}
	s.people["nobody"] = catalog.Person{SchoolID: s.id, Role: "student"}
	if got := s.dial("nobody").refused("hello", hello("x")); got != "not_allowed" {
		t.Errorf("nobody: %s", got)
	}
	if n := len(s.server.Inside(s.lesson)); n != 2 {
		t.Errorf("%d inside", n)
	}
}

func TestResumeReplaysWhatWasMissed(t *testing.T) {
	s := newSchool(t)
	teacher, petya := s.join("teacher"), s.join("petya")
	teacher.do("source", signaling.SetSource{Source: "microphone", On: true})
	expect(petya, "participant", func(p signaling.Participant) bool { return len(p.Sources) == 1 })
	member := s.media.member(petya.id)
	_ = petya.Close()
	expect(teacher, "participant", func(p signaling.Participant) bool { return p.ID == petya.id && p.Away })
	teacher.do("source", signaling.SetSource{Source: "camera", On: true})
	_, err := ask[signaling.ChatMessage](teacher, "chat", signaling.SendChat{ClientID: "1", Text: "missed"})
	must(t, err)

	s.clock.Advance(29 * time.Second)
	again := s.dial("petya")
	h := hello("petya")
	h.Resume = &signaling.Resume{Token: petya.welcome.Token, Last: 1}
	again.hello(h)
	if !again.welcome.Resumed || again.welcome.Token == petya.welcome.Token || again.welcome.Last != 1 {
		t.Fatalf("got %+v", again.welcome)
	}
	expect(again, "participant", func(p signaling.Participant) bool { return p.ID == teacher.id && len(p.Sources) == 2 })
	expect(again, "chat", func(m signaling.ChatMessage) bool { return m.Text == "missed" })
	for i, e := range again.Events() {
		if e.N != uint64(i)+2 {
			t.Errorf("event %d has number %d", i, e.N)
		}
	}
	expect(teacher, "participant", func(p signaling.Participant) bool { return p.ID == petya.id && !p.Away })
	if s.media.member(petya.id) != member {
		t.Error("the media was joined anew")
	}
	// The old token is worth nothing now.
	third := s.dial("petya")
	h.Resume.Last = 0
	third.hello(h)
	if third.welcome.Resumed {
		t.Error("an old token resumed")
	}
	again.bye("replaced", 4001)
	f := s.server.Stats()
	if f.Rooms != 1 || f.People["teacher"] != 1 || f.People["student"] != 1 || f.Resumed != 1 || f.Joins.Count < 2 ||
		f.Messages["hello"] != 4 || f.Messages["source"] != 2 || f.Messages["chat"] != 1 || f.Messages["hand"] != 0 {
		t.Errorf("figures %+v", f)
	}
}

func TestLostForGood(t *testing.T) {
	s := newSchool(t)
	teacher, petya := s.join("teacher"), s.join("petya")
	_ = petya.Close()
	expect(teacher, "participant", func(p signaling.Participant) bool { return p.ID == petya.id && p.Away })
	s.clock.Advance(30 * time.Second)
	expect(teacher, "participant_left", func(l signaling.ParticipantLeft) bool { return l.ID == petya.id && l.Reason == "lost" })
	if !s.media.member(petya.id).hasLeft() {
		t.Error("still in the media")
	}
	again := s.dial("petya")
	h := hello("petya")
	h.Resume = &signaling.Resume{Token: petya.welcome.Token, Last: 0}
	again.hello(h)
	if again.welcome.Resumed {
		t.Error("resumed what is gone")
	}
}

func TestNewestJoinTakesOver(t *testing.T) {
	s := newSchool(t)
	teacher, petya := s.join("teacher"), s.join("petya")
	petya.do("hand", signaling.RaiseHand{Up: true})
	phone := s.dial("petya")
	if got := phone.refused("hello", hello("phone")); got != "elsewhere" {
		t.Fatalf("got %s", got)
	}
	phone.closed(4005)
	phone = s.dial("petya")
	h := hello("phone")
	h.TakeOver = true
	phone.hello(h)
	petya.bye("replaced", 4001)
	if phone.welcome.Resumed || len(phone.welcome.People) != 2 || phone.welcome.People[0].JoinedAt == "" {
		t.Errorf("got %+v", phone.welcome)
	}
	expect(teacher, "participant", func(p signaling.Participant) bool { return p.ID == petya.id && p.HandAt != "" && !p.Away })
	for _, e := range teacher.Events() {
		if e.Name == "participant_left" {
			t.Error("a takeover is no leaving")
		}
	}
	reloaded := s.dial("petya")
	reloaded.hello(hello("phone"))
	phone.bye("replaced", 4001)
	// What is not there does not stand in the way.
	_ = reloaded.Close()
	expect(teacher, "participant", func(p signaling.Participant) bool { return p.ID == petya.id && p.Away })
	s.dial("petya").hello(hello("desk"))
	if n := len(s.server.Inside(s.lesson)); n != 2 {
		t.Errorf("%d inside", n)
	}
}

func TestChatIsDurableAndSentOnce(t *testing.T) {
	s := newSchool(t)
	teacher, petya := s.join("teacher"), s.join("petya")
	first, err := ask[signaling.ChatMessage](petya, "chat", signaling.SendChat{ClientID: "7", Text: "  раз \n"})
	must(t, err)
	var stored []catalog.ChatMessage
	s.tx(func(tx *catalog.Tx) (err error) { stored, err = tx.Chat(s.lesson, nil, 10); return err })
	if len(stored) != 1 || stored[0].ID.String() != first.ID || stored[0].Text != "раз" {
		t.Fatalf("acknowledged, but stored %+v", stored)
	}
	repeat, err := ask[signaling.ChatMessage](petya, "chat", signaling.SendChat{ClientID: "7", Text: "два"})
	must(t, err)
	if repeat != first {
		t.Errorf("got %+v, want %+v", repeat, first)
	}
	if _, err = ask[signaling.ChatMessage](petya, "chat", signaling.SendChat{ClientID: "8", Text: "три"}); err != nil {
		t.Fatal(err)
	}
	expect(teacher, "chat", func(m signaling.ChatMessage) bool { return m.Text == "раз" })
	if next := expect[signaling.ChatMessage](teacher, "chat", nil); next.Text != "три" {
		t.Errorf("got %+v", next)
	}
	if got := petya.refused("chat", signaling.SendChat{ClientID: "9", Text: " \n "}); got != "bad_message" {
		t.Errorf("blank: %s", got)
	}
}

func TestChatPages(t *testing.T) {
	s := newSchool(t)
	s.tx(func(tx *catalog.Tx) error {
		for i := range 120 {
			_, err := tx.AddChat(catalog.ChatMessage{
				ID: uuid.New(), LessonID: s.lesson, PersonID: s.people["petya"].ID, ClientID: fmt.Sprint(i), Text: fmt.Sprint(i),
				SentAt: s.clock.Now().Add(time.Duration(i-200) * time.Microsecond),
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	teacher := s.join("teacher")
	if n := len(teacher.welcome.Chat); n != 50 || teacher.welcome.Chat[0].Text != "70" {
		t.Fatalf("%d in the welcome", n)
	}
	before, want := teacher.welcome.Chat[0].SentAt, 70
	for more := true; more; {
		page, err := ask[signaling.ChatPage](teacher, "read_chat", signaling.ReadChat{Before: before})
		must(t, err)
		for _, m := range slices.Backward(page.Messages) {
			if want--; m.Text != fmt.Sprint(want) {
				t.Fatalf("got %s, want %d", m.Text, want)
			}
		}
		before, more = page.Messages[0].SentAt, page.More
	}
	if want != 0 {
		t.Errorf("%d not read", want)
	}
}

func TestRecordingButton(t *testing.T) {
	s := newSchool(t, recorded)
	teacher := s.join("teacher")
	expect(teacher, "recording", func(r signaling.Recording) bool { return r.State == "on" && r.Since != "" })
	petya := s.join("petya")
	id := s.recorder.current()
	s.server.Saved(s.lesson, id, s.clock.Now(), "")
	expect(petya, "recording", func(r signaling.Recording) bool { return r.SavedTo == "2026-09-01T08:30:00Z" })
	s.server.Saved(s.lesson, id, s.clock.Now(), "disk_full")
	expect(petya, "recording", func(r signaling.Recording) bool { return r.State == "trouble" && r.Trouble == "disk_full" })
	teacher.do("record", signaling.SetRecording{On: false})
	expect(petya, "recording", func(r signaling.Recording) bool { return r.State == "off" && r.SavedTo == "" })
	s.recorder.failWith(errors.New("no space"))
	teacher.do("record", signaling.SetRecording{On: true})
	expect(petya, "recording", func(r signaling.Recording) bool { return r.State == "starting" })
	expect(petya, "recording", func(r signaling.Recording) bool { return r.Trouble == "not_started" })
	s.recorder.failWith(nil)
	s.clock.Advance(10 * time.Second)
	expect(petya, "recording", func(r signaling.Recording) bool { return r.State == "on" })
	petya.do("hand", signaling.RaiseHand{Up: true})
	_, err := ask[signaling.ChatMessage](petya, "chat", signaling.SendChat{ClientID: "1", Text: "x"})
	must(t, err)
	petya.do("source", signaling.SetSource{Source: "share", On: true})
	tellMedia(s, teacher.id, petya.id)
	petya.do("leave", signaling.Leave{})
	for _, kind := range []string{"join", "leave", "hand", "chat", "share", "speakers"} {
		eventually(t, kind+" on the timeline", func() bool { return s.recorder.saw(kind) })
	}
	if req := s.recorder.starts[0]; req.School != s.id || req.Lesson != s.lesson || req.Class != s.class || req.StartedBy.String() != teacher.id {
		t.Errorf("got %+v", req)
	}
}

func TestServerWithoutRecorder(t *testing.T) {
	s := newSchool(t)
	if got := s.join("teacher").refused("record", signaling.SetRecording{On: true}); got != "unavailable" {
		t.Errorf("got %s", got)
	}
}

// Revocation ends sockets and media at once: nothing on its way waits for a tick.
func TestRevocation(t *testing.T) {
	for name, revoke := range map[string]func(*school){
		"person":  func(s *school) { s.server.Revoke(s.people["petya"].ID) },
		"session": func(s *school) { s.server.EndSession(s.session) },
	} {
		t.Run(name, func(t *testing.T) {
			s := newSchool(t)
			s.join("teacher")
			petya := s.join("petya")
			silent := s.dial("petya") // no hello yet
			revoke(s)
			petya.bye("signed_out", 4004)
			silent.bye("signed_out", 4004)
			eventually(t, "out of the media", func() bool { return s.media.member(petya.id).hasLeft() })
		})
	}
}
