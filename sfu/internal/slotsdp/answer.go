package slotsdp

import (
	"fmt"
	"net/netip"
	"strconv"

	"github.com/pion/sdp/v3"
)

// Stream is how one slot is sent.
type Stream struct {
	// SSRC and RTX name its packets; RTX is not written where no retransmissions were agreed.
	SSRC, RTX uint32
}

// Answer is our side.
type Answer struct {
	// Session is the number of the description's o-line.
	Session         uint64
	Ufrag, Password string
	// Fingerprint is an attribute's value: the hash's name and the digits.
	Fingerprint string
	// Candidates are the addresses of the port, the best first.
	Candidates []netip.AddrPort
	// Streams has one entry for each slot.
	Streams []Stream
}

// Answer writes the answer: ICE-lite (RFC 8445, section 2.5), DTLS server, everything sendonly.
func (o *Offer) Answer(a *Answer) (string, error) {
	desc := &sdp.SessionDescription{
		Origin: sdp.Origin{
			Username: "-", SessionID: a.Session, SessionVersion: 1, NetworkType: "IN", AddressType: "IP4", UnicastAddress: "0.0.0.0",
		},
		SessionName:      "-",
		TimeDescriptions: []sdp.TimeDescription{{}},
	}
	if o.bundle {
		group := "BUNDLE"
		for _, s := range o.sections {
			if s.slot >= 0 {
				group += " " + s.mid
			}
		}
		desc.WithValueAttribute("group", group)
	}
	desc.WithPropertyAttribute("ice-lite").WithPropertyAttribute("extmap-allow-mixed").WithValueAttribute("msid-semantic", "WMS *")
	candidates := true
	for i := range o.sections {
		s := &o.sections[i]
		if s.slot < 0 {
			desc.WithMedia(refused(s))
			continue
		}
		desc.WithMedia(o.accepted(s, a, candidates))
		candidates = false // bundled: the first one's are everybody's
	}
	out, err := desc.Marshal()
	return string(out), err
}

func mediaLine(s *section, port int) *sdp.MediaDescription {
	m := &sdp.MediaDescription{
		MediaName:             sdp.MediaName{Media: s.kind, Port: sdp.RangedPort{Value: port}, Protos: s.protos, Formats: s.formats},
		ConnectionInformation: &sdp.ConnectionInformation{NetworkType: "IN", AddressType: "IP4", Address: &sdp.Address{Address: "0.0.0.0"}},
	}
	if s.mid != "" {
		m.WithValueAttribute("mid", s.mid)
	}
	return m
}

func refused(s *section) *sdp.MediaDescription {
	return mediaLine(s, 0).WithPropertyAttribute("inactive")
}

func (o *Offer) accepted(s *section, a *Answer, candidates bool) *sdp.MediaDescription {
	slot, stream := o.slots[s.slot], a.Streams[s.slot]
	msid := slot.Stream + " " + slot.Track
	m := mediaLine(s, 9).
		WithValueAttribute("ice-ufrag", a.Ufrag).WithValueAttribute("ice-pwd", a.Password).
		WithValueAttribute("fingerprint", a.Fingerprint).WithValueAttribute("setup", "passive").
		WithPropertyAttribute("sendonly").WithValueAttribute("msid", msid).WithPropertyAttribute("rtcp-mux")
	if s.reduced {
		m.WithPropertyAttribute("rtcp-rsize")
	}
	for _, e := range s.extension {
		m.WithValueAttribute("extmap", e)
	}
	m.Attributes = append(m.Attributes, s.rest...)
	ssrcs := []uint32{stream.SSRC}
	if o.Lines[s.slot].retransmits() {
		ssrcs = append(ssrcs, stream.RTX)
		m.WithValueAttribute("ssrc-group", fmt.Sprintf("FID %d %d", stream.SSRC, stream.RTX))
	}
	for _, ssrc := range ssrcs {
		name := strconv.FormatUint(uint64(ssrc), 10)
		m.WithValueAttribute("ssrc", name+" cname:"+slot.Stream).WithValueAttribute("ssrc", name+" msid:"+msid)
	}
	if !candidates {
		return m
	}
	for i, c := range a.Candidates {
		m.WithValueAttribute("candidate", Candidate(i, c))
	}
	return m.WithPropertyAttribute("end-of-candidates")
}

// Candidate is a host candidate attribute's value for the i-th best address: type preference 126, component 1 (RFC 8445,
// section 5.1.2.1).
func Candidate(i int, a netip.AddrPort) string {
	priority := 126<<24 | (0xffff-i)<<8 | 0xff
	return fmt.Sprintf("%d 1 udp %d %s %d typ host", i+1, priority, a.Addr().WithZone(""), a.Port())
}

func (l *Line) retransmits() bool {
	for _, pt := range l.RTX {
		if pt != 0 {
			return true
		}
	}
	return false
}
