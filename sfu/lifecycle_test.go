package sfu_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/zvonok/zvonok/sfu"
	"github.com/zvonok/zvonok/sfu/media"
	"github.com/zvonok/zvonok/sfu/sfutest"
)

// offers of real peers, to be damaged.
func realOffers(t *testing.T) (publish, subscribe string) {
	t.Helper()
	keep := func(to *string) sfutest.Exchange {
		return func(_ context.Context, offer string) (string, error) {
			*to = offer
			return "", context.Canceled
		}
	}
	p, err := sfutest.NewPublisher(sfutest.Options{}, "q", "h", "f")
	if err != nil {
		t.Fatal(err)
	}
	_ = p.Connect(t.Context(), keep(&publish))
	_ = p.Close()
	s, err := sfutest.NewSubscriber(sfutest.Options{}, allSlots, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = s.Connect(t.Context(), keep(&subscribe))
	_ = s.Close()
	return publish, subscribe
}

func TestBadOffersHaveADefinedAnswer(t *testing.T) {
	w := newWorld(t, nil)
	m := w.join("a", sfu.Capabilities{})
	publish, subscribe := realOffers(t)
	if _, err := m.Publish(w.ctx, sfu.Publication{Offer: publish}); err != nil {
		t.Fatalf("the undamaged offer: %v", err)
	}
	if _, err := m.Subscribe(w.ctx, sfu.Subscription{Offer: subscribe, Slots: allSlots}); err != nil {
		t.Fatalf("the undamaged offer: %v", err)
	}
	for name, offer := range map[string]string{
		"empty":         "",
		"not SDP":       "hello",
		"huge":          publish + strings.Repeat("a=x\r\n", 1<<16),
		"three m-lines": publish[:strings.LastIndex(publish, "m=audio")],
		"recvonly":      strings.Replace(publish, "a=sendonly", "a=recvonly", 1),
		"wrong kind":    strings.Replace(publish, "m=audio", "m=video", 1),
		"no ICE":        strings.ReplaceAll(publish, "a=ice-", "a=ize-"),
		"no DTLS":       strings.ReplaceAll(publish, "a=fingerprint", "a=finger"),
		"bad DTLS":      strings.ReplaceAll(publish, "a=fingerprint:sha-256 ", "a=fingerprint:sha-256x"),
		"no codec":      strings.ReplaceAll(publish, "opus", "opux"),
		"same mid":      strings.Replace(publish, "a=mid:1", "a=mid:0", 1),
		"subscribe":     subscribe,
		"four layers":   strings.Replace(publish, "a=rid:q send", "a=rid:q send\r\na=rid:x send", 1),
		"zero bytes":    strings.ReplaceAll(publish, "a=", "a\x00"),
	} {
		if _, err := m.Publish(w.ctx, sfu.Publication{Offer: offer}); !errors.Is(err, sfu.ErrBadOffer) {
			t.Errorf("publish, %s: %v", name, err)
		}
	}
	for name, s := range map[string]sfu.Subscription{
		"empty":       {},
		"publish":     {Offer: publish, Slots: allSlots},
		"few slots":   {Offer: subscribe, Slots: allSlots[:5]},
		"two stages":  {Offer: subscribe, Slots: append([]media.SlotKind{1, 1}, allSlots[2:]...)},
		"wrong kinds": {Offer: subscribe, Slots: append([]media.SlotKind{media.SlotVoice}, allSlots[1:]...)},
		"sendonly":    {Offer: strings.Replace(subscribe, "a=recvonly", "a=sendonly", 1), Slots: allSlots},
	} {
		if _, err := m.Subscribe(w.ctx, s); !errors.Is(err, sfu.ErrBadOffer) {
			t.Errorf("subscribe, %s: %v", name, err)
		}
	}
}

func TestRoomsAndMembersEndOnce(t *testing.T) {
	w := newWorld(t, nil)
	if _, err := w.server.OpenRoom("room", newRecorded()); !errors.Is(err, sfu.ErrRoomExists) {
		t.Errorf("opened twice: %v", err)
	}
	old := w.join("a", sfu.Capabilities{})
	p := w.publish(old, sfutest.Options{}, nil, media.Microphone)
	tone(p, p.Microphone, 20, 1)
	in := w.subscribe(w.join("b", sfu.Capabilities{}), sfutest.Options{}, soundSlots...)
	w.until("sound", func() bool { return in.count(0) > 5 })

	// The newest join takes over; the old handle is dead.
	m := w.join("a", sfu.Capabilities{})
	publish, _ := realOffers(t)
	if _, err := old.Publish(w.ctx, sfu.Publication{Offer: publish}); !errors.Is(err, sfu.ErrClosed) {
		t.Errorf("a replaced member published: %v", err)
	}
	w.until("the slot is free", func() bool { return w.events.slot("b", 0).Participant == "" })
	again := w.publish(m, sfutest.Options{}, nil, media.Microphone)
	tone(again, again.Microphone, 20, 1)
	in.clear()
	w.until("sound again", func() bool { return in.count(0) > 5 })
	if s := w.server.Stats(); s.Participants != 2 || s.PublishLegs != 1 || s.SubscribeLegs != 1 || s.Rooms != 1 {
		t.Errorf("%+v", s)
	}
	m.Leave()
	m.Leave()
	w.until("alone", func() bool { return w.server.Stats().Participants == 1 })

	if err := w.room.Close(); err != nil {
		t.Error(err)
	}
	if err := w.room.Close(); err != nil {
		t.Error(err)
	}
	if _, err := w.room.Join(w.ctx, "c", sfu.Capabilities{}); !errors.Is(err, sfu.ErrClosed) {
		t.Errorf("joined a closed room: %v", err)
	}
	if _, ok := w.server.Room("room"); ok {
		t.Error("a closed room is still known")
	}
	m.SetView(sfu.View{})
	m.SetSource(media.Camera, true)
	m.Leave()
	w.room.SetTap(nil)
	if err := w.server.Close(); err != nil {
		t.Error(err)
	}
	if _, err := w.server.OpenRoom("late", newRecorded()); !errors.Is(err, sfu.ErrClosed) {
		t.Errorf("opened a room on a closed server: %v", err)
	}
}

// panicky panics when the tap opens its first source.
type panicky struct{ reel }

func (*panicky) Open(sfu.TapSource) sfu.TapTrack { panic("on purpose") }

// panickyLine panics on a shard.
type panickyTap struct{ reel }

func (p *panickyTap) Open(src sfu.TapSource) sfu.TapTrack { return panickyLine{p.reel.Open(src)} }

type panickyLine struct{ sfu.TapTrack }

func (panickyLine) Packet(*media.Packet) { panic("on purpose") }

func TestAPanicEndsOneRoomOnly(t *testing.T) {
	for name, tap := range map[string]sfu.Tap{"room": &panicky{}, "shard": &panickyTap{}} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, nil)
			other, err := w.server.OpenRoom("other", newRecorded())
			if err != nil {
				t.Fatal(err)
			}
			m := w.join("a", sfu.Capabilities{})
			p := w.publish(m, sfutest.Options{}, nil, media.Microphone)
			tone(p, p.Microphone, 20, 1)
			w.room.SetTap(tap)
			w.until("the room ends", func() bool { _, ok := w.server.Room("room"); return !ok })
			w.until("its members know", func() bool {
				w.events.mu.Lock()
				defer w.events.mu.Unlock()
				return w.events.legs["a0"] == sfu.LegFailed
			})
			if _, err := other.Join(w.ctx, "b", sfu.Capabilities{}); err != nil {
				t.Errorf("the other room: %v", err)
			}
			if n := w.server.Stats().RecoveredPanic; n == 0 {
				t.Error("the panic was not counted")
			}
		})
	}
}
