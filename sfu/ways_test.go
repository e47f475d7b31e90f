package sfu_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http/httptest"
	"net/netip"
	"regexp"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"
	"github.com/pion/webrtc/v4/pkg/media"

	"github.com/zvonok/zvonok/sfu"
	ours "github.com/zvonok/zvonok/sfu/media"
)

// waysWorld is a server with TCP on its media port, TURN over UDP and TURN over TLS.
func waysWorld(t *testing.T) (w *world, urls map[string]string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	t.Cleanup(cancel)
	server, err := sfu.NewServer(sfu.Config{Listen: "127.0.0.1:0", TCP: true, Logger: testLogger(t)})
	if err != nil {
		t.Fatal(err)
	}
	events := newRecorded()
	room, err := server.OpenRoom("room", events)
	if err != nil {
		t.Fatal(err)
	}
	udp, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := server.ServeRelay(udp); err != nil {
		t.Fatal(err)
	}
	certificate := httptest.NewTLSServer(nil)
	certificate.Close()
	secure, err := tls.Listen("tcp", "127.0.0.1:0", certificate.TLS)
	if err != nil {
		t.Fatal(err)
	}
	accepting := make(chan struct{})
	go func() {
		defer close(accepting)
		for {
			c, err := secure.Accept()
			if err != nil {
				return
			}
			server.Stream(c)
		}
	}()
	t.Cleanup(func() {
		_ = secure.Close()
		<-accepting
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return &world{t: t, ctx: ctx, server: server, room: room, events: events}, map[string]string{
		"udp": fmt.Sprintf("turn:%s?transport=udp", udp.LocalAddr()), "tcp": fmt.Sprintf("turn:%s?transport=tcp", server.Addr()),
		"tls": fmt.Sprintf("turn:%s?transport=tcp", secure.Addr()),
	}
}

// tlsDialer makes Pion's TCP connections to a relay TLS ones; Pion itself trusts no test certificate.
type tlsDialer struct{}

func (tlsDialer) Dial(network, address string) (net.Conn, error) {
	return tls.Dial(network, address, &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // a test's own certificate
}

// client is a peer connection of which the way is chosen.
func client(t *testing.T, cfg webrtc.Configuration, settings func(*webrtc.SettingEngine)) *webrtc.PeerConnection {
	t.Helper()
	m := &webrtc.MediaEngine{}
	if err := m.RegisterDefaultCodecs(); err != nil {
		t.Fatal(err)
	}
	var s webrtc.SettingEngine
	s.SetIncludeLoopbackCandidate(true)
	settings(&s)
	pc, err := webrtc.NewAPI(webrtc.WithMediaEngine(m), webrtc.WithSettingEngine(s)).NewPeerConnection(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pc.GracefulClose() })
	return pc
}

func offerTo(t *testing.T, pc *webrtc.PeerConnection, exchange func(offer string) (string, error)) {
	t.Helper()
	offer, err := pc.CreateOffer(nil)
	if err != nil {
		t.Fatal(err)
	}
	gathered := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(offer); err != nil {
		t.Fatal(err)
	}
	<-gathered
	answer, err := exchange(pc.LocalDescription().SDP)
	if err != nil {
		t.Fatal(err)
	}
	if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}); err != nil {
		t.Fatal(err)
	}
}

// TestMediaTakesEveryWay: voice is published and heard over ICE-TCP, TURN/UDP, TURN/TCP and TURN/TLS, each being the only
// way that the client has.
func TestMediaTakesEveryWay(t *testing.T) {
	w, urls := waysWorld(t)
	for _, way := range []string{"ice-tcp", "udp", "tcp", "tls"} {
		t.Run(way, func(t *testing.T) {
			w := &world{t: t, ctx: w.ctx, server: w.server, room: w.room, events: w.events}
			var cfg webrtc.Configuration
			settings := func(s *webrtc.SettingEngine) {
				switch way {
				case "ice-tcp":
					s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeTCP4})
				case "tls":
					s.SetICEProxyDialer(tlsDialer{})
				}
			}
			if url := urls[way]; url != "" {
				c := w.server.RelayCredential("anna")
				cfg.ICETransportPolicy = webrtc.ICETransportPolicyRelay
				cfg.ICEServers = []webrtc.ICEServer{{URLs: []string{url}, Username: c.Username, Credential: c.Password}}
			}
			id := ours.ParticipantID("from-" + way)
			from, to := w.join(id, sfu.Capabilities{}), w.join("to-"+ours.ParticipantID(way), sfu.Capabilities{})
			began := time.Now()
			talk(w, from, client(t, cfg, settings))
			var heard atomic.Uint64
			listen(w, to, client(t, cfg, settings), &heard)
			w.until("voice", func() bool { return heard.Load() >= 20 })
			t.Logf("%s: heard 20 packets %v after the start", way, time.Since(began).Round(time.Millisecond))
			from.Leave()
			to.Leave()
		})
	}
}

func talk(w *world, m sfu.Member, pc *webrtc.PeerConnection) {
	w.t.Helper()
	voice, err := webrtc.NewTrackLocalStaticSample(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus}, "voice", "voice")
	if err != nil {
		w.t.Fatal(err)
	}
	only := webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly}
	if _, err := pc.AddTransceiverFromTrack(voice, only); err != nil {
		w.t.Fatal(err)
	}
	for _, kind := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeVideo, webrtc.RTPCodecTypeVideo, webrtc.RTPCodecTypeAudio} {
		track, err := webrtc.NewTrackLocalStaticSample(webrtc.RTPCodecCapability{MimeType: map[webrtc.RTPCodecType]string{
			webrtc.RTPCodecTypeVideo: webrtc.MimeTypeH264, webrtc.RTPCodecTypeAudio: webrtc.MimeTypeOpus,
		}[kind]}, "other", "other")
		if err != nil {
			w.t.Fatal(err)
		}
		if _, err := pc.AddTransceiverFromTrack(track, only); err != nil {
			w.t.Fatal(err)
		}
	}
	offerTo(w.t, pc, func(offer string) (string, error) {
		return m.Publish(w.ctx, sfu.Publication{Offer: offer, Allowed: everything})
	})
	m.SetSource(ours.Microphone, true)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				_ = voice.WriteSample(media.Sample{Data: []byte{1, 2, 3, 4}, Duration: 20 * time.Millisecond})
			case <-stop:
				return
			}
		}
	}()
	w.t.Cleanup(func() { close(stop); <-stopped })
}

func listen(w *world, m sfu.Member, pc *webrtc.PeerConnection, heard *atomic.Uint64) {
	w.t.Helper()
	kinds := []ours.SlotKind{ours.SlotStageVideo, ours.SlotStageVoice, ours.SlotVoice}
	for _, k := range kinds {
		kind := webrtc.RTPCodecTypeAudio
		if k.IsVideo() {
			kind = webrtc.RTPCodecTypeVideo
		}
		_, err := pc.AddTransceiverFromKind(kind, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly})
		if err != nil {
			w.t.Fatal(err)
		}
	}
	pc.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		for {
			if _, _, err := track.ReadRTP(); err != nil {
				return
			}
			heard.Add(1)
		}
	})
	offerTo(w.t, pc, func(offer string) (string, error) {
		return m.Subscribe(w.ctx, sfu.Subscription{Offer: offer, Slots: kinds})
	})
}

// TestAnnouncedBesideOurOwn: both are told, each with its TCP ports behind UDP.
func TestAnnouncedBesideOurOwn(t *testing.T) {
	server, err := sfu.NewServer(sfu.Config{
		Listen: "127.0.0.1:0", TCP: true, StreamPorts: []uint16{443}, AnnounceOwn: true,
		Announce: []netip.Addr{netip.MustParseAddr("203.0.113.7")}, Logger: testLogger(t),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	room, err := server.OpenRoom("room", newRecorded())
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, ctx: t.Context(), server: server, room: room}
	m := w.join("anna", sfu.Capabilities{})
	pc := client(t, webrtc.Configuration{}, func(*webrtc.SettingEngine) {})
	var answer string
	if _, err := pc.AddTransceiverFromKind(webrtc.RTPCodecTypeAudio, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}); err != nil {
		t.Fatal(err)
	}
	offerTo(t, pc, func(offer string) (string, error) {
		var err error
		answer, err = m.Subscribe(w.ctx, sfu.Subscription{Offer: offer, Slots: []ours.SlotKind{ours.SlotVoice}})
		return answer, err
	})
	_, port, _ := net.SplitHostPort(server.Addr().String())
	for _, address := range []string{"127.0.0.1", "203.0.113.7"} {
		for _, want := range []string{"udp \\d+ %s " + port, "tcp \\d+ %s " + port + " typ host tcptype passive", "tcp \\d+ %s 443 typ host tcptype passive"} {
			if !regexp.MustCompile(fmt.Sprintf(want, regexp.QuoteMeta(address))).MatchString(answer) {
				t.Errorf("no %s of %s in\n%s", want, address, answer)
			}
		}
	}
}
