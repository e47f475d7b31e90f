package sfu_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/zvonok/zvonok/sfu"
	"github.com/zvonok/zvonok/sfu/media"
	"github.com/zvonok/zvonok/sfu/sfutest"
)

// marks are the speakers whose packets are among those received, by the first byte of the payload.
func marks(received []sfutest.Received) map[byte]int {
	out := map[byte]int{}
	for _, r := range received {
		out[r.Packet.Payload[0]]++
	}
	return out
}

var soundSlots = []media.SlotKind{media.SlotStageVoice, media.SlotVoice, media.SlotVoice, media.SlotVoice}

func TestOfFiveTonesTheLoudestThreeAreHeard(t *testing.T) {
	w := newWorld(t, nil)
	listener := w.join("listener", sfu.Capabilities{})
	in := w.subscribe(listener, sfutest.Options{}, soundSlots...)
	members := map[byte]sfu.Member{}
	levels := []uint8{34, 10, 28, 16, 22} // speakers 1 to 5: the loudest are 2, 4, 5
	var first *inbox
	for i, level := range levels {
		mark := byte(i + 1)
		m := w.join(media.ParticipantID(fmt.Sprint("p", mark)), sfu.Capabilities{})
		members[mark] = m
		p := w.publish(m, sfutest.Options{}, nil, media.Microphone)
		tone(p, p.Microphone, level, mark)
		if mark == 2 {
			first = w.subscribe(m, sfutest.Options{}, soundSlots...)
		}
	}
	loudest := func(in *inbox, want ...byte) func() bool {
		return func() bool {
			got := marks(in.snapshot())
			in.clear()
			if len(got) != len(want) {
				return false
			}
			for _, m := range want {
				if got[m] == 0 {
					return false
				}
			}
			return true
		}
	}
	settle := func(in *inbox, want ...byte) {
		t.Helper()
		w.until(fmt.Sprint("hearing ", want), func() bool {
			in.clear()
			return settled(in, 300*time.Millisecond) && loudest(in, want...)()
		})
	}
	settle(in, 2, 4, 5)
	first.clear()
	in.clear()
	w.during(time.Second, "only the loudest three", func() bool {
		got := marks(in.snapshot())
		return got[1] == 0 && got[3] == 0
	})
	// Who speaks hears the others and never oneself. On its stage is whoever was there before it spoke.
	if got := marks(first.snapshot()); got[2] != 0 || got[4] == 0 || got[5] == 0 || len(got) > 3 {
		t.Errorf("the loudest hears %v", got)
	}

	// A closed microphone is silent within 200 ms, and the next one takes its place.
	closed := time.Now()
	members[2].SetSource(media.Microphone, false)
	settle(in, 3, 4, 5)
	for _, r := range in.snapshot() {
		if r.Packet.Payload[0] == 2 && r.Arrival.Sub(closed) > 200*time.Millisecond {
			t.Errorf("heard %v after the microphone was closed", r.Arrival.Sub(closed))
		}
	}
	members[2].SetSource(media.Microphone, true)
	settle(in, 2, 4, 5)
}

// settled waits for packets of a span.
func settled(in *inbox, span time.Duration) bool {
	timer := time.NewTimer(span)
	defer timer.Stop()
	<-timer.C
	return len(in.snapshot()) > 0
}

func TestLevelsSurviveForwarding(t *testing.T) {
	w := newWorld(t, nil)
	m := w.join("a", sfu.Capabilities{})
	p := w.publish(m, sfutest.Options{}, nil, media.Microphone)
	tone(p, p.Microphone, 17, 1)
	in := w.subscribe(w.join("b", sfu.Capabilities{}), sfutest.Options{}, soundSlots...)
	w.until("sound", func() bool { return in.count(0) > 5 })
	for _, r := range in.snapshot() {
		levels := 0
		for _, id := range r.Packet.GetExtensionIDs() {
			if e := r.Packet.GetExtension(id); len(e) == 1 && e[0]&0x7f == 17 { // two bytes: the transport-wide number
				levels++
			}
		}
		if levels != 1 {
			t.Fatalf("%d levels in %v", levels, r.Packet.Header)
		}
	}
	w.until("active speaker", func() bool {
		w.events.mu.Lock()
		defer w.events.mu.Unlock()
		return w.events.active == "a"
	})
}

func TestPublishingWithoutTheRightIsNotForwarded(t *testing.T) {
	w := newWorld(t, nil)
	m := w.join("a", sfu.Capabilities{})
	p, err := sfutest.NewPublisher(sfutest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = p.Close() }()
	in := w.subscribe(w.join("b", sfu.Capabilities{}), sfutest.Options{}, soundSlots...)
	allowed := [media.Sources]bool{}
	err = p.Connect(w.ctx, exchangePublish(m, allowed))
	if err != nil {
		t.Fatal(err)
	}
	m.SetSource(media.Microphone, true)
	tone(p, p.Microphone, 17, 1)
	w.until("packets at the gate", func() bool { return w.server.Stats().Drops[sfu.DropGated] > 20 })
	if n := len(in.snapshot()); n != 0 {
		t.Errorf("%d packets were forwarded", n)
	}
}
