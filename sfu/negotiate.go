package sfu

import (
	"context"
	"errors"
	"fmt"

	"github.com/pion/webrtc/v4"
)

// watchState reports a peer connection's state: a lost connection counts as failed only when ICE gives it up.
func watchState(pc *webrtc.PeerConnection, report func(LegState)) {
	pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		switch s {
		case webrtc.PeerConnectionStateConnected:
			report(LegConnected)
		case webrtc.PeerConnectionStateFailed:
			report(LegFailed)
		case webrtc.PeerConnectionStateClosed:
			report(LegClosed)
		case webrtc.PeerConnectionStateUnknown, webrtc.PeerConnectionStateNew, webrtc.PeerConnectionStateConnecting,
			webrtc.PeerConnectionStateDisconnected:
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
