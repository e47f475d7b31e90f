package whip

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/pion/sdp/v3"

	"github.com/zvonok/zvonok/sfu"
	"github.com/zvonok/zvonok/sfu/media"
)

// maxLines bounds the m-lines of an offer: devices have two or three.
const maxLines = 16

// Offer is a device's SDP offer, reduced to the m-lines that a door takes.
type Offer struct {
	// SDP has only the taken lines, in the one direction that the door has.
	SDP string
	// Sources or Slots are what the taken lines are for.
	Sources []media.Source
	Slots   []media.SlotKind
	// Capabilities are the video codecs that the device offers.
	Capabilities sfu.Capabilities

	taken   *sdp.SessionDescription
	refused []refusedLine
	ufrag   string
}

// refusedLine is an m-line that the answer rejects with port 0 (RFC 3264, section 6).
type refusedLine struct {
	at   int
	line *sdp.MediaDescription
}

// readOffer takes an offer to publish: at most one audio and one video line (RFC 9725, section 4.4.3).
func readOffer(body string) (*Offer, error) {
	o := &Offer{}
	err := o.read(body, "sendonly", func(audio bool) error {
		src := media.Camera
		if audio {
			src = media.Microphone
		}
		if slices.Contains(o.Sources, src) {
			return refuse(http.StatusUnprocessableEntity, "more than one m-line of a kind")
		}
		o.Sources = append(o.Sources, src)
		return nil
	})
	return o, err
}

// readPlayOffer takes an offer to receive: the first video line is the stage, the first audio line its voice, voices more
// audio lines are others who speak. What is beyond is refused.
func readPlayOffer(body string, voices int) (*Offer, error) {
	o := &Offer{}
	err := o.read(body, "recvonly", func(audio bool) error {
		switch {
		case !audio && !slices.Contains(o.Slots, media.SlotStageVideo):
			o.Slots = append(o.Slots, media.SlotStageVideo)
		case audio && !slices.Contains(o.Slots, media.SlotStageVoice):
			o.Slots = append(o.Slots, media.SlotStageVoice)
		case audio && voices > 0:
			voices--
			o.Slots = append(o.Slots, media.SlotVoice)
		default:
			return errNotTaken
		}
		return nil
	})
	return o, err
}

// errNotTaken refuses one line and not the offer.
var errNotTaken = fmt.Errorf("whip: line not taken")

func (o *Offer) read(body, direction string, take func(audio bool) error) error {
	desc := &sdp.SessionDescription{}
	if err := desc.UnmarshalString(body); err != nil {
		return refuse(http.StatusBadRequest, "not SDP: %v", err)
	}
	if n := len(desc.MediaDescriptions); n == 0 || n > maxLines {
		return refuse(http.StatusBadRequest, "%d m-lines", n)
	}
	all := desc.MediaDescriptions
	desc.MediaDescriptions = nil
	codecs := map[media.Codec]bool{}
	for i, m := range all {
		err := errNotTaken
		if wanted(m, direction) {
			err = take(m.MediaName.Media == "audio")
		}
		switch err {
		case nil:
			pointOneWay(m, direction)
			o.noteCodecs(m, codecs)
			desc.MediaDescriptions = append(desc.MediaDescriptions, m)
		case errNotTaken: //nolint:errorlint // our own, unwrapped
			o.refused = append(o.refused, refusedLine{i, m})
		default:
			return err
		}
	}
	if len(desc.MediaDescriptions) == 0 {
		return refuse(http.StatusUnprocessableEntity, "no m-line of audio or video that is %s or sendrecv", direction)
	}
	unbundle(desc, o.refused)
	text, err := desc.Marshal()
	if err != nil {
		return refuse(http.StatusBadRequest, "not SDP: %v", err)
	}
	o.SDP, o.taken = string(text), desc
	o.ufrag = attribute(desc, "ice-ufrag")
	return nil
}

// wanted says whether a line is media that flows the door's way.
func wanted(m *sdp.MediaDescription, direction string) bool {
	if m.MediaName.Media != "audio" && m.MediaName.Media != "video" {
		return false
	}
	_, bundled := m.Attribute("bundle-only")
	if m.MediaName.Port.Value == 0 && !bundled {
		return false // rejected by the device itself
	}
	other := map[string]string{"sendonly": "recvonly", "recvonly": "sendonly"}[direction]
	for _, a := range m.Attributes {
		if a.Key == other || a.Key == "inactive" {
			return false
		}
	}
	return true // the direction itself, sendrecv, or none, which means sendrecv (RFC 8866, section 6.7)
}

func pointOneWay(m *sdp.MediaDescription, direction string) {
	m.Attributes = slices.DeleteFunc(m.Attributes, func(a sdp.Attribute) bool {
		return a.Key == "sendrecv" || a.Key == "sendonly" || a.Key == "recvonly" || a.Key == "bundle-only"
	})
	m.Attributes = append(m.Attributes, sdp.Attribute{Key: direction})
	if m.MediaName.Port.Value == 0 {
		m.MediaName.Port.Value = 9
	}
}

// noteCodecs keeps the video codecs in the device's order of preference.
func (o *Offer) noteCodecs(m *sdp.MediaDescription, seen map[media.Codec]bool) {
	if m.MediaName.Media != "video" {
		return
	}
	names := map[string]string{}
	for _, a := range m.Attributes {
		if pt, value, ok := strings.Cut(a.Value, " "); ok && a.Key == "rtpmap" {
			names[pt], _, _ = strings.Cut(value, "/")
		}
	}
	for _, pt := range m.MediaName.Formats {
		c := media.ParseCodec(names[pt])
		if c == media.CodecNone || c == media.Opus || seen[c] {
			continue
		}
		seen[c] = true
		o.Capabilities.Encode = append(o.Capabilities.Encode, c)
		o.Capabilities.Decode = append(o.Capabilities.Decode, sfu.Decoder{Codec: c})
	}
}

// unbundle takes the refused lines out of the bundle group (RFC 9143, section 7.3.1).
func unbundle(desc *sdp.SessionDescription, refused []refusedLine) {
	gone := map[string]bool{}
	for _, r := range refused {
		if mid, ok := r.line.Attribute("mid"); ok {
			gone[mid] = true
		}
	}
	for i, a := range desc.Attributes {
		if a.Key != "group" || !strings.HasPrefix(a.Value, "BUNDLE") {
			continue
		}
		kept := slices.DeleteFunc(strings.Fields(a.Value), func(mid string) bool { return gone[mid] })
		desc.Attributes[i].Value = strings.Join(kept, " ")
	}
}

// attribute is the session's, or the first line's.
func attribute(desc *sdp.SessionDescription, key string) string {
	if v, ok := desc.Attribute(key); ok {
		return v
	}
	for _, m := range desc.MediaDescriptions {
		if v, ok := m.Attribute(key); ok {
			return v
		}
	}
	return ""
}

// complete puts the refused lines back in their places.
func (o *Offer) complete(answer string) (string, error) {
	if len(o.refused) == 0 {
		return answer, nil
	}
	desc := &sdp.SessionDescription{}
	if err := desc.UnmarshalString(answer); err != nil {
		return "", fmt.Errorf("whip: read own answer: %w", err)
	}
	for _, r := range o.refused {
		line := &sdp.MediaDescription{MediaName: r.line.MediaName, ConnectionInformation: &sdp.ConnectionInformation{
			NetworkType: "IN", AddressType: "IP4", Address: &sdp.Address{Address: "0.0.0.0"},
		}}
		line.MediaName.Port = sdp.RangedPort{}
		line.Attributes = []sdp.Attribute{{Key: "inactive"}}
		if mid, ok := r.line.Attribute("mid"); ok {
			line.Attributes = append(line.Attributes, sdp.Attribute{Key: "mid", Value: mid})
		}
		at := min(r.at, len(desc.MediaDescriptions))
		desc.MediaDescriptions = slices.Insert(desc.MediaDescriptions, at, line)
	}
	text, err := desc.Marshal()
	return string(text), err
}
