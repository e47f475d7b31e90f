package sfutest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"github.com/zvonok/zvonok/sfu/media"
)

// Received is one packet that arrived in a slot.
type Received struct {
	Slot    int
	Codec   media.Codec
	Packet  *rtp.Packet
	Arrival time.Time
	// RTX: it came as a retransmission.
	RTX bool
}

// Subscriber is a headless subscribe transport with the given slots.
type Subscriber struct {
	*peer
	// Slots are the kinds that the offer's m-lines are for.
	Slots []media.SlotKind
}

// NewSubscriber makes a subscriber. packets is called for each arriving packet, on a goroutine of its slot; the
// packet is the callee's. reports, which may be nil, is called for each sender report.
func NewSubscriber(o Options, kinds []media.SlotKind, packets func(Received), reports func(slot int, sr *rtcp.SenderReport)) (*Subscriber, error) {
	pr, err := newPeer(o)
	if err != nil {
		return nil, err
	}
	s := &Subscriber{peer: pr, Slots: kinds}
	for _, k := range kinds {
		kind := webrtc.RTPCodecTypeAudio
		if k.IsVideo() {
			kind = webrtc.RTPCodecTypeVideo
		}
		_, err := pr.pc.AddTransceiverFromKind(kind, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly})
		if err != nil {
			return nil, errors.Join(fmt.Errorf("add slot: %w", err), s.Close())
		}
	}
	pr.pc.OnTrack(func(track *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
		for slot, t := range pr.pc.GetTransceivers() {
			if t.Receiver() == receiver {
				s.wg.Go(func() { s.read(slot, track, packets) })
				s.wg.Go(func() { s.readRTCP(slot, receiver, reports) })
			}
		}
	})
	return s, nil
}

// Connect offers, lets the server answer, and waits for the transport.
func (s *Subscriber) Connect(ctx context.Context, exchange Exchange) error {
	return s.connect(ctx, exchange)
}

// Answer is the server's answer, after Connect.
func (s *Subscriber) Answer() string {
	if d := s.pc.RemoteDescription(); d != nil {
		return d.SDP
	}
	return ""
}

// RequestKeyframe sends a PLI for a slot's SSRC.
func (s *Subscriber) RequestKeyframe(ssrc uint32) error {
	return s.pc.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: ssrc}})
}

func (s *Subscriber) read(slot int, track *webrtc.TrackRemote, packets func(Received)) {
	for {
		p, attributes, err := track.ReadRTP()
		if err != nil {
			return
		}
		if packets == nil {
			continue
		}
		codec := media.ParseCodec(track.Codec().MimeType[len("video/"):])
		packets(Received{Slot: slot, Codec: codec, Packet: p, Arrival: time.Now(), RTX: attributes.Get(webrtc.AttributeRtxSsrc) != nil})
	}
}

func (s *Subscriber) readRTCP(slot int, receiver *webrtc.RTPReceiver, reports func(slot int, sr *rtcp.SenderReport)) {
	for {
		packets, _, err := receiver.ReadRTCP()
		if err != nil {
			return
		}
		for _, p := range packets {
			if sr, ok := p.(*rtcp.SenderReport); ok && reports != nil {
				reports(slot, sr)
			}
		}
	}
}
