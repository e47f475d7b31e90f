package loadgen

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"
	"github.com/pion/stun/v4"

	"github.com/zvonok/zvonok/sfu/media"
	"github.com/zvonok/zvonok/sfu/sfutest/trace"
)

// The payload types that listeners offer.
const (
	pictureType, retransmitType, soundType = 102, 103, 111
)

// listener is one thin subscriber: checks, a DTLS client, and counters. Every one counts its packets by their numbers,
// which are readable; a sampled one also decrypts them all and reads their stamps.
type listener struct {
	id       media.ParticipantID
	number   int
	slots    []media.SlotKind
	sampled  bool
	audience *audience
	row      *row
	from     []byte // the control message with its address
	server   netip.AddrPort
	link     *link
	dtls     *dtls.Conn

	ufrag, password, theirUfrag, theirPassword string
	checked                                    chan struct{}
	checkedOnce                                sync.Once
	// first is closed by the first packet of a picture.
	first     chan struct{}
	firstSeen bool
	// opener is set once there are keys.
	opener atomic.Pointer[srtp.Context]

	// owned by the audience's keeping goroutine
	reporter            *srtp.Context
	ready               atomic.Bool
	nextCheck, nextTold time.Time

	// owned by the row's goroutine until it has ended
	streams []stream
	plain   []byte
	header  rtp.Header
	tally   tally
}

// tally is what a listener counted.
type tally struct {
	received, lost, foreign uint64
	picture, sound          []time.Duration
}

// stream is one SSRC.
type stream struct {
	ssrc  uint32
	last  uint16
	begun bool
}

func newListener(a *audience, id media.ParticipantID, number int, slots []media.SlotKind, sampled bool) (*listener, error) {
	l := &listener{
		id: id, number: number, slots: slots, sampled: sampled, audience: a, from: sendFrom(seatAddress(number)),
		ufrag: rand.Text()[:8], password: rand.Text() + rand.Text()[:6], checked: make(chan struct{}), first: make(chan struct{}),
	}
	if err := a.seat(l); err != nil {
		return nil, err
	}
	l.link = newLink(l)
	return l, nil
}

// offer is the one offer: a receive-only m-line for each slot.
func (l *listener) offer() string {
	var b strings.Builder
	b.WriteString("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE")
	for i := range l.slots {
		fmt.Fprintf(&b, " %d", i)
	}
	b.WriteString("\r\n")
	for i, kind := range l.slots {
		if kind.IsVideo() {
			fmt.Fprintf(&b, "m=video 9 UDP/TLS/RTP/SAVPF %d %d\r\n", pictureType, retransmitType)
			fmt.Fprintf(&b, "a=rtpmap:%[1]d H264/90000\r\na=fmtp:%[1]d level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f\r\n", pictureType)
			fmt.Fprintf(&b, "a=rtcp-fb:%[1]d nack\r\na=rtcp-fb:%[1]d nack pli\r\na=rtpmap:%[2]d rtx/90000\r\na=fmtp:%[2]d apt=%[1]d\r\n", pictureType, retransmitType)
		} else {
			fmt.Fprintf(&b, "m=audio 9 UDP/TLS/RTP/SAVPF %[1]d\r\na=rtpmap:%[1]d opus/48000/2\r\na=fmtp:%[1]d minptime=10;useinbandfec=1\r\n", soundType)
			b.WriteString("a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n")
		}
		fmt.Fprintf(&b, "c=IN IP4 0.0.0.0\r\na=mid:%d\r\na=recvonly\r\na=rtcp-mux\r\na=setup:active\r\n", i)
		fmt.Fprintf(&b, "a=ice-ufrag:%s\r\na=ice-pwd:%s\r\na=fingerprint:%s\r\n", l.ufrag, l.password, l.audience.fingerprint)
	}
	return b.String()
}

var errAnswer = errors.New("loadgen: an answer without credentials or address")

// connect takes the answer, checks, and shakes hands.
func (l *listener) connect(ctx context.Context, answer string) error {
	if err := l.read(answer); err != nil {
		return err
	}
	for pause := 50 * time.Millisecond; ; pause *= 2 {
		if err := l.check(); err != nil {
			return err
		}
		select {
		case <-l.checked:
			return l.shake(ctx)
		case <-time.After(pause):
		case <-ctx.Done():
			return fmt.Errorf("loadgen: %s: no answer to a check: %w", l.id, ctx.Err())
		}
	}
}

func (l *listener) read(answer string) error {
	for line := range strings.SplitSeq(answer, "\r\n") {
		key, value, _ := strings.Cut(line, ":")
		switch key {
		case "a=ice-ufrag":
			l.theirUfrag = value
		case "a=ice-pwd":
			l.theirPassword = value
		case "a=candidate":
			fields := strings.Fields(value)
			if len(fields) < 6 || !strings.EqualFold(fields[2], "udp") || l.server.IsValid() {
				continue
			}
			if at, err := netip.ParseAddrPort(fields[4] + ":" + fields[5]); err == nil && at.Addr().Is4() {
				l.server = at
			}
		}
	}
	if l.theirUfrag == "" || l.theirPassword == "" || !l.server.IsValid() {
		return errAnswer
	}
	return nil
}

// check sends one nominating check (RFC 8445, section 7.2).
func (l *listener) check() error {
	m, err := stun.Build(stun.TransactionID, stun.BindingRequest, stun.NewUsername(l.theirUfrag+":"+l.ufrag),
		stun.RawAttribute{Type: stun.AttrUseCandidate}, stun.RawAttribute{Type: stun.AttrPriority, Value: []byte{110, 0, 30, 255}},
		stun.RawAttribute{Type: stun.AttrICEControlling, Value: []byte{1, 2, 3, 4, 5, 6, 7, byte(l.number)}},
		stun.NewShortTermIntegrity(l.theirPassword), stun.Fingerprint)
	if err != nil {
		return err
	}
	return l.send(m.Raw)
}

func (l *listener) send(b []byte) error {
	_, _, err := l.row.conn.WriteMsgUDPAddrPort(b, l.from, l.server)
	return err
}

// shake runs the DTLS handshake and takes the keys.
func (l *listener) shake(ctx context.Context) error {
	conn, err := dtls.ClientWithOptions(l.link, far{},
		dtls.WithCertificates(l.audience.certificate), dtls.WithInsecureSkipVerify(true),
		dtls.WithSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM), dtls.WithExtendedMasterSecret(dtls.RequireExtendedMasterSecret))
	if err != nil {
		return err
	}
	l.dtls = conn
	if err := conn.HandshakeContext(ctx); err != nil {
		return fmt.Errorf("loadgen: %s: %w", l.id, err)
	}
	state, ok := conn.ConnectionState()
	if !ok {
		return fmt.Errorf("loadgen: %s: no state after the handshake", l.id)
	}
	cfg := srtp.Config{Profile: srtp.ProtectionProfileAeadAes128Gcm}
	if err := cfg.ExtractSessionKeysFromDTLS(&state, true); err != nil {
		return err
	}
	if l.reporter, err = srtp.CreateContext(cfg.Keys.LocalMasterKey, cfg.Keys.LocalMasterSalt, cfg.Profile); err != nil {
		return err
	}
	opener, err := srtp.CreateContext(cfg.Keys.RemoteMasterKey, cfg.Keys.RemoteMasterSalt, cfg.Profile)
	if err != nil {
		return err
	}
	l.opener.Store(opener)
	l.ready.Store(true)
	return nil
}

// keepAlive sends what is due: a check, a receiver report. What cannot be sent shows as loss.
func (l *listener) keepAlive(now time.Time) {
	if !l.ready.Load() {
		return
	}
	if now.After(l.nextCheck) {
		l.nextCheck = now.Add(checkEvery)
		_ = l.check()
	}
	if now.After(l.nextTold) {
		l.nextTold = now.Add(reportEvery)
		report := &rtcp.ReceiverReport{SSRC: uint32(l.number) + 1, Reports: []rtcp.ReceptionReport{{SSRC: 1}, {SSRC: 2}}}
		raw, err := report.Marshal()
		if err != nil {
			return
		}
		if sealed, err := l.reporter.EncryptRTCP(nil, raw, nil); err == nil {
			_ = l.send(sealed)
		}
	}
}

// arrived takes a datagram, on the row's goroutine (RFC 7983).
func (l *listener) arrived(b []byte, now time.Duration) {
	switch {
	case len(b) == 0:
	case b[0] < 4:
		if len(b) > 1 && b[0] == 1 && b[1] == 1 {
			l.checkedOnce.Do(func() { close(l.checked) })
		}
	case b[0] >= 20 && b[0] < 64:
		l.link.push(b)
	case b[0] >= 128 && len(b) >= 12 && (b[1] < 192 || b[1] > 223):
		l.count(b, now)
	}
}

func (l *listener) count(b []byte, now time.Duration) {
	kind := b[1] & 0x7f
	if kind != pictureType && kind != soundType {
		return
	}
	if kind == pictureType && !l.firstSeen {
		l.firstSeen = true
		close(l.first)
	}
	var payload []byte
	if l.sampled {
		payload = l.open(b)
	}
	s := l.stream(uint32(b[8])<<24 | uint32(b[9])<<16 | uint32(b[10])<<8 | uint32(b[11]))
	seq := uint16(b[2])<<8 | uint16(b[3])
	step := seq - s.last
	late := s.begun && step > 1<<15
	if !late {
		s.last = seq
	}
	if !l.audience.measuring.Load() {
		s.begun = false
		return
	}
	switch {
	case late && l.tally.lost > 0:
		l.tally.lost--
	case s.begun && !late && step > 1:
		l.tally.lost += uint64(step - 1)
	}
	s.begun = true
	l.tally.received++
	if l.sampled {
		l.latency(payload, kind, now)
	}
}

func (l *listener) latency(payload []byte, kind byte, now time.Duration) {
	mark, ok := trace.ReadStamp(payload)
	switch {
	case !ok:
		l.tally.foreign++
	case kind == pictureType:
		l.tally.picture = append(l.tally.picture, now-mark.Sent)
	default:
		l.tally.sound = append(l.tally.sound, now-mark.Sent)
	}
}

// open decrypts a packet by Pion and gives its payload without padding; nil for one that does not decrypt.
func (l *listener) open(b []byte) []byte {
	context := l.opener.Load()
	if context == nil {
		return nil
	}
	plain, err := context.DecryptRTP(l.plain[:0], b, nil)
	if err != nil {
		return nil
	}
	l.plain = plain
	n, err := l.header.Unmarshal(plain)
	if err != nil {
		return nil
	}
	end := len(plain)
	if l.header.Padding {
		end -= int(plain[end-1])
	}
	return plain[n:max(n, end)]
}

func (l *listener) stream(ssrc uint32) *stream {
	for i := range l.streams {
		if l.streams[i].ssrc == ssrc {
			return &l.streams[i]
		}
	}
	l.streams = append(l.streams, stream{ssrc: ssrc})
	return &l.streams[len(l.streams)-1]
}

func (l *listener) close() error {
	l.ready.Store(false)
	if l.dtls == nil {
		return nil
	}
	return l.dtls.Close()
}
