package whip_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"github.com/zvonok/zvonok/api"
	"github.com/zvonok/zvonok/signaling"
	"github.com/zvonok/zvonok/storage/catalog"
)

// knock tries to come in and gives what the door answered.
func (s *school) knock(made api.DoorMade, token string) answer {
	s.t.Helper()
	offer := publishOffer(s.t)
	if strings.HasSuffix(made.URL, "/whep") {
		d := newDevice(s.t, "")
		d.receives()
		offer = d.offer()
	}
	return request(s.t, http.MethodPost, made.URL, token, offer, "Content-Type", "application/sdp")
}

func (s *school) refused(what string, made api.DoorMade, token string, status int, challenge string) {
	s.t.Helper()
	a := s.knock(made, token)
	if got := a.header.Get("WWW-Authenticate"); a.status != status || got != challenge || a.header.Get("Access-Control-Allow-Origin") != "*" {
		s.t.Errorf("%s: %d, %q, not %d, %q: %s", what, a.status, got, status, challenge, a.body)
	}
}

const (
	anonymous = `Bearer realm="zvonok"`
	badToken  = anonymous + `, error="invalid_token"`
	otherDoor = anonymous + `, error="insufficient_scope"`
)

// isGone waits until the door's session is over: its media has stopped and its URL names nothing.
func (s *school) isGone(teacher *person, made api.DoorMade, reason string) {
	s.t.Helper()
	sees(teacher, "participant_left", func(p signaling.ParticipantLeft) bool { return p.ID == made.DeviceID && p.Reason == reason })
}

func TestADeviceInALesson(t *testing.T) {
	s := newSchool(t)
	camera, screen := s.door("publish"), s.door("watch")
	if a := s.knock(camera, camera.Token); a.status != http.StatusConflict || a.header.Get("Retry-After") == "" {
		t.Errorf("before the lesson: %d %s", a.status, a.body)
	}
	teacher := s.join(s.demo.Teacher)
	d := s.camera(camera)
	if len(d.link) != 1 || d.link[0] != `<turn:127.0.0.1:9?transport=udp>; rel="ice-server"; username="u"; credential="c"; credential-type="password"` {
		t.Errorf("relays: %v", d.link)
	}
	seen := sees(teacher, "participant", func(p signaling.Participant) bool { return p.ID == camera.DeviceID && len(p.Sources) == 2 })
	if seen.Role != "device" || seen.Name != "Пульт" || seen.Away || strings.Join(seen.Sources, " ") != "microphone camera" {
		t.Errorf("seen as %+v", seen)
	}
	hall := newDevice(t, screen.Token)
	got := hall.receives()
	hall.post(screen.URL)
	until(t, "picture and sound on the screen", func() bool { return got.count(picture) > 20 && got.count(sound) > 40 })
	got.check(t, webrtc.MimeTypeVP8, 1)

	// Only the same token touches a session.
	for name, token := range map[string]string{"the other door's": screen.Token, "none": "", "an invented one": strings.Repeat("A", 43)} {
		want := map[bool]int{true: http.StatusNotFound, false: http.StatusUnauthorized}[token == screen.Token]
		if a := request(t, http.MethodDelete, d.location, token, ""); a.status != want {
			t.Errorf("DELETE with %s: %d", name, a.status)
		}
	}
	d.restart(t)
	// An encoder that starts anew takes its own place.
	again := s.camera(camera)
	s.isGone(teacher, camera, "left")
	sees(teacher, "participant", func(p signaling.Participant) bool { return p.ID == camera.DeviceID && len(p.Sources) == 2 })
	if a := request(t, http.MethodDelete, d.location, camera.Token, ""); a.status != http.StatusNotFound {
		t.Errorf("the session before: %d", a.status)
	}
	if a := request(t, http.MethodDelete, again.location, camera.Token, ""); a.status != http.StatusOK {
		t.Errorf("DELETE: %d %s", a.status, a.body)
	}
	s.isGone(teacher, camera, "left")
	for _, secret := range []string{camera.Token, screen.Token} {
		if s.mu.Lock(); strings.Contains(s.logged.String(), secret) || strings.Contains(d.location, secret) {
			t.Error("a token is in a log or a URL")
		}
		s.mu.Unlock()
	}
}

func TestTokensThatOpenNothing(t *testing.T) {
	s := newSchool(t)
	camera, screen := s.door("publish"), s.door("watch")
	s.join(s.demo.Teacher)
	s.refused("no token", camera, "", 401, anonymous)
	s.refused("no token of ours", camera, "x", 401, badToken)
	s.refused("an unknown token", camera, strings.Repeat("A", 43), 401, badToken)
	s.refused("a screen that sends", camera, screen.Token, 403, otherDoor)
	s.refused("a camera that looks", screen, camera.Token, 403, otherDoor)
	s.pass(time.Hour)
	s.refused("an old token", camera, camera.Token, 401, badToken)
	if n := s.media.Stats().Participants; n != 1 {
		t.Errorf("%d participants", n)
	}
}

// TestDevicesGo is each way in which a running session ends at once, and what the device is told when it comes again.
func TestDevicesGo(t *testing.T) {
	for name, c := range map[string]struct {
		end       func(s *school, teacher *person, made api.DoorMade)
		reason    string
		status    int
		challenge string
	}{
		"its door is revoked": {func(s *school, _ *person, made api.DoorMade) {
			s.ask(http.MethodDelete, "/lessons/"+s.lesson.ID.String()+"/doors/"+made.ID, "", s.cookie(s.demo.Teacher))
		}, "left", 401, badToken},
		"its time is over": {func(s *school, _ *person, _ api.DoorMade) { s.pass(time.Hour) }, "left", 401, badToken},
		"it is sent out": {func(_ *school, teacher *person, made api.DoorMade) {
			teacher.do("remove", signaling.Remove{Participant: made.DeviceID})
		}, "removed", 403, ""},
		"its maker leaves the class": {func(s *school, _ *person, _ api.DoorMade) {
			must(s.t, s.db.In(s.t.Context(), s.demo.School.ID, func(tx *catalog.Tx) error {
				return tx.AddToClass(s.demo.Class.ID, s.demo.OtherTeacher.ID)
			}))
			s.ask(http.MethodDelete, "/classes/"+s.demo.Class.ID.String()+"/people/"+s.demo.Teacher.ID.String(), "", s.cookie(s.demo.Admin))
		}, "left", 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSchool(t)
			camera, screen := s.door("publish"), s.door("watch")
			teacher := s.join(s.demo.Admin)
			d := s.camera(camera)
			hall := newDevice(t, screen.Token)
			got := hall.receives()
			hall.post(screen.URL)
			until(t, "the picture", func() bool { return got.count(picture) > 10 })
			c.end(s, teacher, camera)
			s.isGone(teacher, camera, c.reason)
			if c.status != 0 {
				s.refused("coming again", camera, camera.Token, c.status, c.challenge)
			}
			if a := request(t, http.MethodDelete, d.location, camera.Token, ""); a.status < 400 {
				t.Errorf("its session is there: %d", a.status)
			}
			until(t, "the device notices", func() bool { return d.pc.ConnectionState() != webrtc.PeerConnectionStateConnected })
		})
	}
}

func TestDevicesGoWithTheLesson(t *testing.T) {
	s := newSchool(t)
	camera := s.door("publish")
	teacher := s.join(s.demo.Teacher)
	d := s.camera(camera)
	sees(teacher, "participant", func(p signaling.Participant) bool { return p.ID == camera.DeviceID && len(p.Sources) == 2 })
	teacher.do("end", signaling.EndLesson{})
	until(t, "the media closes", func() bool { return s.media.Stats().Rooms == 0 })
	if a := s.knock(camera, camera.Token); a.status != http.StatusConflict || a.header.Get("Retry-After") != "" || !strings.Contains(a.body, "lesson_ended") {
		t.Errorf("after the lesson: %d %s", a.status, a.body)
	}
	until(t, "the device notices", func() bool { return d.pc.ConnectionState() != webrtc.PeerConnectionStateConnected })
}

// TestADeviceAndModeration: whoever is sent out may be let in again, and quiet for all is for the class, not for the hall.
func TestADeviceAndModeration(t *testing.T) {
	s := newSchool(t)
	camera := s.door("publish")
	teacher := s.join(s.demo.Teacher)
	s.camera(camera)
	on := func(sources string) func(p signaling.Participant) bool {
		return func(p signaling.Participant) bool {
			return p.ID == camera.DeviceID && strings.Join(p.Sources, " ") == sources
		}
	}
	sees(teacher, "participant", on("microphone camera"))
	teacher.do("mute", signaling.Mute{Source: "microphone"})
	teacher.do("mute", signaling.Mute{Source: "camera", Participant: camera.DeviceID})
	sees(teacher, "participant", on("microphone"))
	teacher.do("remove", signaling.Remove{Participant: camera.DeviceID})
	s.isGone(teacher, camera, "removed")
	teacher.do("admit", signaling.Admit{Participant: camera.DeviceID})
	s.camera(camera)
	sees(teacher, "participant", on("microphone camera"))
}

// TestADeviceThatOnlyHangsUp: closing the transport is goodbye enough; many encoders know no DELETE.
func TestADeviceThatOnlyHangsUp(t *testing.T) {
	s := newSchool(t)
	camera := s.door("publish")
	teacher := s.join(s.demo.Teacher)
	d := s.camera(camera)
	until(t, "connected", func() bool { return d.pc.ConnectionState() == webrtc.PeerConnectionStateConnected })
	d.close()
	s.isGone(teacher, camera, "left")
	if a := request(t, http.MethodDelete, d.location, camera.Token, ""); a.status != http.StatusNotFound {
		t.Errorf("its session is there: %d", a.status)
	}
}

// TestGStreamerThroughTheSchoolsDoors: what one GStreamer sends with its token, another shows with its own.
func TestGStreamerThroughTheSchoolsDoors(t *testing.T) {
	s := newSchool(t)
	camera, screen := s.door("publish"), s.door("watch")
	teacher := s.join(s.demo.Teacher)
	webrtcbin(t, "publish", camera.URL, "h264", camera.Token)
	sees(teacher, "participant", func(p signaling.Participant) bool { return p.ID == camera.DeviceID && len(p.Sources) == 2 })
	played := webrtcbin(t, "play", screen.URL, "h264", screen.Token)
	until(t, "decoded picture and sound", func() bool { return played("picture 320x240") >= 2 && played("sound") >= 2 })
}
