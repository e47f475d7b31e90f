package sfu

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"

	"github.com/zvonok/zvonok/sfu/internal/slots"
	"github.com/zvonok/zvonok/sfu/media"
)

// downlink is a subscriber's transport. The peer connection of Pion is one; our own assembly will be another.
type downlink interface {
	// answer is the SDP for the client.
	answer() string
	// sinks are where the packets of each slot go, in order.
	sinks() []sink
	// listen calls back about the transport's state and the subscriber's RTCP until close: nack lists sequence numbers,
	// nil asks for a keyframe. The callbacks run on goroutines of the transport.
	listen(state func(LegState), feedback func(slot int, nack []uint16))
	// close ends the transport and waits for its goroutines. It is idempotent.
	close()
}

// subscribeLeg is what the room's goroutine knows of one subscriber's transport.
type subscribeLeg struct {
	link      downlink
	kinds     []media.SlotKind
	downs     []*downTrack
	shard     *shard
	connected bool
	// occupants and targets are what was decided last, per slot; layers are the chosen ones, -1 for none.
	occupants []slots.Occupant
	targets   []*upTrack
	sources   []*upSource
	layers    []int
	stage     media.ParticipantID
}

func newSubscribeLeg(link downlink, kinds []media.SlotKind, canDecode func(media.Codec) int) *subscribeLeg {
	n := len(kinds)
	leg := &subscribeLeg{
		link: link, kinds: kinds, occupants: make([]slots.Occupant, n), targets: make([]*upTrack, n),
		sources: make([]*upSource, n), layers: make([]int, n),
	}
	for i, to := range link.sinks() {
		d := newDownTrack(kinds[i].IsVideo(), to)
		d.hushes = !kinds[i].IsVideo()
		for _, c := range videoCodecs {
			d.refused[c.codec] = canDecode(c.codec) == 0
		}
		leg.downs = append(leg.downs, d)
		leg.layers[i] = -1
	}
	return leg
}

// peerDownlink is the downlink over Pion's PeerConnection.
type peerDownlink struct {
	pc     *webrtc.PeerConnection
	sdp    string
	tracks []*slotTrack
	open   atomic.Bool
	once   sync.Once
	wg     sync.WaitGroup
}

// newPeerDownlink answers a subscribe offer; the error wraps ErrBadOffer for a bad one.
func newPeerDownlink(ctx context.Context, s *Server, sub Subscription) (*peerDownlink, error) {
	offer, err := parseSubscribe(sub)
	if err != nil {
		return nil, err
	}
	pc, err := s.subscribe.NewPeerConnection(webrtc.Configuration{
		Certificates: []webrtc.Certificate{s.certificate}, BundlePolicy: webrtc.BundlePolicyMaxBundle,
	})
	if err != nil {
		return nil, fmt.Errorf("subscribe transport: %w", err)
	}
	l := &peerDownlink{pc: pc}
	for i, kind := range sub.Slots {
		t := newSlotTrack(i, kind, &s.counters, &l.open)
		t.rtcp = pc.WriteRTCP
		l.tracks = append(l.tracks, t)
		_, err = pc.AddTransceiverFromTrack(t, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
		if err != nil {
			break
		}
	}
	if err == nil {
		l.sdp, err = answerOffer(ctx, pc, offer)
	}
	if err != nil {
		l.close()
		return nil, err
	}
	return l, nil
}

func (l *peerDownlink) answer() string { return l.sdp }

func (l *peerDownlink) sinks() []sink {
	out := make([]sink, len(l.tracks))
	for i, t := range l.tracks {
		out[i] = t
	}
	return out
}

func (l *peerDownlink) listen(state func(LegState), feedback func(slot int, nack []uint16)) {
	watchState(l.pc, func(s LegState) {
		l.open.Store(s == LegConnected)
		state(s)
	})
	for _, tr := range l.pc.GetTransceivers() {
		sender := tr.Sender()
		if sender == nil {
			continue
		}
		t, ok := sender.Track().(*slotTrack)
		if !ok {
			continue
		}
		for i, other := range l.tracks {
			if other == t {
				l.wg.Go(func() { t.readRTCP(sender, func(nack []uint16) { feedback(i, nack) }) })
			}
		}
	}
}

// readRTCP runs until the transport closes: what a subscriber says of one slot.
func (t *slotTrack) readRTCP(sender *webrtc.RTPSender, feedback func(nack []uint16)) {
	buf := make([]byte, maxPacket)
	for {
		n, _, err := sender.Read(buf)
		if err != nil {
			return
		}
		packets, err := rtcp.Unmarshal(buf[:n])
		b := t.bound.Load()
		if err != nil || b == nil {
			continue
		}
		for _, p := range packets {
			switch p := p.(type) {
			case *rtcp.TransportLayerNack:
				if p.MediaSSRC == b.ssrc {
					feedback(nackList(p))
				}
			case *rtcp.PictureLossIndication:
				if p.MediaSSRC == b.ssrc {
					feedback(nil)
				}
			case *rtcp.FullIntraRequest:
				if asksFor(p, b.ssrc) {
					feedback(nil)
				}
			}
		}
	}
}

// maxNACK bounds what one RTCP packet can ask for.
const maxNACK = 256

func nackList(p *rtcp.TransportLayerNack) []uint16 {
	list := make([]uint16, 0, 16)
	for i := range p.Nacks {
		p.Nacks[i].Range(func(seq uint16) bool {
			list = append(list, seq)
			return len(list) < maxNACK
		})
	}
	return list[:min(len(list), maxNACK)]
}

func asksFor(p *rtcp.FullIntraRequest, ssrc uint32) bool {
	for _, e := range p.FIR {
		if e.SSRC == ssrc {
			return true
		}
	}
	return p.MediaSSRC == ssrc
}

func (l *peerDownlink) close() {
	l.once.Do(func() {
		l.open.Store(false)
		// What fails to close is closed by then; there is nobody to tell.
		_ = l.pc.GracefulClose()
	})
	l.wg.Wait()
}

// watchState reports a peer connection's state: a lost connection counts as failed only when ICE gives it up.
func watchState(pc *webrtc.PeerConnection, report func(LegState)) {
	pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		switch s {
		case webrtc.PeerConnectionStateConnected:
			report(LegConnected)
		case webrtc.PeerConnectionStateFailed:
			report(LegFailed)
		case webrtc.PeerConnectionStateUnknown, webrtc.PeerConnectionStateNew, webrtc.PeerConnectionStateConnecting,
			webrtc.PeerConnectionStateDisconnected, webrtc.PeerConnectionStateClosed:
		}
	})
}

// answerOffer makes the one answer of a transport. What Pion refuses in the offer is a bad offer.
func answerOffer(ctx context.Context, pc *webrtc.PeerConnection, offer string) (string, error) {
	if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer}); err != nil {
		return "", fmt.Errorf("%w: %w", ErrBadOffer, err)
	}
	answer, err := pc.CreateAnswer(nil)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrBadOffer, err)
	}
	gathered := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(answer); err != nil {
		return "", fmt.Errorf("%w: %w", ErrBadOffer, err)
	}
	select {
	case <-gathered:
	case <-ctx.Done():
		return "", fmt.Errorf("gather candidates: %w", context.Cause(ctx))
	}
	local := pc.LocalDescription()
	if local == nil {
		return "", errors.New("sfu: transport closed while answering")
	}
	return local.SDP, nil
}
