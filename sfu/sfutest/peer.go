package sfutest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/sdp/v3"
	"github.com/pion/transport/v5"
	"github.com/pion/webrtc/v4"

	"github.com/zvonok/zvonok/sfu/media"
)

// Exchange carries an offer to the server and brings its answer.
type Exchange func(ctx context.Context, offer string) (answer string, err error)

// Options are how a peer is made; the zero value is a peer on the real network, loopback included, with all codecs.
type Options struct {
	// Net is a virtual network, nil for the real one.
	Net transport.Net
	// Codecs limits the video codecs that are offered, in this order.
	Codecs []media.Codec
	// Feedback sends transport-wide feedback ten times a second, as browsers do.
	Feedback bool
	// Settings changes what else is wanted of Pion, nil for nothing.
	Settings func(*webrtc.SettingEngine)
}

// ErrNotConnected is returned when a transport fails before it is connected.
var ErrNotConnected = errors.New("sfutest: transport failed")

// peer is what publisher and subscriber share: a peer connection that offers once.
type peer struct {
	pc        *webrtc.PeerConnection
	connected chan struct{}
	failed    chan struct{}
	closed    chan struct{}
	once      sync.Once
	wg        sync.WaitGroup
}

var videoTypes = map[media.Codec]struct {
	pt   webrtc.PayloadType
	mime string
	fmtp string
}{
	media.VP8:  {96, webrtc.MimeTypeVP8, ""},
	media.VP9:  {98, webrtc.MimeTypeVP9, "profile-id=0"},
	media.H264: {103, webrtc.MimeTypeH264, "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"},
	media.AV1:  {45, webrtc.MimeTypeAV1, "level-idx=5;profile=0;tier=0"},
}

func newPeer(o Options) (*peer, error) {
	m := &webrtc.MediaEngine{}
	if err := registerAll(m, o.Codecs); err != nil {
		return nil, err
	}
	registry := &interceptor.Registry{}
	if err := webrtc.ConfigureNack(m, registry); err != nil {
		return nil, err
	}
	if err := webrtc.ConfigureTWCCHeaderExtensionSender(m, registry); err != nil {
		return nil, err
	}
	if o.Feedback {
		if err := webrtc.ConfigureTWCCSender(m, registry); err != nil {
			return nil, err
		}
	}
	s := webrtc.SettingEngine{}
	s.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	s.SetIncludeLoopbackCandidate(true)
	if o.Net != nil {
		s.SetNet(o.Net)
	}
	if o.Settings != nil {
		o.Settings(&s)
	}
	api := webrtc.NewAPI(webrtc.WithMediaEngine(m), webrtc.WithInterceptorRegistry(registry), webrtc.WithSettingEngine(s))
	pc, err := api.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return nil, fmt.Errorf("new peer connection: %w", err)
	}
	p := &peer{pc: pc, connected: make(chan struct{}), failed: make(chan struct{}), closed: make(chan struct{})}
	var up, down sync.Once
	pc.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		switch state {
		case webrtc.PeerConnectionStateConnected:
			up.Do(func() { close(p.connected) })
		case webrtc.PeerConnectionStateFailed, webrtc.PeerConnectionStateClosed:
			down.Do(func() { close(p.failed) })
		default:
		}
	})
	return p, nil
}

func registerAll(m *webrtc.MediaEngine, codecs []media.Codec) error {
	if len(codecs) == 0 {
		codecs = []media.Codec{media.VP8, media.VP9, media.H264, media.AV1} // Chromium's order
	}
	opus := webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2, SDPFmtpLine: "minptime=10;useinbandfec=1"}
	if err := m.RegisterCodec(webrtc.RTPCodecParameters{RTPCodecCapability: opus, PayloadType: 111}, webrtc.RTPCodecTypeAudio); err != nil {
		return err
	}
	for _, c := range codecs {
		t := videoTypes[c]
		for _, p := range []webrtc.RTPCodecParameters{
			{PayloadType: t.pt, RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: t.mime, ClockRate: 90000, SDPFmtpLine: t.fmtp,
				RTCPFeedback: []webrtc.RTCPFeedback{{Type: "nack"}, {Type: "nack", Parameter: "pli"}, {Type: "ccm", Parameter: "fir"}}}},
			{PayloadType: t.pt + 1, RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeRTX, ClockRate: 90000, SDPFmtpLine: fmt.Sprintf("apt=%d", t.pt)}},
		} {
			if err := m.RegisterCodec(p, webrtc.RTPCodecTypeVideo); err != nil {
				return err
			}
		}
	}
	for _, e := range []struct {
		uri  string
		kind webrtc.RTPCodecType
	}{
		{sdp.AudioLevelURI, webrtc.RTPCodecTypeAudio},
		{sdp.SDESMidURI, webrtc.RTPCodecTypeAudio},
		{sdp.SDESMidURI, webrtc.RTPCodecTypeVideo},
		{sdp.SDESRTPStreamIDURI, webrtc.RTPCodecTypeVideo},
		{sdp.SDESRepairRTPStreamIDURI, webrtc.RTPCodecTypeVideo},
	} {
		if err := m.RegisterHeaderExtension(webrtc.RTPHeaderExtensionCapability{URI: e.uri}, e.kind); err != nil {
			return err
		}
	}
	return nil
}

// connect offers, lets the server answer, and waits for the transport.
func (p *peer) connect(ctx context.Context, exchange Exchange) error {
	offer, err := p.pc.CreateOffer(nil)
	if err != nil {
		return fmt.Errorf("create offer: %w", err)
	}
	gathered := webrtc.GatheringCompletePromise(p.pc)
	if err := p.pc.SetLocalDescription(offer); err != nil {
		return fmt.Errorf("set offer: %w", err)
	}
	select {
	case <-gathered:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	answer, err := exchange(ctx, p.pc.LocalDescription().SDP)
	if err != nil {
		return err
	}
	if err := p.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}); err != nil {
		return fmt.Errorf("set answer: %w", err)
	}
	select {
	case <-p.connected:
		return nil
	case <-p.failed:
		return ErrNotConnected
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Close ends the transport and waits for the peer's goroutines. It is idempotent.
func (p *peer) Close() error {
	var err error
	p.once.Do(func() {
		close(p.closed)
		err = p.pc.GracefulClose()
	})
	p.wg.Wait()
	return err
}

// Every runs f at once and then at each interval until the peer is closed or f says false; the ticks of a slow f are
// dropped.
func (p *peer) Every(interval time.Duration, f func(now time.Time) bool) {
	p.wg.Go(func() {
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		for now := time.Now(); f(now); {
			select {
			case now = <-ticker.C:
			case <-p.closed:
				return
			}
		}
	})
}
