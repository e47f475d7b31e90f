package sfutest

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/pion/webrtc/v4"
)

// Restart restarts ICE as a WHEP client does: exchange carries the new credentials to the server and brings the
// server's. It waits until the transport is connected again.
func (s *Subscriber) Restart(ctx context.Context, exchange func(ctx context.Context, ufrag, pwd string) (string, string, error)) error {
	was := s.pc.RemoteDescription()
	if was == nil {
		return errors.New("sfutest: not connected yet")
	}
	connected := make(chan struct{}, 1)
	s.pc.OnICEConnectionStateChange(func(state webrtc.ICEConnectionState) {
		if state == webrtc.ICEConnectionStateConnected {
			select {
			case connected <- struct{}{}:
			default:
			}
		}
	})
	offer, err := s.pc.CreateOffer(&webrtc.OfferOptions{ICERestart: true})
	if err != nil {
		return fmt.Errorf("create offer: %w", err)
	}
	if err := s.pc.SetLocalDescription(offer); err != nil {
		return fmt.Errorf("set offer: %w", err)
	}
	ufrag, pwd, err := exchange(ctx, attribute(offer.SDP, "ice-ufrag"), attribute(offer.SDP, "ice-pwd"))
	if err != nil {
		return err
	}
	answer := strings.ReplaceAll(was.SDP, attribute(was.SDP, "ice-ufrag"), ufrag)
	answer = strings.ReplaceAll(answer, attribute(was.SDP, "ice-pwd"), pwd)
	if err := s.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}); err != nil {
		return fmt.Errorf("set answer: %w", err)
	}
	select {
	case <-connected:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// attribute is the value of the first line of an attribute.
func attribute(sdp, key string) string {
	_, rest, _ := strings.Cut(sdp, "a="+key+":")
	value, _, _ := strings.Cut(rest, "\r\n")
	return value
}
