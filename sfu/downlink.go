package sfu

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/zvonok/zvonok/sfu/internal/egress"
	"github.com/zvonok/zvonok/sfu/internal/session"
	"github.com/zvonok/zvonok/sfu/internal/slotsdp"
	"github.com/zvonok/zvonok/sfu/media"
)

// ownDownlink is a subscriber's transport: a session on the media port, and its slots.
type ownDownlink struct {
	server  *Server
	session *session.Session
	sdp     string
	tracks  []*slotTrack
	slots   map[uint32]int // by SSRC and RTX SSRC
	path    *path

	// owned by the shard
	shard *shard
	// wide is the last transport-wide number; sent, which may be nil, is told each one that was given out, with the
	// packet's whole length in bytes and the time since the server's origin.
	wide uint16
	sent func(now time.Duration, number uint16, size int)
}

// answeredVideo and answeredAudio are the codecs of an answer, in the order of preference.
var (
	answeredVideo = func() (out []slotsdp.Codec) {
		for _, c := range videoCodecs {
			out = append(out, slotsdp.Codec{Codec: c.codec, Parameters: c.fmtp})
		}
		return out
	}()
	answeredAudio = []slotsdp.Codec{{Codec: media.Opus, Parameters: opusFMTP}}
)

// newOwnDownlink answers a subscribe offer; the error wraps ErrBadOffer for a bad one.
func newOwnDownlink(s *Server, sub Subscription) (*ownDownlink, error) {
	offer, err := parseSubscribe(sub)
	if err != nil {
		return nil, err
	}
	opened, err := s.sessions.Open(offer.Fingerprints)
	if err != nil {
		return nil, fmt.Errorf("subscribe transport: %w", err)
	}
	l := &ownDownlink{server: s, session: opened, slots: map[uint32]int{}}
	a := &slotsdp.Answer{Session: rand.Uint64() >> 2, Fingerprint: s.sessions.Fingerprint(), Candidates: s.candidates()}
	a.Ufrag, a.Password = opened.Local()
	for i, kind := range sub.Slots {
		stream, _ := slotNames(i, kind)
		t := &slotTrack{link: l, line: offer.Lines[i], stream: stream, ssrc: l.newSSRC(i), rtxSSRC: l.newSSRC(i)}
		l.tracks = append(l.tracks, t)
		a.Streams = append(a.Streams, slotsdp.Stream{SSRC: t.ssrc, RTX: t.rtxSSRC})
	}
	l.path = newPath(l)
	if l.sdp, err = offer.Answer(a); err != nil {
		l.close()
		return nil, fmt.Errorf("write answer: %w", err)
	}
	return l, nil
}

// parseSubscribe reads a subscribe offer.
func parseSubscribe(sub Subscription) (*slotsdp.Offer, error) {
	var single [media.SlotTile + 1]bool
	var wanted []slotsdp.Slot
	for i, kind := range sub.Slots {
		if kind > media.SlotTile {
			return nil, fmt.Errorf("%w: unknown slot kind %d", ErrBadOffer, kind)
		}
		if kind != media.SlotVoice && kind != media.SlotTile && single[kind] {
			return nil, fmt.Errorf("%w: two slots of kind %s", ErrBadOffer, kind)
		}
		single[kind] = true
		stream, track := slotNames(i, kind)
		wanted = append(wanted, slotsdp.Slot{Video: kind.IsVideo(), Stream: stream, Track: track})
	}
	offer, err := slotsdp.Parse(sub.Offer, wanted, answeredVideo, answeredAudio)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadOffer, err)
	}
	return offer, nil
}

func (l *ownDownlink) newSSRC(slot int) uint32 {
	for {
		ssrc := rand.Uint32()
		if _, taken := l.slots[ssrc]; !taken && ssrc != 0 {
			l.slots[ssrc] = slot
			return ssrc
		}
	}
}

func (l *ownDownlink) answer() string { return l.sdp }

func (l *ownDownlink) sinks() []sink {
	out := make([]sink, len(l.tracks))
	for i, t := range l.tracks {
		out[i] = t
	}
	return out
}

func (l *ownDownlink) attach(s *shard) { l.shard = s }

func (l *ownDownlink) listen(state func(LegState), feedback func(slot int, nack []uint16)) {
	l.session.Listen(session.Events{
		State: func(s session.State) {
			if s == session.Connected {
				state(LegConnected)
			} else {
				state(LegFailed)
			}
		},
		NACK: func(ssrc uint32, numbers []uint16) {
			if slot, ok := l.slots[ssrc]; ok && ssrc == l.tracks[slot].ssrc {
				feedback(slot, numbers)
			}
		},
		Transport: l.path.hear,
		Keyframe: func(ssrc uint32) {
			if slot, ok := l.slots[ssrc]; ok {
				feedback(slot, nil)
			}
		},
	})
}

// restart implements restarter.
func (l *ownDownlink) restart(context.Context, ICE) (ICE, error) {
	ufrag, password, err := l.session.Restart()
	if err != nil {
		return ICE{}, fmt.Errorf("%w: %w", ErrClosed, err)
	}
	out := ICE{Ufrag: ufrag, Pwd: password}
	for i, a := range l.server.candidates() {
		out.Candidates = append(out.Candidates, slotsdp.Candidate(i, a))
	}
	return out, nil
}

func (l *ownDownlink) close() { l.session.Close() }

// The methods below run on the shard.

// space is room for one datagram, nil when the client may not be sent anything; seal or control must follow.
func (l *ownDownlink) space(n int) []byte {
	if !l.session.Ready() {
		return nil
	}
	return l.shard.batch().Space(l.session.Dest(), n)
}

// seal finishes the packet in buf, whose header is written and whose payload may be there or elsewhere. It gives the
// length, 0 when nothing was sent.
func (l *ownDownlink) seal(buf []byte, header int, payload []byte, ssrc uint32, index uint64, numbered bool, kind egress.Kind) int {
	sealer := l.session.Sealer()
	if sealer == nil {
		l.shard.batch().Commit(0, kind)
		return 0
	}
	if numbered {
		l.wide++
		binary.BigEndian.PutUint16(buf[wideAt:], l.wide)
	}
	n := len(sealer.RTP(buf, header, payload, ssrc, index))
	if numbered && l.sent != nil {
		l.sent(l.shard.now, l.wide, n)
	}
	l.shard.batch().Commit(n, kind)
	return n
}

// control sends an RTCP compound.
func (l *ownDownlink) control(raw []byte) {
	sealer := l.session.Sealer()
	if sealer == nil {
		return
	}
	if buf := l.space(len(raw) + sealer.OverheadRTCP()); buf != nil {
		l.shard.batch().Commit(len(sealer.RTCP(buf, raw, l.session.RTCPIndex())), egress.Control)
	}
}

// candidates are the addresses that clients are told, the best first.
func (s *Server) candidates() []netip.AddrPort {
	addresses, loopback := s.ownAddresses()
	local := s.port.Local()
	if loopback {
		addresses = append(addresses[:len(addresses):len(addresses)], netip.AddrFrom4([4]byte{127, 0, 0, 1}))
	}
	out := make([]netip.AddrPort, 0, len(addresses))
	for _, a := range addresses {
		if a.IsLinkLocalUnicast() || local.Addr().Is4() && !a.Is4() && len(s.cfg.Announce) == 0 {
			continue // of no use to others, or not reachable through this socket
		}
		out = append(out, netip.AddrPortFrom(a, local.Port()))
	}
	return out
}
