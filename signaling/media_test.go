package signaling_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/zvonok/zvonok/sfu"
	"github.com/zvonok/zvonok/sfu/media"
	"github.com/zvonok/zvonok/sfu/sfutest"
	"github.com/zvonok/zvonok/signaling"
)

// ear keeps when packets last came, by the first byte of their payload.
type ear struct {
	mu    sync.Mutex
	last  map[byte]time.Time
	count map[byte]int
}

func newEar() *ear { return &ear{last: map[byte]time.Time{}, count: map[byte]int{}} }

func (e *ear) hear(r sfutest.Received) {
	if len(r.Packet.Payload) == 0 {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.last[r.Packet.Payload[0]] = r.Arrival
	e.count[r.Packet.Payload[0]]++
}

func (e *ear) heard(mark byte) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.count[mark]
}

func (e *ear) silentFor(mark byte) time.Duration {
	e.mu.Lock()
	defer e.mu.Unlock()
	return time.Since(e.last[mark])
}

// speak opens a publish transport by the protocol and sends a tone on the microphone.
func (p *person) speak(mark byte) {
	p.s.t.Helper()
	ctx, cancel := context.WithTimeout(p.s.t.Context(), patience)
	defer cancel()
	pub, err := sfutest.NewPublisher(sfutest.Options{})
	must(p.s.t, err)
	p.s.t.Cleanup(func() { _ = pub.Close() })
	must(p.s.t, pub.Connect(ctx, func(_ context.Context, offer string) (string, error) {
		a, err := ask[signaling.Answer](p, "publish", signaling.Publish{SDP: offer})
		return a.SDP, err
	}))
	ts := uint32(1000)
	pub.Every(20*time.Millisecond, func(time.Time) bool {
		ts += 960
		return pub.Microphone.Write(sfutest.Packet{TS: ts, Payload: []byte{mark, 1, 2, 3}, Level: 20}) == nil
	})
}

// listen opens a subscribe transport by the protocol.
func (p *person) listen() *ear {
	p.s.t.Helper()
	ctx, cancel := context.WithTimeout(p.s.t.Context(), patience)
	defer cancel()
	kinds := []media.SlotKind{media.SlotStageVideo, media.SlotStageVoice, media.SlotVoice, media.SlotVoice, media.SlotVoice}
	names := make([]string, 0, len(kinds))
	for _, k := range kinds {
		names = append(names, k.String())
	}
	in := newEar()
	sub, err := sfutest.NewSubscriber(sfutest.Options{}, kinds, in.hear, nil)
	must(p.s.t, err)
	p.s.t.Cleanup(func() { _ = sub.Close() })
	must(p.s.t, sub.Connect(ctx, func(_ context.Context, offer string) (string, error) {
		a, err := ask[signaling.Answer](p, "subscribe", signaling.Subscribe{SDP: offer, Slots: names})
		return a.SDP, err
	}))
	return in
}

// TestLessonWithRealMedia is the whole path but for the browser: WebSocket, rooms, PostgreSQL, the SFU, Pion clients.
func TestLessonWithRealMedia(t *testing.T) {
	server, err := sfu.NewServer(sfu.Config{Listen: "127.0.0.1:0"})
	must(t, err)
	t.Cleanup(func() { must(t, server.Close()) })
	s := newSchool(t, withMedia(func(room media.RoomID, ev sfu.Events) (sfu.Conference, error) {
		return server.OpenRoom(room, ev)
	}))
	teacher, petya := s.join("teacher"), s.join("petya")
	teacher.speak('T')
	petya.speak('P')
	inTeacher, inPetya := teacher.listen(), petya.listen()
	if inPetya.heard('T') != 0 {
		t.Error("heard before the source was on")
	}
	for _, p := range []*person{teacher, petya} {
		p.do("source", signaling.SetSource{Source: "microphone", On: true})
		expect(p, "transport", func(tr signaling.Transport) bool { return tr.Leg == "subscribe" && tr.State == "connected" })
	}
	eventually(t, "each hears the other", func() bool { return inTeacher.heard('P') > 5 && inPetya.heard('T') > 5 })
	petya.seen = 0 // in which order these come is the media's business
	expect(petya, "slots", func(sl signaling.Slots) bool { return namesIn(sl, teacher.id) })
	petya.seen = 0
	expect(petya, "speakers", func(sp signaling.Speakers) bool { return len(sp.Speaking) == 2 })
	if inPetya.heard('P') != 0 {
		t.Error("hears oneself")
	}

	teacher.do("mute", signaling.Mute{Participant: petya.id, Source: "microphone"})
	expect[signaling.Muted](petya, "muted", nil)
	eventually(t, "the muted is silent", func() bool { return inTeacher.silentFor('P') > 300*time.Millisecond })
	before := inTeacher.heard('P')
	petya.do("source", signaling.SetSource{Source: "microphone", On: true})
	eventually(t, "the unmuted is heard", func() bool { return inTeacher.heard('P') > before })

	// A lost socket does not silence anyone; a resume offers nothing anew.
	_ = petya.Close()
	expect(teacher, "participant", func(p signaling.Participant) bool { return p.ID == petya.id && p.Away })
	before = inTeacher.heard('P')
	eventually(t, "the away is heard", func() bool { return inTeacher.heard('P') > before+10 })
	again := s.dial("petya")
	h := hello("petya")
	h.Resume = &signaling.Resume{Token: petya.welcome.Token, Last: petya.Events()[len(petya.Events())-1].N}
	again.hello(h)
	if !again.welcome.Resumed {
		t.Fatal("not resumed")
	}

	teacher.do("remove", signaling.Remove{Participant: petya.id})
	again.bye("removed", 4002)
	eventually(t, "the removed is silent", func() bool { return inTeacher.silentFor('P') > 300*time.Millisecond })
	teacher.do("end", signaling.EndLesson{})
	eventually(t, "the room is closed", func() bool { _, open := server.Room(media.RoomID(s.lesson.String())); return !open })
}

func namesIn(s signaling.Slots, id string) bool {
	for _, o := range s.Slots {
		if o.Participant == id {
			return true
		}
	}
	return false
}

// A bad offer is told from a good one by the real parser, and what a role may not send is not forwarded.
func TestMalformedOffers(t *testing.T) {
	server, err := sfu.NewServer(sfu.Config{Listen: "127.0.0.1:0"})
	must(t, err)
	t.Cleanup(func() { must(t, server.Close()) })
	s := newSchool(t, withMedia(func(room media.RoomID, ev sfu.Events) (sfu.Conference, error) {
		return server.OpenRoom(room, ev)
	}))
	teacher := s.join("teacher")
	for _, sdp := range []string{"x", "v=0\r\n", "v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"} {
		if got := teacher.refused("publish", signaling.Publish{SDP: sdp}); got != "bad_offer" {
			t.Errorf("%q: %s", sdp, got)
		}
	}
	if got := teacher.refused("subscribe", signaling.Subscribe{SDP: "x", Slots: []string{"voice"}}); got != "bad_offer" {
		t.Errorf("got %s", got)
	}
}
