package loadgen

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"

	"github.com/pion/interceptor"
	"github.com/pion/webrtc/v4"

	"github.com/zvonok/zvonok/sfu"
	"github.com/zvonok/zvonok/sfu/media"
)

// plain is the baseline: the server that Pion's examples make, a peer connection for everybody on one port and a
// TrackLocalStaticRTP for each source, with no interceptors, no layers and no choice of voices.
type plain struct {
	api  *webrtc.API
	conn net.PacketConn

	forwarded atomic.Uint64
	wait      sync.WaitGroup

	mu      sync.Mutex
	sources map[media.ParticipantID]*plainSources
	order   []media.ParticipantID
	pcs     map[media.ParticipantID][]*webrtc.PeerConnection
}

// plainSources are what one publisher sends; takers count who gets a copy of each packet.
type plainSources struct {
	picture, voice             *webrtc.TrackLocalStaticRTP
	pictureTakers, voiceTakers atomic.Uint64
}

func newPlain() (*plain, error) {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, err
	}
	_ = conn.SetReadBuffer(4 << 20)
	_ = conn.SetWriteBuffer(4 << 20)
	p := &plain{conn: conn, sources: map[media.ParticipantID]*plainSources{}, pcs: map[media.ParticipantID][]*webrtc.PeerConnection{}}
	m := &webrtc.MediaEngine{}
	if err := registerCodecs(m); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	settings := webrtc.SettingEngine{}
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	settings.SetICEUDPMux(webrtc.NewICEUDPMux(nil, conn))
	settings.SetLite(true)
	if err := settings.SetAnsweringDTLSRole(webrtc.DTLSRoleServer); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	p.api = webrtc.NewAPI(webrtc.WithMediaEngine(m), webrtc.WithSettingEngine(settings), webrtc.WithInterceptorRegistry(&interceptor.Registry{}))
	return p, nil
}

func (p *plain) stats() sfu.Stats { return sfu.Stats{Forwarded: p.forwarded.Load()} }

func (p *plain) close() error {
	p.mu.Lock()
	all := p.pcs
	p.pcs = nil
	p.mu.Unlock()
	var err error
	for _, list := range all {
		for _, pc := range list {
			err = errors.Join(err, pc.Close())
		}
	}
	p.wait.Wait()
	return errors.Join(err, p.conn.Close())
}

func (p *plain) member(ctx context.Context, req request) (string, error) {
	switch req.Op {
	case "join", "view":
		return "", nil
	case "publish":
		return p.publish(ctx, req)
	case "subscribe":
		return p.subscribe(ctx, req)
	case "leave":
		p.mu.Lock()
		list := p.pcs[req.Who]
		delete(p.pcs, req.Who)
		p.mu.Unlock()
		var err error
		for _, pc := range list {
			err = errors.Join(err, pc.Close())
		}
		return "", err
	}
	return "", fmt.Errorf("loadgen: no operation %q", req.Op)
}

func (p *plain) connection(who media.ParticipantID) (*webrtc.PeerConnection, error) {
	pc, err := p.api.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pcs[who] = append(p.pcs[who], pc)
	return pc, nil
}

func (p *plain) publish(ctx context.Context, req request) (string, error) {
	picture, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeH264, ClockRate: 90000}, "camera", string(req.Who))
	if err != nil {
		return "", err
	}
	voice, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2}, "microphone", string(req.Who))
	if err != nil {
		return "", err
	}
	s := &plainSources{picture: picture, voice: voice}
	p.mu.Lock()
	p.sources[req.Who] = s
	p.order = append(p.order, req.Who)
	p.mu.Unlock()
	pc, err := p.connection(req.Who)
	if err != nil {
		return "", err
	}
	pc.OnTrack(func(t *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		p.wait.Go(func() {
			if t.Kind() == webrtc.RTPCodecTypeVideo {
				p.forward(t, s.picture, &s.pictureTakers)
			} else {
				p.forward(t, s.voice, &s.voiceTakers)
			}
		})
	})
	return answerTo(ctx, pc, req.SDP)
}

func (p *plain) forward(from *webrtc.TrackRemote, to *webrtc.TrackLocalStaticRTP, takers *atomic.Uint64) {
	for {
		packet, _, err := from.ReadRTP()
		if err != nil {
			return
		}
		if err := to.WriteRTP(packet); err != nil && !errors.Is(err, io.ErrClosedPipe) {
			return
		}
		p.forwarded.Add(takers.Load())
	}
}

// subscribe gives somebody every other's picture, and as many voices as they have slots for.
func (p *plain) subscribe(ctx context.Context, req request) (string, error) {
	pc, err := p.connection(req.Who)
	if err != nil {
		return "", err
	}
	if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: req.SDP}); err != nil {
		return "", err
	}
	voices := 0
	for _, kind := range req.Slots {
		if !kind.IsVideo() {
			voices++
		}
	}
	p.mu.Lock()
	order, sources := p.order, p.sources
	var tracks []webrtc.TrackLocal
	for _, id := range order {
		if id == req.Who {
			continue
		}
		tracks = append(tracks, sources[id].picture)
		sources[id].pictureTakers.Add(1)
		if voices--; voices >= 0 {
			tracks = append(tracks, sources[id].voice)
			sources[id].voiceTakers.Add(1)
		}
	}
	p.mu.Unlock()
	for _, t := range tracks {
		sender, err := pc.AddTrack(t)
		if err != nil {
			return "", err
		}
		p.wait.Go(func() {
			b := make([]byte, 1500)
			for {
				if _, _, err := sender.Read(b); err != nil {
					return
				}
			}
		})
	}
	return answerTo(ctx, pc, req.SDP)
}

func answerTo(ctx context.Context, pc *webrtc.PeerConnection, sdp string) (string, error) {
	if pc.RemoteDescription() == nil {
		if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: sdp}); err != nil {
			return "", err
		}
	}
	answer, err := pc.CreateAnswer(nil)
	if err != nil {
		return "", err
	}
	gathered := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(answer); err != nil {
		return "", err
	}
	select {
	case <-gathered:
		return pc.LocalDescription().SDP, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}
