package sfu

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"

	"github.com/zvonok/zvonok/sfu/media"
)

// publishLeg is a publisher's transport: a peer connection, and one goroutine for each received encoding.
type publishLeg struct {
	pc      *webrtc.PeerConnection
	sdp     string
	offer   *publishOffer
	codecs  *payloadTypes
	allowed [media.Sources]bool
	done    chan struct{}
	once    sync.Once
	wg      sync.WaitGroup
	mu      sync.Mutex // guards done against the start of another goroutine
	// restarting lets one ICE restart happen at a time.
	restarting sync.Mutex
}

// newPublishLeg answers a publish offer; the error wraps ErrBadOffer for a bad one.
func newPublishLeg(ctx context.Context, s *Server, p Publication) (*publishLeg, error) {
	offer, err := parsePublish(p)
	if err != nil {
		return nil, err
	}
	pc, err := s.publish.NewPeerConnection(webrtc.Configuration{
		Certificates: []webrtc.Certificate{s.certificate}, BundlePolicy: webrtc.BundlePolicyMaxBundle,
	})
	if err != nil {
		return nil, fmt.Errorf("publish transport: %w", err)
	}
	leg := &publishLeg{pc: pc, offer: offer, allowed: p.Allowed, done: make(chan struct{})}
	if leg.sdp, err = answerOffer(ctx, pc, offer.sdp); err == nil {
		leg.codecs, err = readPayloadTypes(leg.sdp)
		leg.sdp = withStartBitrate(offer.answerFor(leg.sdp))
	}
	if err != nil {
		leg.close()
		return nil, err
	}
	return leg, nil
}

// listen begins to receive. track is called on a goroutine of its own for each encoding and returns the up track to
// feed, or nil to drop everything.
func (l *publishLeg) listen(state func(LegState), track func(src media.Source, layer uint8, ssrc uint32) *upTrack) {
	watchState(l.pc, state)
	l.pc.OnTrack(func(remote *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
		transceiver := receiver.RTPTransceiver()
		if transceiver == nil {
			return
		}
		src, ok := l.offer.mids[transceiver.Mid()]
		layer, known := l.offer.layers[remote.RID()]
		if !ok || !known {
			return
		}
		u := track(src, layer, uint32(remote.SSRC()))
		if u == nil {
			return
		}
		l.start(func() { l.readRTCP(u, receiver, remote.RID()) })
		l.start(func() { l.readRTP(u, remote) })
	})
}

// start runs f unless the leg is closing: its close would not wait for it.
func (l *publishLeg) start(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.closed() {
		l.wg.Go(f)
	}
}

// maxReadErrors ends an encoding that delivers nothing but errors.
const maxReadErrors = 1000

func (l *publishLeg) readRTP(u *upTrack, remote *webrtc.TrackRemote) {
	defer u.room.survive()
	buf := make([]byte, maxPacket)
	for errs := 0; errs < maxReadErrors; {
		n, _, err := remote.Read(buf)
		switch {
		case err == nil:
			errs = 0
			u.receive(buf[:n], time.Now())
		case errors.Is(err, io.EOF) || errors.Is(err, io.ErrClosedPipe) || l.closed():
			return
		default:
			errs++ // a payload type that was not negotiated, for one
			u.room.counters.drop(DropPayloadType)
		}
	}
}

func (l *publishLeg) closed() bool {
	select {
	case <-l.done:
		return true
	default:
		return false
	}
}

// readRTCP keeps the publisher's sender reports; reading also drives Pion's receiver reports.
func (l *publishLeg) readRTCP(u *upTrack, receiver *webrtc.RTPReceiver, rid string) {
	defer u.room.survive()
	buf := make([]byte, maxPacket)
	for {
		var n int
		var err error
		if rid == "" {
			n, _, err = receiver.Read(buf)
		} else {
			n, _, err = receiver.ReadSimulcast(buf, rid)
		}
		if err != nil {
			return
		}
		packets, err := rtcp.Unmarshal(buf[:n])
		if err != nil {
			continue
		}
		for _, p := range packets {
			if sr, ok := p.(*rtcp.SenderReport); ok && sr.SSRC == u.ssrc && sr.NTPTime != 0 {
				u.setReport(sr.NTPTime, sr.RTPTime, time.Now())
			}
		}
	}
}

// close ends the transport and waits for its goroutines. It is idempotent.
func (l *publishLeg) close() {
	l.once.Do(func() {
		l.mu.Lock()
		close(l.done)
		l.mu.Unlock()
		_ = l.pc.GracefulClose() // what fails to close is closed by then
	})
	l.wg.Wait()
}

// startBitrate is what browsers begin to send with, in kbit/s. Their own 300 carries one small layer, and the probe for
// more is lost when the transport connects before there is a picture.
const startBitrate = 1000

// withStartBitrate adds libwebrtc's hint to every video codec of an answer; others ignore it.
func withStartBitrate(answer string) string {
	hint := "x-google-start-bitrate=" + strconv.Itoa(startBitrate)
	lines := strings.SplitAfter(answer, "\r\n")
	out := make([]string, 0, len(lines)+16)
	video := false
	for _, line := range lines {
		if strings.HasPrefix(line, "m=") {
			video = strings.HasPrefix(line, "m=video")
		}
		if pt, ok := strings.CutPrefix(line, "a=rtpmap:"); ok && video && !strings.Contains(line, " rtx/") {
			pt, _, _ = strings.Cut(pt, " ")
			if !strings.Contains(answer, "a=fmtp:"+pt+" ") {
				line += "a=fmtp:" + pt + " " + hint + "\r\n"
			}
		}
		if strings.HasPrefix(line, "a=fmtp:") && video && !strings.Contains(line, " apt=") {
			line = strings.TrimSuffix(line, "\r\n") + ";" + hint + "\r\n"
		}
		out = append(out, line)
	}
	return strings.Join(out, "")
}

// readPayloadTypes learns from our own answer what was negotiated.
func readPayloadTypes(answer string) (*payloadTypes, error) {
	var desc sdp.SessionDescription
	if err := desc.UnmarshalString(answer); err != nil {
		return nil, fmt.Errorf("read own answer: %w", err)
	}
	out := &payloadTypes{}
	for _, m := range desc.MediaDescriptions {
		for _, a := range m.Attributes {
			switch a.Key {
			case "rtpmap":
				pt, name, ok := strings.Cut(a.Value, " ")
				n, err := strconv.ParseUint(pt, 10, 7)
				if ok && err == nil {
					subtype, _, _ := strings.Cut(name, "/")
					out.codec[n] = media.ParseCodec(subtype)
				}
			case "extmap":
				id, uri, ok := strings.Cut(a.Value, " ")
				id, _, _ = strings.Cut(id, "/")
				if n, err := strconv.ParseUint(id, 10, 8); ok && err == nil && uri == sdp.AudioLevelURI {
					out.audioLevel = uint8(n)
				}
			}
		}
	}
	return out, nil
}
