package loadgen

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"

	"github.com/zvonok/zvonok/sfu/sfutest/trace"
)

// capturePage publishes camera and microphone as our client does. Open it in a Chromium that runs with fake devices.
const capturePage = `<!doctype html><script type="module">
const media = await navigator.mediaDevices.getUserMedia({audio: true, video: {width: 1280, height: 720, frameRate: 30}});
const pc = new RTCPeerConnection();
pc.addTransceiver(media.getAudioTracks()[0], {direction: 'sendonly'});
const camera = pc.addTransceiver(media.getVideoTracks()[0], {direction: 'sendonly', sendEncodings: [
  {rid: 'q', scaleResolutionDownBy: 4, maxBitrate: 120000},
  {rid: 'h', scaleResolutionDownBy: 2, maxBitrate: 400000},
  {rid: 'f', maxBitrate: 1500000}]});
camera.setCodecPreferences(RTCRtpSender.getCapabilities('video').codecs.filter(
  (c) => c.mimeType === 'video/rtx' || c.mimeType === 'video/H264' && /42e01f/.test(c.sdpFmtpLine) && /packetization-mode=1/.test(c.sdpFmtpLine)));
await pc.setLocalDescription();
await new Promise((done) => { pc.onicegatheringstatechange = () => pc.iceGatheringState === 'complete' && done(); });
const answer = await fetch('/offer', {method: 'POST', body: JSON.stringify(pc.localDescription)});
await pc.setRemoteDescription(await answer.json());
</script>`

// Length of a capture, after the time that the browser's bandwidth estimate needs.
const (
	captureWarmUp = 20 * time.Second
	captureLength = 10 * time.Second
)

// capture receives one browser and gathers the packets that it sends.
type capture struct {
	done    chan struct{}
	levelID uint8

	mu sync.Mutex
	// start is the arrival of the first packet of the largest picture's keyframe.
	start  time.Time
	tracks [trace.Tracks][]capturedPacket
	closed bool
}

type capturedPacket struct {
	at      time.Time
	header  rtp.Header
	payload []byte
}

// captureTo serves the page on loopback until one browser was recorded, and writes the trace.
func captureTo(path string, stdout io.Writer) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	c := &capture{done: make(chan struct{})}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, capturePage)
	})
	mux.HandleFunc("POST /offer", func(w http.ResponseWriter, r *http.Request) {
		answer, err := c.answer(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		_ = json.NewEncoder(w).Encode(answer)
	})
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(listener) }()
	fmt.Fprintf(stdout, "http://%s/\n", listener.Addr())
	<-c.done
	if err := server.Shutdown(context.Background()); err != nil {
		return err
	}
	return c.save(path)
}

func (c *capture) answer(body io.Reader) (*webrtc.SessionDescription, error) {
	var offer webrtc.SessionDescription
	if err := json.NewDecoder(body).Decode(&offer); err != nil {
		return nil, err
	}
	api, err := newAPI(true)
	if err != nil {
		return nil, err
	}
	pc, err := api.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return nil, err
	}
	pc.OnTrack(func(t *webrtc.TrackRemote, r *webrtc.RTPReceiver) { c.receive(pc, t, r) })
	if err := pc.SetRemoteDescription(offer); err != nil {
		return nil, err
	}
	answer, err := pc.CreateAnswer(nil)
	if err != nil {
		return nil, err
	}
	gathered := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(answer); err != nil {
		return nil, err
	}
	<-gathered
	return pc.LocalDescription(), nil
}

func (c *capture) receive(pc *webrtc.PeerConnection, t *webrtc.TrackRemote, r *webrtc.RTPReceiver) {
	track := trace.Voice
	for i, rid := range trace.RIDs {
		if t.RID() == rid {
			track = i
		}
	}
	if track == trace.Voice {
		for _, e := range r.GetParameters().HeaderExtensions {
			if e.URI == sdp.AudioLevelURI {
				c.levelID = uint8(e.ID)
			}
		}
	}
	began := time.Now()
	var asked time.Time
	for {
		p, _, err := t.ReadRTP()
		if err != nil {
			return
		}
		now := time.Now()
		if now.Sub(began) < captureWarmUp {
			continue
		}
		if track < trace.Voice && now.Sub(asked) > time.Second && !c.has(track) {
			asked = now
			_ = pc.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: uint32(t.SSRC())}})
		}
		if len(p.Payload) > 0 && c.take(track, capturedPacket{now, p.Header, p.Payload}) {
			return
		}
	}
}

func (c *capture) has(track int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.tracks[track]) > 0
}

// take reports whether the capture is over. A picture's packets count from its keyframe on.
func (c *capture) take(track int, p capturedPacket) (over bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return true
	}
	if track < trace.Voice && len(c.tracks[track]) == 0 && !trace.StartsWithParameters(p.payload) {
		return false
	}
	if c.start.IsZero() {
		if track == trace.Voice {
			return false
		}
		c.start = p.at
	}
	if p.at.Sub(c.start) > captureLength {
		c.closed = true
		close(c.done)
		return true
	}
	c.tracks[track] = append(c.tracks[track], p)
	return false
}

func (c *capture) save(path string) error {
	var all []trace.Packet
	for track, packets := range c.tracks {
		if len(packets) == 0 {
			return fmt.Errorf("loadgen: the browser did not send encoding %d", track)
		}
		for _, p := range packets {
			recorded := trace.Packet{
				At: p.at.Sub(c.start), Track: track, TS: p.header.Timestamp - packets[0].header.Timestamp,
				Size: min(len(p.payload), trace.MaxPayload), Marker: p.header.Marker, Head: p.payload[:min(2, len(p.payload))],
			}
			if track == trace.Voice {
				recorded.Head = p.payload[:1]
				if ext := p.header.GetExtension(c.levelID); len(ext) > 0 {
					recorded.Level = ext[0] & 0x7f
				}
			} else if kind := p.payload[0] & 0x1f; kind == 7 || kind == 8 || kind == 24 {
				recorded.Head = p.payload[:min(len(p.payload), trace.MaxHead)]
			}
			all = append(all, recorded)
		}
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := trace.Write(file, all); err != nil {
		return err
	}
	return file.Close()
}
