package slotsdp

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pion/sdp/v3"

	"github.com/zvonok/zvonok/sfu/media"
)

// Limits on an offer.
const (
	// MaxBytes is what 64 m-lines of a browser need, and some more.
	MaxBytes = 256 << 10
	// MaxSlots is how many m-lines of sound and picture there may be.
	MaxSlots = 64
	// maxLines counts those that are refused, too; maxFormats bounds the payload types of one.
	maxLines, maxFormats = 72, 128
	maxFingerprints      = 4
)

// ErrOffer is wrapped by everything that [Parse] refuses; the text behind it is for developers.
var ErrOffer = errors.New("slotsdp: bad offer")

func refuse(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrOffer, fmt.Sprintf(format, args...))
}

// Codec is one that may be sent, with the parameters that the answer repeats.
type Codec struct {
	Codec      media.Codec
	Parameters string
}

// Slot is what an m-line of sound or picture is for.
type Slot struct {
	Video bool
	// Stream and Track name it in the answer; slots of one stream are played in step.
	Stream, Track string
}

// Fingerprint is a hash of the client's certificate: Hash is sha-256, sha-384 or sha-512.
type Fingerprint struct {
	Hash  string
	Value []byte
}

// Line is what was agreed for one slot. The zero value: nothing may be sent.
type Line struct {
	// Types are the payload types by codec, RTX those of its retransmissions; 0 is none.
	Types, RTX [media.Opus + 1]uint8
	// LevelID and TransportID are the header extensions of RFC 6464 and of transport-wide numbers; 0 is none.
	LevelID, TransportID uint8
}

// Offer is an offer that can be answered.
type Offer struct {
	// Ufrag and Password are the client's ICE credentials.
	Ufrag, Password string
	// Fingerprints are the client's; a certificate that has one of them is the client's.
	Fingerprints []Fingerprint
	// Lines has one entry for each slot.
	Lines []Line

	sections []section
	slots    []Slot
	bundle   bool
}

// section is one m-line of the answer.
type section struct {
	slot    int // -1: refused
	kind    string
	protos  []string
	formats []string
	mid     string
	// rest are the attributes that say what the formats are.
	rest      []sdp.Attribute
	reduced   bool
	wide      bool // feedback on transport-wide numbers is offered
	extension []string
}

// Parse reads an offer that has one m-line of the right kind for each slot, in order; others (a data channel) are
// refused in the answer. video and audio are the codecs in the order of preference.
func Parse(text string, slots []Slot, video, audio []Codec) (*Offer, error) {
	if len(text) > MaxBytes {
		return nil, refuse("%d bytes", len(text))
	}
	desc := &sdp.SessionDescription{}
	if err := desc.UnmarshalString(text); err != nil {
		return nil, refuse("%v", err)
	}
	if len(slots) == 0 || len(slots) > MaxSlots || len(desc.MediaDescriptions) > maxLines {
		return nil, refuse("%d m-lines for %d slots", len(desc.MediaDescriptions), len(slots))
	}
	o := &Offer{Lines: make([]Line, len(slots)), slots: slots}
	next, sent := 0, 0
	for _, m := range desc.MediaDescriptions {
		s := section{slot: -1, kind: m.MediaName.Media, protos: m.MediaName.Protos, formats: m.MediaName.Formats}
		s.mid, _ = m.Attribute("mid")
		if s.kind == "audio" || s.kind == "video" {
			if next == len(slots) || (s.kind == "video") != slots[next].Video {
				return nil, refuse("slot %d: m-line is %s", next, s.kind)
			}
			codecs := audio
			if slots[next].Video {
				codecs = video
			}
			taken, err := o.take(&s, m, next, codecs)
			if err != nil {
				return nil, fmt.Errorf("%w (slot %d)", err, next)
			}
			if taken {
				sent++
			}
			next++
		}
		o.sections = append(o.sections, s)
	}
	if next != len(slots) || sent == 0 {
		return nil, refuse("%d of %d slots, %d of them with a codec of ours", next, len(slots), sent)
	}
	if err := o.checkMIDs(desc); err != nil {
		return nil, err
	}
	return o, o.transport(desc)
}

// take agrees on one m-line; it is false for one that is answered with nothing.
func (o *Offer) take(s *section, m *sdp.MediaDescription, slot int, codecs []Codec) (bool, error) {
	if len(s.formats) > maxFormats {
		return false, refuse("%d payload types", len(s.formats))
	}
	if !slices.Contains(s.protos, "RTP") || !slices.ContainsFunc(s.protos, func(p string) bool { return p == "SAVPF" || p == "SAVP" }) {
		return false, refuse("protocol %s", strings.Join(s.protos, "/"))
	}
	for _, direction := range []string{"sendonly", "inactive"} {
		if _, ok := m.Attribute(direction); ok {
			return false, refuse("m-line is %s", direction)
		}
	}
	_, only := m.Attribute("bundle-only")
	if m.MediaName.Port.Value == 0 && !only {
		return false, nil // stopped by the client
	}
	if _, ok := m.Attribute("rtcp-mux"); !ok {
		return false, refuse("no rtcp-mux")
	}
	line := &o.Lines[slot]
	if !agree(s, line, m, codecs) {
		return false, nil
	}
	s.slot = slot
	takeExtensions(s, line, m)
	_, s.reduced = m.Attribute("rtcp-rsize")
	return true, nil
}

// checkMIDs wants different names, and one transport.
func (o *Offer) checkMIDs(desc *sdp.SessionDescription) error {
	seen := map[string]bool{}
	for _, s := range o.sections {
		if s.mid == "" && len(o.sections) == 1 {
			continue
		}
		if s.mid == "" || len(s.mid) > 32 || strings.ContainsAny(s.mid, " \t") || seen[s.mid] {
			return refuse("mid %.32q", s.mid)
		}
		seen[s.mid] = true
	}
	var group []string
	for _, a := range desc.Attributes {
		if names, ok := strings.CutPrefix(a.Value, "BUNDLE"); ok && a.Key == "group" && group == nil {
			group = strings.Fields(names)
		}
	}
	o.bundle = len(group) > 0
	accepted := 0
	for _, s := range o.sections {
		if s.slot < 0 {
			continue
		}
		accepted++
		if o.bundle && !slices.Contains(group, s.mid) {
			return refuse("mid %q is not bundled", s.mid)
		}
	}
	if !o.bundle && accepted > 1 {
		return refuse("%d m-lines without BUNDLE", accepted)
	}
	return nil
}

// transport reads the credentials of the one transport: those of the first m-line that is answered, or the session's.
func (o *Offer) transport(desc *sdp.SessionDescription) error {
	at := slices.IndexFunc(o.sections, func(s section) bool { return s.slot >= 0 })
	m := desc.MediaDescriptions[at]
	find := func(key string) string {
		if v, ok := m.Attribute(key); ok {
			return v
		}
		v, _ := desc.Attribute(key)
		return v
	}
	o.Ufrag, o.Password = find("ice-ufrag"), find("ice-pwd")
	if !Credentials(o.Ufrag, o.Password) {
		return refuse("ICE credentials of %d and %d characters", len(o.Ufrag), len(o.Password))
	}
	if _, lite := desc.Attribute("ice-lite"); lite {
		return refuse("both sides are ICE-lite")
	}
	if setup := find("setup"); setup != "" && setup != "actpass" && setup != "active" {
		return refuse("setup:%.16s", setup)
	}
	for _, attributes := range [][]sdp.Attribute{m.Attributes, desc.Attributes} {
		for _, a := range attributes {
			if a.Key == "fingerprint" && len(o.Fingerprints) < maxFingerprints {
				if f, ok := parseFingerprint(a.Value); ok {
					o.Fingerprints = append(o.Fingerprints, f)
				}
			}
		}
		if len(o.Fingerprints) > 0 {
			return nil
		}
	}
	return refuse("no fingerprint by SHA-2")
}

// Credentials says whether an ICE user name fragment and password have the form of RFC 8839, section 5.4.
func Credentials(ufrag, password string) bool {
	return iceCharacters(ufrag, 4) && iceCharacters(password, 22)
}

func iceCharacters(s string, least int) bool {
	if len(s) < least || len(s) > 256 {
		return false
	}
	for _, c := range []byte(s) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '+', c == '/':
		case c == '-' || c == '_' || c == '=': // not in the grammar, but in clients
		default:
			return false
		}
	}
	return true
}

var hashBytes = map[string]int{"sha-256": 32, "sha-384": 48, "sha-512": 64}

func parseFingerprint(value string) (Fingerprint, bool) {
	name, digits, _ := strings.Cut(value, " ")
	name = strings.ToLower(name)
	b, err := hex.DecodeString(strings.ReplaceAll(strings.TrimSpace(digits), ":", ""))
	return Fingerprint{Hash: name, Value: b}, err == nil && len(b) > 0 && len(b) == hashBytes[name]
}
