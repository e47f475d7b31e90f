package sfutest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/sdp/v3"
	"github.com/pion/webrtc/v4"

	"github.com/zvonok/zvonok/sfu/media"
)

// Publisher is a headless publish transport: microphone, camera, share, share sound.
type Publisher struct {
	*peer
	// Microphone, Share and ShareAudio have one encoding each.
	Microphone, Share, ShareAudio *Encoding
	// Camera has one encoding for each RID, the smallest first.
	Camera []*Encoding
}

// NewPublisher makes a publisher whose camera sends the given RIDs; none means one encoding without RID.
func NewPublisher(o Options, rids ...string) (*Publisher, error) {
	pr, err := newPeer(o)
	if err != nil {
		return nil, err
	}
	p := &Publisher{
		peer:       pr,
		Microphone: newEncoding(media.Microphone, ""),
		Share:      newEncoding(media.Share, ""),
		ShareAudio: newEncoding(media.ShareAudio, ""),
	}
	if len(rids) == 0 {
		rids = []string{""}
	}
	for _, rid := range rids {
		p.Camera = append(p.Camera, newEncoding(media.Camera, rid))
	}
	for _, encodings := range [][]*Encoding{{p.Microphone}, p.Camera, {p.Share}, {p.ShareAudio}} {
		if err := p.add(encodings); err != nil {
			return nil, errors.Join(err, p.Close())
		}
	}
	return p, nil
}

func (p *Publisher) add(encodings []*Encoding) error {
	t, err := p.pc.AddTransceiverFromTrack(encodings[0], webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
	if err != nil {
		return fmt.Errorf("add %s: %w", encodings[0].id, err)
	}
	for _, e := range encodings {
		if e != encodings[0] {
			if err := t.Sender().AddEncoding(e); err != nil {
				return fmt.Errorf("add encoding %s: %w", e.rid, err)
			}
		}
		e.transceiver, e.pc = t, p.pc
	}
	return nil
}

// Connect offers, lets the server answer, and waits for the transport.
func (p *Publisher) Connect(ctx context.Context, exchange Exchange) error {
	if err := p.connect(ctx, exchange); err != nil {
		return err
	}
	for _, t := range p.pc.GetTransceivers() {
		sender := t.Sender()
		e, ok := sender.Track().(*Encoding)
		if !ok {
			continue
		}
		for _, e := range p.encodingsOf(e) {
			p.wg.Go(func() { e.readRTCP(sender) })
		}
	}
	return nil
}

func (p *Publisher) encodingsOf(first *Encoding) []*Encoding {
	if first.source == media.Camera {
		return p.Camera
	}
	return []*Encoding{first}
}

// Encoding is one stream that the test writes. Any goroutine may write.
type Encoding struct {
	id, rid     string
	source      media.Source
	transceiver *webrtc.RTPTransceiver
	pc          *webrtc.PeerConnection
	keyframe    chan struct{}

	mu             sync.Mutex
	writer         webrtc.TrackLocalWriter
	ssrc           uint32
	types          map[media.Codec]uint8
	codec          media.Codec
	mid, ride, lev uint8
	seq            uint16
	count, octets  uint32
}

func newEncoding(s media.Source, rid string) *Encoding {
	e := &Encoding{id: s.String(), rid: rid, source: s, seq: uint16(rand.Uint32()), keyframe: make(chan struct{}, 1), codec: media.Opus}
	if s.IsVideo() {
		e.codec = media.H264
	}
	return e
}

// Packet is what a test sends.
type Packet struct {
	TS      uint32
	Marker  bool
	Payload []byte
	// Level is the audio level in -dBov; video ignores it.
	Level uint8
	// Skip leaves this many sequence numbers out before the packet.
	Skip uint16
	// Padding makes a padding-only packet of this many bytes; Payload is ignored.
	Padding uint8
}

// ErrNoCodec is returned for a codec that was not negotiated.
var ErrNoCodec = errors.New("sfutest: codec not negotiated")

// SetCodec changes what the next packets are, without negotiation.
func (e *Encoding) SetCodec(c media.Codec) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.types[c] == 0 {
		return fmt.Errorf("%w: %s", ErrNoCodec, c)
	}
	e.codec = c
	return nil
}

// Write sends one packet.
func (e *Encoding) Write(p Packet) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.types[e.codec] == 0 {
		return fmt.Errorf("%w: %s", ErrNoCodec, e.codec)
	}
	e.seq += 1 + p.Skip
	h := rtp.Header{
		Version: 2, PayloadType: e.types[e.codec], SSRC: e.ssrc, SequenceNumber: e.seq, Timestamp: p.TS, Marker: p.Marker,
	}
	set := func(id uint8, value []byte) error {
		if id == 0 || len(value) == 0 {
			return nil
		}
		return h.SetExtension(id, value)
	}
	err := set(e.mid, []byte(e.transceiver.Mid()))
	if e.source.IsVideo() {
		err = errors.Join(err, set(e.ride, []byte(e.rid)))
	} else {
		err = errors.Join(err, set(e.lev, []byte{p.Level}))
	}
	if err != nil {
		return err
	}
	payload := p.Payload
	if p.Padding > 0 {
		payload = nil
		h.Padding, h.PaddingSize = true, p.Padding
	}
	e.count++
	e.octets += uint32(len(payload))
	_, err = e.writer.WriteRTP(&h, payload)
	return err
}

// Report sends a sender report that ties ts to a wall clock.
func (e *Encoding) Report(ts uint32, at time.Time) error {
	e.mu.Lock()
	sr := &rtcp.SenderReport{SSRC: e.ssrc, NTPTime: ntp(at), RTPTime: ts, PacketCount: e.count, OctetCount: e.octets}
	e.mu.Unlock()
	return e.pc.WriteRTCP([]rtcp.Packet{sr})
}

func ntp(t time.Time) uint64 {
	return uint64(t.Unix()+2208988800)<<32 | uint64(t.Nanosecond())<<32/1e9
}

// SSRC of the encoding, after Connect.
func (e *Encoding) SSRC() uint32 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.ssrc
}

// Keyframe has an element when the server asked for a keyframe; further requests before it is taken are one.
func (e *Encoding) Keyframe() <-chan struct{} { return e.keyframe }

func (e *Encoding) readRTCP(sender *webrtc.RTPSender) {
	for {
		var packets []rtcp.Packet
		var err error
		if e.rid == "" {
			packets, _, err = sender.ReadRTCP()
		} else {
			packets, _, err = sender.ReadSimulcastRTCP(e.rid)
		}
		if err != nil {
			return
		}
		for _, p := range packets {
			if pli, ok := p.(*rtcp.PictureLossIndication); ok && pli.MediaSSRC == e.SSRC() {
				select {
				case e.keyframe <- struct{}{}:
				default: // one is noted already
				}
			}
		}
	}
}

// Bind implements webrtc.TrackLocal.
func (e *Encoding) Bind(ctx webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.writer, e.ssrc, e.types = ctx.WriteStream(), uint32(ctx.SSRC()), map[media.Codec]uint8{}
	codecs := ctx.CodecParameters()
	for _, c := range codecs {
		if codec := media.ParseCodec(c.MimeType[len("video/"):]); codec != media.CodecNone {
			e.types[codec] = uint8(c.PayloadType)
		}
	}
	for _, x := range ctx.HeaderExtensions() {
		switch x.URI {
		case sdp.SDESMidURI:
			e.mid = uint8(x.ID)
		case sdp.SDESRTPStreamIDURI:
			e.ride = uint8(x.ID)
		case sdp.AudioLevelURI:
			e.lev = uint8(x.ID)
		}
	}
	if len(e.types) == 0 {
		return webrtc.RTPCodecParameters{}, webrtc.ErrUnsupportedCodec
	}
	return codecs[0], nil
}

// Unbind implements webrtc.TrackLocal.
func (e *Encoding) Unbind(webrtc.TrackLocalContext) error { return nil }

// ID implements webrtc.TrackLocal.
func (e *Encoding) ID() string { return e.id }

// RID implements webrtc.TrackLocal.
func (e *Encoding) RID() string { return e.rid }

// StreamID implements webrtc.TrackLocal.
func (e *Encoding) StreamID() string { return "publisher" }

// Kind implements webrtc.TrackLocal.
func (e *Encoding) Kind() webrtc.RTPCodecType {
	if e.source.IsVideo() {
		return webrtc.RTPCodecTypeVideo
	}
	return webrtc.RTPCodecTypeAudio
}
