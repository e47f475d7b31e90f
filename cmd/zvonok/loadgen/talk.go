package loadgen

import (
	"bufio"
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
	"github.com/pion/rtp"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"
	"github.com/pion/webrtc/v4/pkg/media/oggreader"
)

// toneFiles are pulsed tones in Opus, one packet of 20 ms a page: 1601 and 1889 Hz at half of full scale, and 30 dB below.
//
//go:embed testdata/tone-*.ogg
var toneFiles embed.FS

// talkOptions say who talks where. A talker is a participant without eyes: it signs in by a personal link, joins as
// any client does and sends a tone until stdin ends. Lines on stdin: "off" and "on" close and open the microphone.
type talkOptions struct {
	Link   string
	Lesson string
	Tone   int
	Soft   bool
}

func talkFlags(f *flag.FlagSet) *talkOptions {
	o := &talkOptions{}
	f.StringVar(&o.Link, "talk", "", "personal link of the one who joins a lesson and sends a tone")
	f.StringVar(&o.Lesson, "lesson", "", "id of the lesson for -talk")
	f.IntVar(&o.Tone, "tone", 1601, "tone for -talk in Hz: 1601 or 1889")
	f.BoolVar(&o.Soft, "soft", false, "send the tone 30 dB softer")
	return o
}

const (
	opusFrame   = 20 * time.Millisecond
	opusTicks   = 960
	talkTimeout = 20 * time.Second
	maxMessage  = 1 << 20
)

// level is what the tone has in -dBov (RFC 6464).
func (o talkOptions) level() uint8 {
	if o.Soft {
		return 38
	}
	return 9
}

func (o talkOptions) packets() ([][]byte, error) {
	loudness := "loud"
	if o.Soft {
		loudness = "soft"
	}
	file, err := toneFiles.Open(fmt.Sprintf("testdata/tone-%d-%s.ogg", o.Tone, loudness))
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	reader, _, err := oggreader.NewWith(file)
	if err != nil {
		return nil, err
	}
	var all [][]byte
	for {
		page, _, err := reader.ParseNextPage()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		if !bytes.HasPrefix(page, []byte("Opus")) {
			all = append(all, page)
		}
	}
}

// talker is one such participant.
type talker struct {
	socket *websocket.Conn
	pc     *webrtc.PeerConnection
	track  *webrtc.TrackLocalStaticRTP
	nextID atomic.Uint64

	mu      sync.Mutex
	waiting map[uint64]chan envelope
}

// envelope is one frame of the signaling protocol (signaling/PROTOCOL.md).
type envelope struct {
	Type string          `json:"t"`
	ID   uint64          `json:"id,omitempty"`
	Re   uint64          `json:"re,omitempty"`
	Data json.RawMessage `json:"d"`
}

func talk(o talkOptions, in io.Reader, out io.Writer) error {
	packets, err := o.packets()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	t, err := enterTalker(ctx, o)
	if err != nil {
		return err
	}
	var wait sync.WaitGroup
	wait.Go(func() { t.send(ctx, packets, o.level()) })
	defer func() {
		cancel()
		_ = t.pc.Close()
		_ = t.socket.Close(websocket.StatusNormalClosure, "")
		wait.Wait()
	}()
	fmt.Fprintln(out, "talking")
	for lines := bufio.NewScanner(in); lines.Scan(); {
		on := lines.Text() == "on"
		if err := t.ask(ctx, "source", map[string]any{"source": "microphone", "on": on}, nil); err != nil {
			return err
		}
		fmt.Fprintln(out, lines.Text())
	}
	return t.ask(ctx, "leave", struct{}{}, nil)
}

func enterTalker(ctx context.Context, o talkOptions) (t *talker, err error) {
	ctx, cancel := context.WithTimeout(ctx, talkTimeout)
	defer cancel()
	link, err := url.Parse(o.Link)
	if err != nil {
		return nil, err
	}
	origin := link.Scheme + "://" + link.Host
	cookie, err := useLink(ctx, origin, strings.TrimPrefix(link.Path, "/l/"))
	if err != nil {
		return nil, err
	}
	t = &talker{waiting: map[uint64]chan envelope{}}
	t.socket, _, err = websocket.Dial(ctx, "ws"+strings.TrimPrefix(origin, "http")+"/api/v1/lessons/"+o.Lesson+"/ws", &websocket.DialOptions{
		Subprotocols: []string{"zvonok.v1"}, HTTPHeader: http.Header{"Cookie": {cookie}, "Origin": {origin}},
	})
	if err != nil {
		return nil, err
	}
	t.socket.SetReadLimit(maxMessage)
	go t.read()
	if err := t.enter(ctx); err != nil {
		return nil, errors.Join(err, t.socket.CloseNow())
	}
	return t, nil
}

// useLink signs in and returns the session's cookie.
func useLink(ctx context.Context, origin, token string) (string, error) {
	body, err := json.Marshal(map[string]string{"token": token})
	if err != nil {
		return "", err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, origin+"/api/v1/session/link", bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Origin", origin)
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = answer.Body.Close() }()
	for _, c := range answer.Cookies() {
		if c.Value != "" {
			return c.Name + "=" + c.Value, nil
		}
	}
	return "", fmt.Errorf("loadgen: the link was answered with %s and no session", answer.Status)
}

// read hands answers to those who wait; events mean nothing to a talker. It ends with the socket.
func (t *talker) read() {
	for {
		_, data, err := t.socket.Read(context.Background())
		if err != nil {
			t.mu.Lock()
			for _, answer := range t.waiting {
				close(answer)
			}
			t.waiting = nil
			t.mu.Unlock()
			return
		}
		var e envelope
		if json.Unmarshal(data, &e) != nil || e.Re == 0 {
			continue
		}
		t.mu.Lock()
		answer := t.waiting[e.Re]
		delete(t.waiting, e.Re)
		t.mu.Unlock()
		if answer != nil {
			answer <- e // has room for one
		}
	}
}

func (t *talker) ask(ctx context.Context, name string, body, into any) error {
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	e := envelope{Type: name, ID: t.nextID.Add(1), Data: data}
	frame, err := json.Marshal(e)
	if err != nil {
		return err
	}
	answer := make(chan envelope, 1)
	t.mu.Lock()
	if t.waiting == nil {
		t.mu.Unlock()
		return io.ErrClosedPipe
	}
	t.waiting[e.ID] = answer
	t.mu.Unlock()
	if err := t.socket.Write(ctx, websocket.MessageText, frame); err != nil {
		return err
	}
	select {
	case got, ok := <-answer:
		switch {
		case !ok:
			return fmt.Errorf("loadgen: the socket closed before %s was answered", name)
		case got.Type != "ok":
			return fmt.Errorf("loadgen: %s: %s", name, got.Data)
		case into != nil:
			return json.Unmarshal(got.Data, into)
		}
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (t *talker) enter(ctx context.Context) error {
	hello := map[string]any{
		"protocol": 1, "client": "loadgen", "device": "loadgen-talker", "takeOver": true,
		"capabilities": map[string]any{"decode": []map[string]any{{"codec": "h264", "max": 0, "height": 0}}, "encode": []string{"h264"}},
	}
	if err := t.ask(ctx, "hello", hello, nil); err != nil {
		return err
	}
	if err := t.connect(ctx); err != nil {
		return err
	}
	return t.ask(ctx, "source", map[string]any{"source": "microphone", "on": true}, nil)
}

// connect makes the publish transport with its four m-lines.
func (t *talker) connect(ctx context.Context) (err error) {
	api, err := newAPI(false)
	if err != nil {
		return err
	}
	if t.pc, err = api.NewPeerConnection(webrtc.Configuration{}); err != nil {
		return err
	}
	voice := webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2}
	if t.track, err = webrtc.NewTrackLocalStaticRTP(voice, "microphone", "me"); err != nil {
		return err
	}
	sendonly := webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly}
	if _, err := t.pc.AddTransceiverFromTrack(t.track, sendonly); err != nil {
		return err
	}
	for _, kind := range []webrtc.RTPCodecType{webrtc.RTPCodecTypeVideo, webrtc.RTPCodecTypeVideo, webrtc.RTPCodecTypeAudio} {
		if _, err := t.pc.AddTransceiverFromKind(kind, sendonly); err != nil {
			return err
		}
	}
	description, err := offer(t.pc)
	if err != nil {
		return err
	}
	var answer struct {
		SDP string `json:"sdp"`
	}
	if err := t.ask(ctx, "publish", map[string]string{"sdp": description}, &answer); err != nil {
		return err
	}
	if err := t.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer.SDP}); err != nil {
		return err
	}
	return connected(ctx, t.pc)
}

func (t *talker) send(ctx context.Context, packets [][]byte, level uint8) {
	var levelID uint8
	for _, e := range t.pc.GetTransceivers()[0].Sender().GetParameters().HeaderExtensions {
		if e.URI == sdp.AudioLevelURI {
			levelID = uint8(e.ID)
		}
	}
	tick := time.NewTicker(opusFrame)
	defer tick.Stop()
	for i := 0; ; i++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		h := rtp.Header{Version: 2, SequenceNumber: uint16(i), Timestamp: uint32(i * opusTicks)}
		if levelID != 0 && h.SetExtension(levelID, []byte{0x80 | level}) != nil {
			return
		}
		if t.track.WriteRTP(&rtp.Packet{Header: h, Payload: packets[i%len(packets)]}) != nil {
			return
		}
	}
}
