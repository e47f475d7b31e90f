package loadgen

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"

	"github.com/zvonok/zvonok/sfu/sfutest/trace"
)

// publisher sends the trace over and over: a camera, in its largest encoding or in all three, and a microphone.
type publisher struct {
	pc      *webrtc.PeerConnection
	layers  []int
	packets []trace.Packet
	length  time.Duration
	began   time.Time
	tracks  [trace.Tracks]*sendTrack
	// sent counts the packets of each track.
	sent      [trace.Tracks]atomic.Uint64
	keyframes atomic.Uint64
	stop      context.CancelFunc
	wait      sync.WaitGroup
}

// sendTrack is one encoding on its way out.
type sendTrack struct {
	local      *webrtc.TrackLocalStaticRTP
	extensions []extension
	levelID    uint8
	seq        uint16
	base       uint32
	frame      uint32
}

// extension is a header extension that says the same on every packet.
type extension struct {
	id    uint8
	value string
}

func newPublisher(began time.Time, simulcast bool) (*publisher, error) {
	packets, err := trace.Chromium()
	if err != nil {
		return nil, err
	}
	api, err := newAPI(false)
	if err != nil {
		return nil, err
	}
	pc, err := api.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return nil, err
	}
	p := &publisher{pc: pc, packets: packets, length: packets[len(packets)-1].At + 33*time.Millisecond, began: began, layers: []int{trace.High}}
	if simulcast {
		p.layers = []int{trace.Low, trace.Middle, trace.High}
	}
	if err := p.addTracks(); err != nil {
		return nil, errors.Join(err, pc.Close())
	}
	return p, nil
}

// addTracks makes the four m-lines of a publish offer; nothing is ever sent on the last two.
func (p *publisher) addTracks() error {
	voice := webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2}
	picture := webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeH264, ClockRate: 90000}
	microphone, err := webrtc.NewTrackLocalStaticRTP(voice, "microphone", "me")
	if err != nil {
		return err
	}
	sendonly := webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly}
	if _, err := p.pc.AddTransceiverFromTrack(microphone, sendonly); err != nil {
		return err
	}
	p.tracks[trace.Voice] = &sendTrack{local: microphone}
	var sender *webrtc.RTPSender
	for _, i := range p.layers {
		var options []func(*webrtc.TrackLocalStaticRTP)
		if len(p.layers) > 1 {
			options = append(options, webrtc.WithRTPStreamID(trace.RIDs[i]))
		}
		local, err := webrtc.NewTrackLocalStaticRTP(picture, "camera", "me", options...)
		if err != nil {
			return err
		}
		p.tracks[i] = &sendTrack{local: local}
		if sender != nil {
			if err := sender.AddEncoding(local); err != nil {
				return err
			}
			continue
		}
		camera, err := p.pc.AddTransceiverFromTrack(local, sendonly)
		if err != nil {
			return err
		}
		sender = camera.Sender()
	}
	for _, kind := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeVideo, webrtc.RTPCodecTypeAudio} {
		if _, err := p.pc.AddTransceiverFromKind(kind, sendonly); err != nil {
			return err
		}
	}
	return nil
}

// offer gathers and returns the one offer.
func offer(pc *webrtc.PeerConnection) (string, error) {
	description, err := pc.CreateOffer(nil)
	if err != nil {
		return "", err
	}
	gathered := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(description); err != nil {
		return "", err
	}
	<-gathered
	return pc.LocalDescription().SDP, nil
}

// start takes the answer and begins to send as soon as the transport is up.
func (p *publisher) start(ctx context.Context, answer string) error {
	if err := p.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}); err != nil {
		return err
	}
	if err := connected(ctx, p.pc); err != nil {
		return err
	}
	ctx, p.stop = context.WithCancel(context.WithoutCancel(ctx))
	for i, t := range p.pc.GetTransceivers()[:2] {
		parameters := t.Sender().GetParameters()
		for track := range p.tracks {
			if p.tracks[track] != nil && (track == trace.Voice) == (i == 0) {
				p.tracks[track].learn(t.Mid(), parameters)
			}
		}
	}
	again := make(chan struct{}, 1)
	camera := p.pc.GetTransceivers()[1].Sender()
	for _, i := range p.layers {
		p.wait.Go(func() {
			p.feedback(func() ([]rtcp.Packet, error) {
				if len(p.layers) == 1 {
					packets, _, err := camera.ReadRTCP()
					return packets, err
				}
				packets, _, err := camera.ReadSimulcastRTCP(trace.RIDs[i])
				return packets, err
			}, again)
		})
	}
	microphone := p.pc.GetTransceivers()[0].Sender()
	p.wait.Go(func() {
		p.feedback(func() ([]rtcp.Packet, error) {
			packets, _, err := microphone.ReadRTCP()
			return packets, err
		}, nil)
	})
	p.wait.Go(func() { p.run(ctx, again) })
	return nil
}

// learn notes the negotiated extensions; a simulcast packet must name its m-line and encoding.
func (t *sendTrack) learn(mid string, parameters webrtc.RTPSendParameters) {
	for _, e := range parameters.HeaderExtensions {
		switch e.URI {
		case sdp.SDESMidURI:
			t.extensions = append(t.extensions, extension{uint8(e.ID), mid})
		case sdp.SDESRTPStreamIDURI:
			if rid := t.local.RID(); rid != "" {
				t.extensions = append(t.extensions, extension{uint8(e.ID), rid})
			}
		case sdp.AudioLevelURI:
			t.levelID = uint8(e.ID)
		}
	}
}

// feedback reads what comes back for one encoding, which also lets Pion answer NACKs; a request for a keyframe
// restarts the trace, which begins with one. again may be nil.
func (p *publisher) feedback(read func() ([]rtcp.Packet, error), again chan<- struct{}) {
	for {
		packets, err := read()
		if err != nil {
			return
		}
		for _, packet := range packets {
			switch packet.(type) {
			case *rtcp.PictureLossIndication, *rtcp.FullIntraRequest:
				p.keyframes.Add(1)
				select {
				case again <- struct{}{}:
				default: // one request waits already, or nobody draws
				}
			}
		}
	}
}

// keyframeGap is the least time between two keyframes, as in Chromium.
const keyframeGap = 300 * time.Millisecond

// run sends until stopped: the trace from its start, again when it ends or a keyframe is asked for.
func (p *publisher) run(ctx context.Context, again <-chan struct{}) {
	payload := make([]byte, trace.MaxPayload)
	timer := time.NewTimer(0)
	defer timer.Stop()
	<-timer.C
	start := time.Now()
	for i := 0; ; {
		packet := p.packets[i]
		if wait := time.Until(start.Add(packet.At)); wait > 0 {
			timer.Reset(wait)
			select {
			case <-ctx.Done():
				return
			case <-timer.C:
			case <-again:
				if time.Since(start) < keyframeGap {
					continue
				}
				p.rewind(time.Since(start))
				start, i = time.Now(), 0
				continue
			}
		}
		p.send(packet, payload)
		if i++; i == len(p.packets) {
			p.rewind(p.length)
			start, i = start.Add(p.length), 0
		}
	}
}

// rewind lets the timestamps go on while the trace begins again after it was played for a time.
func (p *publisher) rewind(played time.Duration) {
	for track, t := range p.tracks {
		if t == nil {
			continue
		}
		rate := time.Duration(90000)
		if track == trace.Voice {
			rate = 48000
		}
		t.base += uint32(played * rate / time.Second)
	}
}

func (p *publisher) send(packet trace.Packet, buffer []byte) {
	t := p.tracks[packet.Track]
	if t == nil {
		return // an encoding that is not sent
	}
	header := rtp.Header{Version: 2, SequenceNumber: t.seq, Timestamp: t.base + packet.TS, Marker: packet.Marker}
	for _, e := range t.extensions {
		if header.SetExtension(e.id, []byte(e.value)) != nil {
			return
		}
	}
	if packet.Track == trace.Voice && t.levelID != 0 {
		if header.SetExtension(t.levelID, []byte{packet.Level | 0x80}) != nil {
			return
		}
	}
	payload := packet.Payload(buffer)
	trace.Stamp{Number: uint32(p.sent[packet.Track].Load()), Frame: t.frame, Sent: time.Since(p.began)}.Write(payload)
	t.seq++
	if packet.Marker {
		t.frame++
	}
	// An error is a closed transport; the run's own measure shows it as loss.
	if t.local.WriteRTP(&rtp.Packet{Header: header, Payload: payload}) == nil {
		p.sent[packet.Track].Add(1)
	}
}

func (p *publisher) close() error {
	if p.stop != nil {
		p.stop()
	}
	err := p.pc.Close()
	p.wait.Wait()
	return err
}

// connected waits until a transport is up.
func connected(ctx context.Context, pc *webrtc.PeerConnection) error {
	up := make(chan error, 1)
	tell := func(err error) {
		select {
		case up <- err:
		default: // the first word counts
		}
	}
	watch := func(s webrtc.PeerConnectionState) {
		switch s {
		case webrtc.PeerConnectionStateConnected:
			tell(nil)
		case webrtc.PeerConnectionStateFailed, webrtc.PeerConnectionStateClosed:
			tell(io.ErrClosedPipe)
		}
	}
	pc.OnConnectionStateChange(watch)
	watch(pc.ConnectionState())
	select {
	case err := <-up:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}
