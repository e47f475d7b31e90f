package sfu_test

import (
	"context"
	"encoding/binary"
	"net"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"github.com/zvonok/zvonok/sfu"
	"github.com/zvonok/zvonok/sfu/internal/seal/sealtest"
	"github.com/zvonok/zvonok/sfu/media"
	"github.com/zvonok/zvonok/sfu/sfutest"
)

func TestBothSRTPProfilesReachPion(t *testing.T) {
	w := newWorld(t, nil)
	m := w.join("a", sfu.Capabilities{})
	p := w.publish(m, sfutest.Options{}, nil, media.Camera, media.Microphone)
	film(p, p.Camera[0], 360)
	tone(p, p.Microphone, 20, 1)
	for name, profile := range map[string]dtls.SRTPProtectionProfile{"gcm": dtls.SRTP_AEAD_AES_128_GCM, "cm": dtls.SRTP_AES128_CM_HMAC_SHA1_80} {
		viewer := w.join(media.ParticipantID(name), sfu.Capabilities{})
		viewer.SetView(sfu.View{StageHeight: 360})
		in := w.subscribe(viewer, sfutest.Options{Settings: func(s *webrtc.SettingEngine) { s.SetSRTPProtectionProfiles(profile) }},
			media.SlotStageVideo, media.SlotStageVoice)
		w.until(name, func() bool { return in.count(0) > 20 && in.count(1) > 20 })
	}
}

// notary is a socket that looks at every sealed packet that leaves, and loses some of them.
type notary struct {
	*sfutest.Lossy
	ledger  sealtest.Ledger
	mu      sync.Mutex
	indices map[string]uint64 // the highest by destination and SSRC
	sealed  int
	err     error
}

func (n *notary) WriteTo(b []byte, to net.Addr) (int, error) {
	if len(b) > 12 && b[0]>>6 == 2 && (b[1] < 192 || b[1] > 223) {
		n.note(b, to.String())
	}
	return n.Lossy.WriteTo(b, to)
}

func (n *notary) note(b []byte, to string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	ssrc := binary.BigEndian.Uint32(b[8:])
	key := to + string(b[8:12])
	seq, high := uint64(binary.BigEndian.Uint16(b[2:])), n.indices[key]
	index := high&^0xffff | seq
	switch {
	case high > index && high-index > 1<<15:
		index += 1 << 16
	case index > high && index-high > 1<<15 && index >= 1<<16:
		index -= 1 << 16
	}
	n.indices[key] = max(high, index)
	n.sealed++
	if err := n.ledger.Add(to, ssrc, index, b); err != nil && n.err == nil {
		n.err = err
	}
}

// Retransmissions by RTX, NACKs without it (refused), loss, switches of source: no two different packets have one nonce.
func TestNoNonceIsUsedTwice(t *testing.T) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	n := &notary{Lossy: sfutest.NewLossy(conn, 10, 7), indices: map[string]uint64{}}
	w := newWorld(t, n)
	a, b := w.join("a", sfu.Capabilities{}), w.join("b", sfu.Capabilities{})
	for _, m := range []sfu.Member{a, b} {
		p := w.publish(m, sfutest.Options{}, nil, media.Camera, media.Microphone)
		film(p, p.Camera[0], 360)
		tone(p, p.Microphone, 20, 1)
	}
	var boxes []*inbox
	var viewers []sfu.Member
	for _, rtx := range []bool{true, false} {
		viewer := w.join(media.ParticipantID(map[bool]string{true: "with", false: "without"}[rtx]), sfu.Capabilities{})
		viewer.SetView(sfu.View{Stage: "a", StageHeight: 360})
		viewers = append(viewers, viewer)
		boxes = append(boxes, w.subscribeBy(func(ctx context.Context, s sfu.Subscription) (string, error) {
			if !rtx {
				s.Offer = regexp.MustCompile(`a=rtpmap:\d+ rtx/90000\r\n`).ReplaceAllString(s.Offer, "")
			}
			answer, err := viewer.Subscribe(ctx, s)
			if got := strings.Contains(answer, " rtx/"); got != rtx {
				t.Errorf("RTX %v, answered %v", rtx, got)
			}
			return answer, err
		}, sfutest.Options{}, media.SlotStageVideo, media.SlotStageVoice))
	}
	for i, stage := range []media.ParticipantID{"b", "a", "b"} {
		for _, viewer := range viewers {
			viewer.SetView(sfu.View{Stage: stage, StageHeight: 360})
		}
		w.until("more", func() bool { return boxes[0].count(0) >= 100*(i+1) && boxes[1].count(0) >= 50*(i+1) })
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if stats := w.server.Stats(); n.err != nil || stats.Retransmitted == 0 || stats.Drops[sfu.DropWrite] == 0 {
		t.Errorf("%d packets, %d lost: %v; %+v", n.sealed, n.Dropped.Load(), n.err, stats)
	}
}

func TestTransportNumbersCountAllPackets(t *testing.T) {
	w := newWorld(t, nil)
	m := w.join("a", sfu.Capabilities{})
	p := w.publish(m, sfutest.Options{}, nil, media.Camera, media.Microphone)
	film(p, p.Camera[0], 360)
	tone(p, p.Microphone, 20, 1)
	viewer := w.join("b", sfu.Capabilities{})
	viewer.SetView(sfu.View{StageHeight: 360})
	in := w.subscribeBy(func(ctx context.Context, s sfu.Subscription) (string, error) {
		s.Offer = strings.ReplaceAll(s.Offer, "a=rtcp-mux\r\n", "a=rtcp-mux\r\na=rtcp-fb:* transport-cc\r\n")
		return viewer.Subscribe(ctx, s)
	}, sfutest.Options{}, media.SlotStageVideo, media.SlotStageVoice)
	w.until("packets", func() bool { return in.count(0) > 50 && in.count(1) > 50 })
	ids := map[int]uint8{}
	for i, section := range strings.Split(in.Answer(), "\r\nm=")[1:] {
		match := regexp.MustCompile(`a=extmap:(\d+) http://www.ietf.org/id/draft-holmer`).FindStringSubmatch(section)
		if len(match) != 2 || !strings.Contains(section, " transport-cc") {
			t.Fatalf("m-line %d has no transport-wide numbers:\n%s", i, section)
		}
		ids[i] = match[1][0] - '0'
	}
	seen := map[uint16]bool{}
	var highest uint16
	for _, r := range in.snapshot() {
		var wide rtp.TransportCCExtension
		if err := wide.Unmarshal(r.Packet.GetExtension(ids[r.Slot])); err != nil || seen[wide.TransportSequence] {
			t.Fatalf("slot %d: number %d again, or %v", r.Slot, wide.TransportSequence, err)
		}
		seen[wide.TransportSequence] = true
		highest = max(highest, wide.TransportSequence)
	}
	if missing := int(highest) - len(seen); missing > 20 { // reports and what is on its way
		t.Errorf("%d numbers up to %d", len(seen), highest)
	}
}

func TestASubscriberRestartsICE(t *testing.T) {
	w := newWorld(t, nil)
	m := w.join("a", sfu.Capabilities{})
	p := w.publish(m, sfutest.Options{}, nil, media.Microphone)
	tone(p, p.Microphone, 20, 1)
	viewer := w.join("b", sfu.Capabilities{})
	in := w.subscribe(viewer, sfutest.Options{}, soundSlots...)
	w.until("sound", func() bool { return in.count(0) > 5 })
	ctx, cancel := context.WithTimeout(w.ctx, 15*time.Second)
	defer cancel()
	err := in.Restart(ctx, func(ctx context.Context, ufrag, pwd string) (string, string, error) {
		ice, err := viewer.(sfu.Restarter).RestartICE(ctx, sfu.SubscribeLeg, sfu.ICE{Ufrag: ufrag, Pwd: pwd})
		if len(ice.Candidates) == 0 {
			t.Error("no candidates")
		}
		return ice.Ufrag, ice.Pwd, err
	})
	if err != nil {
		t.Fatal(err)
	}
	in.clear()
	w.until("sound again", func() bool { return in.count(0) > 20 })
}
