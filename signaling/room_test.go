package signaling_test

import (
	"errors"
	"testing"

	"github.com/zvonok/zvonok/sfu/media"
	"github.com/zvonok/zvonok/signaling"
)

func TestWaitingForTheTeacher(t *testing.T) {
	s := newSchool(t)
	petya, vasya := s.join("petya"), s.join("vasya")
	if petya.welcome.Room.State != "waiting" || len(vasya.welcome.People) != 1 {
		t.Fatalf("got %+v", vasya.welcome)
	}
	for name, message := range everyRequest(s) {
		if name == "ping" || name == "leave" || name == "hello" {
			continue
		}
		want := "not_now"
		switch name {
		case "mute", "lower_hand", "remove", "admit", "record", "end":
			want = "not_allowed"
		}
		if got := petya.refused(name, message); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	teacher := s.join("teacher")
	if len(teacher.welcome.People) != 3 || teacher.welcome.Room.State != "live" {
		t.Fatalf("got %+v", teacher.welcome)
	}
	expect(petya, "room", func(r signaling.RoomState) bool { return r.State == "live" })
	for _, id := range []string{vasya.id, teacher.id} {
		petya.seen = 0
		expect(petya, "participant", func(p signaling.Participant) bool { return p.ID == id })
	}
	if s.media.member(petya.id) == nil {
		t.Error("who waited is not in the media")
	}
	petya.do("hand", signaling.RaiseHand{Up: true})
}

// A server that was killed leaves the lesson open: everyone comes back to a live room with hands and chat.
func TestRestartInMidLesson(t *testing.T) {
	s := newSchool(t, recorded)
	teacher, petya := s.join("teacher"), s.join("petya")
	expect(teacher, "recording", func(r signaling.Recording) bool { return r.State == "on" })
	petya.do("hand", signaling.RaiseHand{Up: true})
	chatted, err := ask[signaling.ChatMessage](petya, "chat", signaling.SendChat{ClientID: "1", Text: "ещё раз"})
	must(t, err)
	before := s.recorder.current()
	s.stop()
	petya.bye("upgraded", 1001)
	s.start()

	again := s.dial("petya")
	h := hello("petya")
	h.Resume = &signaling.Resume{Token: petya.welcome.Token, Last: 3}
	again.hello(h)
	w := again.welcome
	if w.Resumed || w.Room.State != "live" || w.Room.EndsAt == "" {
		t.Errorf("got %+v", w.Room)
	}
	if len(w.Chat) != 1 || w.Chat[0] != chatted {
		t.Errorf("chat %+v", w.Chat)
	}
	if w.People[0].HandAt == "" {
		t.Error("the hand is down")
	}
	s.join("teacher")
	expect(again, "room", func(r signaling.RoomState) bool { return r.EndsAt == "" })
	eventually(t, "the recording goes on", func() bool { n, _ := s.recorder.counts(); return n == 2 })
	if s.recorder.current() != before {
		t.Error("another recording")
	}
}

func TestLastStaffGone(t *testing.T) {
	s := newSchool(t, recorded)
	teacher, petya := s.join("teacher"), s.join("petya")
	expect(teacher, "recording", func(r signaling.Recording) bool { return r.State == "on" })
	teacher.do("leave", signaling.Leave{})
	teacher.bye("left", 1000)
	expect(petya, "participant_left", func(l signaling.ParticipantLeft) bool { return l.Reason == "left" })
	state := expect(petya, "room", func(r signaling.RoomState) bool { return r.EndsAt != "" })
	if state.EndsAt != "2026-09-01T08:35:00Z" {
		t.Errorf("ends at %s", state.EndsAt)
	}
	teacher = s.join("teacher")
	expect(petya, "room", func(r signaling.RoomState) bool { return r.EndsAt == "" })
	teacher.do("leave", signaling.Leave{})
	expect(petya, "room", func(r signaling.RoomState) bool { return r.EndsAt != "" })
	s.clock.Advance(later)
	expect(petya, "room", func(r signaling.RoomState) bool { return r.State == "ended" })
	petya.bye("ended", 4003)
	eventually(t, "the lesson is over in the catalog", func() bool { return s.ended() })
	if _, stops := s.recorder.counts(); stops != 1 {
		t.Errorf("%d stops", stops)
	}
	if got := s.dial("petya").refused("hello", hello("petya")); got != "ended" {
		t.Errorf("got %s", got)
	}
}

func TestTeacherEnds(t *testing.T) {
	s := newSchool(t)
	teacher, petya := s.join("teacher"), s.join("petya")
	teacher.do("end", signaling.EndLesson{})
	if !s.ended() {
		t.Error("answered before the catalog knew")
	}
	petya.bye("ended", 4003)
	teacher.bye("ended", 4003)
	if !s.media.member(petya.id).hasLeft() {
		t.Error("still in the media")
	}
	eventually(t, "the media is closed", func() bool {
		s.media.mu.Lock()
		defer s.media.mu.Unlock()
		return s.media.closed == 1
	})
	late := s.dial("petya")
	if got := late.refused("hello", hello("petya")); got != "ended" {
		t.Errorf("got %s", got)
	}
	late.closed(4003)
}

// A lesson that nobody comes back to after a crash ends by itself.
func TestReopenEndsWhatNobodyComesBackTo(t *testing.T) {
	s := newSchool(t, recorded)
	teacher := s.join("teacher")
	expect(teacher, "recording", func(r signaling.Recording) bool { return r.State == "on" })
	s.stop()
	s.start()
	must(t, s.server.Reopen(t.Context()))
	eventually(t, "the recording goes on", func() bool { return s.recorder.startsOf(s.lesson) == 2 })
	s.clock.Advance(later)
	eventually(t, "the lesson is over", func() bool { _, n := s.recorder.counts(); return n > 0 && s.ended() })
}

func TestMuteIsEnforced(t *testing.T) {
	s := newSchool(t)
	teacher, petya, vasya := s.join("teacher"), s.join("petya"), s.join("vasya")
	for _, p := range []*person{teacher, petya, vasya} {
		p.do("source", signaling.SetSource{Source: "microphone", On: true})
	}
	petya.do("source", signaling.SetSource{Source: "camera", On: true})
	teacher.do("mute", signaling.Mute{Participant: petya.id, Source: "microphone"})
	muted := expect[signaling.Muted](petya, "muted", nil)
	if muted.By != nameOf("teacher") || muted.Source != "microphone" {
		t.Errorf("got %+v", muted)
	}
	if s.media.member(petya.id).isOpen(media.Microphone) || !s.media.member(petya.id).isOpen(media.Camera) {
		t.Error("wrong gates")
	}
	expect(vasya, "participant", func(p signaling.Participant) bool {
		return p.ID == petya.id && len(p.Sources) == 1 && p.Sources[0] == "camera"
	})
	petya.do("source", signaling.SetSource{Source: "microphone", On: true})
	if !s.media.member(petya.id).isOpen(media.Microphone) {
		t.Error("may not unmute")
	}
	teacher.do("mute", signaling.Mute{Source: "microphone"})
	for id, open := range map[string]bool{teacher.id: true, petya.id: false, vasya.id: false} {
		if s.media.member(id).isOpen(media.Microphone) != open {
			t.Errorf("%s: not %v", id, open)
		}
	}
	if got := teacher.refused("mute", signaling.Mute{Participant: s.people["masha"].ID.String(), Source: "camera"}); got != "not_now" {
		t.Errorf("got %s", got)
	}
}

// TestPicturesAreStopped: a camera and a screen are closed in the server like a microphone, the screen with its sound, and
// their owner is told.
func TestPicturesAreStopped(t *testing.T) {
	s := newSchool(t)
	teacher, petya, vasya := s.join("teacher"), s.join("petya"), s.join("vasya")
	for _, source := range []string{"microphone", "camera", "share", "share_audio"} {
		petya.do("source", signaling.SetSource{Source: source, On: true})
	}
	for _, source := range []string{"camera", "share"} {
		if got := vasya.refused("mute", signaling.Mute{Participant: petya.id, Source: source}); got != "not_allowed" {
			t.Errorf("a fellow pupil stops %s: %s", source, got)
		}
		teacher.do("mute", signaling.Mute{Participant: petya.id, Source: source})
		told := expect(petya, "muted", func(m signaling.Muted) bool { return m.Source == source })
		if told.By != nameOf("teacher") {
			t.Errorf("by %q", told.By)
		}
	}
	for source, open := range map[media.Source]bool{media.Microphone: true, media.Camera: false, media.Share: false, media.ShareAudio: false} {
		if s.media.member(petya.id).isOpen(source) != open {
			t.Errorf("%v: open is not %v", source, open)
		}
	}
	expect(vasya, "participant", func(p signaling.Participant) bool {
		return p.ID == petya.id && len(p.Sources) == 1 && p.Sources[0] == "microphone"
	})
}

func TestRemoveLastsUntilLetIn(t *testing.T) {
	s := newSchool(t)
	teacher, petya, vasya := s.join("teacher"), s.join("petya"), s.join("vasya")
	teacher.do("remove", signaling.Remove{Participant: petya.id})
	petya.bye("removed", 4002)
	expect(vasya, "participant_left", func(l signaling.ParticipantLeft) bool { return l.ID == petya.id && l.Reason == "removed" })
	out := expect[signaling.Removed](teacher, "removed", nil)
	if len(out.People) != 1 || out.People[0].Name != nameOf("petya") {
		t.Errorf("got %+v", out)
	}
	for _, e := range vasya.Events() {
		if e.Name == "removed" {
			t.Error("a student is told who is out")
		}
	}
	// Not even a new server lets them in.
	s.stop()
	s.start()
	back := s.dial("petya")
	if got := back.refused("hello", hello("petya")); got != "removed" {
		t.Errorf("got %s", got)
	}
	back.closed(4002)
	teacher = s.join("teacher")
	if len(teacher.welcome.Removed) != 1 {
		t.Errorf("got %+v", teacher.welcome.Removed)
	}
	if got := teacher.refused("admit", signaling.Admit{Participant: vasya.id}); got != "not_now" {
		t.Errorf("got %s", got)
	}
	teacher.do("admit", signaling.Admit{Participant: petya.id})
	expect(teacher, "removed", func(r signaling.Removed) bool { return len(r.People) == 0 })
	s.join("petya")
	if got := teacher.refused("remove", signaling.Remove{Participant: teacher.id}); got != "not_allowed" {
		t.Errorf("staff removed: %s", got)
	}
}

func TestHands(t *testing.T) {
	s := newSchool(t)
	teacher, petya, vasya := s.join("teacher"), s.join("petya"), s.join("vasya")
	up := func(id string, want bool) func(signaling.Participant) bool {
		return func(p signaling.Participant) bool { return p.ID == id && (p.HandAt != "") == want }
	}
	petya.do("hand", signaling.RaiseHand{Up: true})
	first := expect(teacher, "participant", up(petya.id, true)).HandAt
	s.clock.Advance(1e9)
	petya.do("hand", signaling.RaiseHand{Up: true})
	vasya.do("hand", signaling.RaiseHand{Up: true})
	if second := expect(teacher, "participant", up(vasya.id, true)).HandAt; second <= first {
		t.Errorf("%s then %s", first, second)
	}
	teacher.do("lower_hand", signaling.LowerHand{Participant: vasya.id})
	expect(vasya, "participant", up(vasya.id, false))
	vasya.do("hand", signaling.RaiseHand{Up: true})
	teacher.do("lower_hand", signaling.LowerHand{})
	expect(teacher, "participant", up(petya.id, false))
	vasya.do("hand", signaling.RaiseHand{Up: true})
	vasya.do("hand", signaling.RaiseHand{Up: false})
}

func TestOneShareAtATime(t *testing.T) {
	s := newSchool(t)
	teacher, petya, vasya := s.join("teacher"), s.join("petya"), s.join("vasya")
	share := signaling.SetSource{Source: "share", On: true}
	petya.do("source", share)
	petya.do("source", signaling.SetSource{Source: "share_audio", On: true})
	vasya.do("source", share)
	expect(petya, "muted", func(m signaling.Muted) bool { return m.Source == "share" })
	expect(petya, "muted", func(m signaling.Muted) bool { return m.Source == "share_audio" })
	teacher.do("source", share)
	expect(vasya, "muted", func(m signaling.Muted) bool { return m.By == nameOf("teacher") })
	if got := petya.refused("source", share); got != "not_now" {
		t.Errorf("got %s", got)
	}
	teacher.do("source", signaling.SetSource{Source: "share", On: false})
	petya.do("source", share)
}

func TestMediaIsPassedOn(t *testing.T) {
	s := newSchool(t)
	teacher, petya := s.join("teacher"), s.join("petya")
	for _, name := range []string{"publish", "subscribe"} {
		a, err := ask[signaling.Answer](petya, name, everyRequest(s)[name])
		if err != nil || a.SDP != "v=0 answer" {
			t.Errorf("%s: %+v %v", name, a, err)
		}
	}
	if got := petya.refused("publish", signaling.Publish{SDP: "nonsense"}); got != "bad_offer" {
		t.Errorf("got %s", got)
	}
	if allowed := s.media.member(petya.id).allowed; allowed != [media.Sources]bool{true, true, true, true} {
		t.Errorf("allowed %v", allowed)
	}
	petya.do("view", signaling.SetView{Stage: teacher.id, StageHeight: 720, Tiles: []signaling.TileView{{Participant: teacher.id, Height: 90}}})
	if v := s.media.member(petya.id).view; string(v.Stage) != teacher.id || len(v.Tiles) != 1 || v.Tiles[0].Height != 90 {
		t.Errorf("view %+v", v)
	}
	tellMedia(s, teacher.id, petya.id)
	slots := expect[signaling.Slots](petya, "slots", nil)
	if len(slots.Slots) != 2 || slots.Slots[0].Slot != 0 || slots.Slots[1].Participant != teacher.id {
		t.Errorf("got %+v", slots)
	}
	expect(petya, "transport", func(tr signaling.Transport) bool { return tr.Leg == "subscribe" && tr.State == "failed" })
	expect(teacher, "codec", func(c signaling.VideoCodec) bool { return c.Codec == "vp9" })
	expect(teacher, "speakers", func(sp signaling.Speakers) bool { return sp.Active == petya.id })
	late := s.join("vasya")
	if late.welcome.Codec != "vp9" || late.welcome.Speakers.Active != petya.id {
		t.Errorf("late joiner: %+v", late.welcome)
	}
}

func TestMediaThatDoesNotOpen(t *testing.T) {
	s := newSchool(t)
	s.media.mu.Lock()
	s.media.fail = errors.New("no port")
	s.media.mu.Unlock()
	p := s.dial("teacher")
	if got := p.refused("hello", hello("teacher")); got != "unavailable" {
		t.Errorf("got %s", got)
	}
	p.closed(1013)
	s.media.mu.Lock()
	s.media.fail = nil
	s.media.mu.Unlock()
	s.join("teacher")
}

// When a room's media broke down, the next offer joins it anew, with the same gates open.
func TestMediaThatBreaksDown(t *testing.T) {
	s := newSchool(t)
	teacher := s.join("teacher")
	teacher.do("source", signaling.SetSource{Source: "microphone", On: true})
	broken := s.media.member(teacher.id)
	broken.mu.Lock()
	broken.failed = true
	broken.mu.Unlock()
	if _, err := ask[signaling.Answer](teacher, "publish", signaling.Publish{SDP: "v=0"}); err != nil {
		t.Fatal(err)
	}
	if now := s.media.member(teacher.id); now == broken || !now.isOpen(media.Microphone) || now.isOpen(media.Camera) {
		t.Error("not joined anew, or with other gates")
	}
}
