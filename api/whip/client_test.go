package whip_test

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"github.com/zvonok/zvonok/sfu/media"
	"github.com/zvonok/zvonok/sfu/sfutest"
)

// device is a client that knows WHIP and WHEP and nothing of us: Pion as it comes.
type device struct {
	t        *testing.T
	pc       *webrtc.PeerConnection
	token    string
	location string
	etag     string
	link     []string
	stop     chan struct{}
	wg       sync.WaitGroup
}

func newDevice(t *testing.T, token string) *device {
	t.Helper()
	pc, err := webrtc.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	d := &device{t: t, pc: pc, token: token, stop: make(chan struct{})}
	t.Cleanup(d.close)
	return d
}

func (d *device) close() {
	select {
	case <-d.stop:
	default:
		close(d.stop)
	}
	if err := d.pc.GracefulClose(); err != nil {
		d.t.Error(err)
	}
	d.wg.Wait()
}

type answer struct {
	status int
	header http.Header
	body   string
}

// request sends one request of the door; headers come in pairs.
func request(t *testing.T, method, url, token, body string, headers ...string) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close() //nolint:errcheck // read to the end
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{response.StatusCode, response.Header, string(text)}
}

// offer gathers and gives the SDP.
func (d *device) offer() string {
	d.t.Helper()
	offer, err := d.pc.CreateOffer(nil)
	if err != nil {
		d.t.Fatal(err)
	}
	gathered := webrtc.GatheringCompletePromise(d.pc)
	if err := d.pc.SetLocalDescription(offer); err != nil {
		d.t.Fatal(err)
	}
	<-gathered
	return d.pc.LocalDescription().SDP
}

// post does the one POST and takes the answer.
func (d *device) post(url string) {
	d.t.Helper()
	a := request(d.t, http.MethodPost, url, d.token, d.offer(), "Content-Type", "application/sdp")
	if a.status != http.StatusCreated || a.header.Get("Content-Type") != "application/sdp" {
		d.t.Fatalf("POST %s: %d %v %s", url, a.status, a.header, a.body)
	}
	d.location, d.etag, d.link = a.header.Get("Location"), a.header.Get("ETag"), a.header.Values("Link")
	if err := d.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: a.body}); err != nil {
		d.t.Fatalf("%v\n%s", err, a.body)
	}
}

// film is what a publishing device sends: 25 pictures and 50 sounds a second; the keyframes as they are asked for.
type film struct {
	video, audio *webrtc.TrackLocalStaticRTP
	asked        atomic.Bool
	keyframes    atomic.Int64
}

// publishes adds tracks of a codec ("" leaves one out) and sends until the device closes.
func (d *device) publishes(video, audio string) *film {
	d.t.Helper()
	f := &film{}
	f.asked.Store(true)
	add := func(mime, id string) *webrtc.TrackLocalStaticRTP {
		track, err := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: mime}, id, "film")
		if err != nil {
			d.t.Fatal(err)
		}
		sender, err := d.pc.AddTrack(track)
		if err != nil {
			d.t.Fatal(err)
		}
		d.wg.Go(func() {
			for {
				packets, _, err := sender.ReadRTCP()
				if err != nil {
					return
				}
				for _, p := range packets {
					if _, ok := p.(*rtcp.PictureLossIndication); ok {
						f.asked.Store(true)
					}
				}
			}
		})
		return track
	}
	if video != "" {
		f.video = add(video, "video")
	}
	if audio != "" {
		f.audio = add(audio, "audio")
	}
	return f
}

// roll sends until the device closes.
func (d *device) roll(f *film) {
	d.wg.Go(func() {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		var vseq, aseq uint16
		for n := uint32(1); ; n++ {
			select {
			case <-d.stop:
				return
			case <-tick.C:
			}
			if f.audio != nil {
				aseq++
				_ = f.audio.WriteRTP(&rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: aseq, Timestamp: n * 960}, Payload: []byte{0xf8, 1, 2, byte(n)}})
			}
			if f.video == nil || n%2 != 0 {
				continue
			}
			key := f.asked.Swap(false)
			if key {
				f.keyframes.Add(1)
			}
			_, subtype, _ := strings.Cut(f.video.Codec().MimeType, "/")
			payload := sfutest.Single(media.ParseCodec(subtype), key)
			vseq++
			_ = f.video.WriteRTP(&rtp.Packet{Header: rtp.Header{Version: 2, Marker: true, SequenceNumber: vseq, Timestamp: n * 1800}, Payload: payload})
		}
	})
}

// screen is what a receiving device got.
type screen struct {
	mu      sync.Mutex
	packets map[webrtc.RTPCodecType][]rtp.Packet
	mime    map[webrtc.RTPCodecType]string
}

// receives asks for one video and one audio track, or as the kinds say.
func (d *device) receives(kinds ...webrtc.RTPCodecType) *screen {
	d.t.Helper()
	s := &screen{packets: map[webrtc.RTPCodecType][]rtp.Packet{}, mime: map[webrtc.RTPCodecType]string{}}
	if len(kinds) == 0 {
		kinds = []webrtc.RTPCodecType{webrtc.RTPCodecTypeVideo, webrtc.RTPCodecTypeAudio}
	}
	for _, kind := range kinds {
		if _, err := d.pc.AddTransceiverFromKind(kind, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}); err != nil {
			d.t.Fatal(err)
		}
	}
	d.pc.OnTrack(func(track *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		for {
			p, _, err := track.ReadRTP()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.packets[track.Kind()] = append(s.packets[track.Kind()], *p)
			s.mime[track.Kind()] = track.Codec().MimeType
			s.mu.Unlock()
		}
	})
	return s
}

func (s *screen) count(kind webrtc.RTPCodecType) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.packets[kind])
}

// check wants the first picture to be a keyframe and every sequence number to follow the one before, by as much as
// maxStep: Pion closes its sockets for a moment when it restarts ICE, and what comes meanwhile is lost.
func (s *screen) check(t *testing.T, codec string, maxStep uint16) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for kind, packets := range s.packets {
		for i := 1; i < len(packets); i++ {
			if step := packets[i].SequenceNumber - packets[i-1].SequenceNumber; step == 0 || step > maxStep {
				t.Errorf("%s: %d after %d", kind, packets[i].SequenceNumber, packets[i-1].SequenceNumber)
			}
		}
	}
	video := s.packets[webrtc.RTPCodecTypeVideo]
	if len(video) == 0 || codec == "" {
		return
	}
	_, subtype, _ := strings.Cut(codec, "/")
	if !strings.EqualFold(s.mime[webrtc.RTPCodecTypeVideo], codec) || !media.Inspect(media.ParseCodec(subtype), video[0].Payload).Keyframe {
		t.Errorf("begins with %s %x", s.mime[webrtc.RTPCodecTypeVideo], video[0].Payload[:min(8, len(video[0].Payload))])
	}
}

// until waits for a condition; what makes it true is on other goroutines.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	limit := time.NewTimer(20 * time.Second)
	defer limit.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-limit.C:
			t.Fatal("waited in vain: " + what)
		}
	}
}
