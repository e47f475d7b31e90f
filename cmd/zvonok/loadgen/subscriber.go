package loadgen

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/webrtc/v4"

	"github.com/zvonok/zvonok/sfu/media"
	"github.com/zvonok/zvonok/sfu/sfutest/trace"
)

// lectureSlots is what a listener of a lecture negotiates: the pairs, the voices and a few tiles.
var lectureSlots = []media.SlotKind{
	media.SlotStageVideo, media.SlotStageVoice, media.SlotShareVideo, media.SlotShareAudio,
	media.SlotVoice, media.SlotVoice, media.SlotVoice, media.SlotTile, media.SlotTile, media.SlotTile, media.SlotTile,
}

// subscriber receives, decrypts and reads every packet's stamp.
type subscriber struct {
	id    media.ParticipantID
	pc    *webrtc.PeerConnection
	began time.Time
	// first is closed by the first packet of a picture.
	first     chan struct{}
	firstOnce sync.Once
	// measuring gates what is counted: the run's warm-up is not.
	measuring *atomic.Bool
	wait      sync.WaitGroup

	mu        sync.Mutex
	latencies []time.Duration
	received  uint64
	lost      uint64
	foreign   uint64
}

func newSubscriber(id media.ParticipantID, began time.Time, measuring *atomic.Bool) (*subscriber, error) {
	api, err := newAPI(false)
	if err != nil {
		return nil, err
	}
	pc, err := api.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return nil, err
	}
	s := &subscriber{id: id, pc: pc, began: began, first: make(chan struct{}), measuring: measuring}
	for _, slot := range lectureSlots {
		kind := webrtc.RTPCodecTypeAudio
		if slot.IsVideo() {
			kind = webrtc.RTPCodecTypeVideo
		}
		if _, err := pc.AddTransceiverFromKind(kind, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}); err != nil {
			return nil, err
		}
	}
	pc.OnTrack(func(t *webrtc.TrackRemote, _ *webrtc.RTPReceiver) { s.wait.Go(func() { s.read(t) }) })
	return s, nil
}

func (s *subscriber) start(ctx context.Context, answer string) error {
	if err := s.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}); err != nil {
		return err
	}
	return connected(ctx, s.pc)
}

// read takes one slot's packets until the transport closes. What is missing between two sequence numbers counts as
// lost unless it comes later.
func (s *subscriber) read(t *webrtc.TrackRemote) {
	var last uint16
	begun := false
	for {
		p, _, err := t.ReadRTP()
		if err != nil {
			return
		}
		now := time.Since(s.began)
		if t.Kind() == webrtc.RTPCodecTypeVideo {
			s.firstOnce.Do(func() { close(s.first) })
		}
		step := p.SequenceNumber - last
		late := begun && step > 1<<15
		if !late {
			last = p.SequenceNumber
		}
		if !s.measuring.Load() {
			begun = false
			continue
		}
		s.count(p.Payload, now, begun, late, step)
		begun = true
	}
}

func (s *subscriber) count(payload []byte, now time.Duration, begun, late bool, step uint16) {
	mark, ok := trace.ReadStamp(payload)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case late && s.lost > 0:
		s.lost--
	case begun && !late && step > 1:
		s.lost += uint64(step - 1)
	}
	if !ok {
		s.foreign++
		return
	}
	s.received++
	s.latencies = append(s.latencies, now-mark.Sent)
}

func (s *subscriber) close() error {
	err := s.pc.Close()
	s.wait.Wait()
	return err
}
