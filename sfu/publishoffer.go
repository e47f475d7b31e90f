package sfu

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pion/sdp/v3"

	"github.com/zvonok/zvonok/sfu/media"
)

// publishOffer is a publish offer that was found good.
type publishOffer struct {
	// sdp is the offer reduced to what we answer.
	sdp string
	// mids says which source each MID is.
	mids map[string]media.Source
	// layers are those of the camera's RIDs, from 0 for the smallest; one without RID is 0.
	layers map[string]uint8
	// foreign are the parameters of H.264 payload types that are not of our own profile, to be repeated in the answer.
	foreign map[string]string
	// passive says that the client waits for our DTLS ClientHello (RFC 8842, section 5.2; ffmpeg does).
	passive bool
}

// fourSources are the m-lines of a publication that names none.
var fourSources = []media.Source{media.Microphone, media.Camera, media.Share, media.ShareAudio}

// parsePublish checks the shape of a publish offer (RFC 8829, section 5.2).
func parsePublish(p Publication) (*publishOffer, error) {
	desc, err := parseOffer(p.Offer)
	if err != nil {
		return nil, err
	}
	sources := p.Sources
	if len(sources) == 0 {
		sources = fourSources
	}
	if len(desc.MediaDescriptions) != len(sources) {
		return nil, fmt.Errorf("%w: %d m-lines, not %d", ErrBadOffer, len(desc.MediaDescriptions), len(sources))
	}
	out := &publishOffer{mids: map[string]media.Source{}, layers: map[string]uint8{"": 0}, foreign: map[string]string{}}
	for i, m := range desc.MediaDescriptions {
		if err := out.take(desc, m, sources[i], len(p.Sources) > 0); err != nil {
			return nil, err
		}
	}
	if len(out.mids) != len(sources) {
		return nil, fmt.Errorf("%w: repeated mid", ErrBadOffer)
	}
	text, err := desc.Marshal()
	out.sdp = string(text)
	return out, err
}

// take checks one m-line. Devices bring whatever H.264 their encoder makes; browsers are held to ours.
func (o *publishOffer) take(desc *sdp.SessionDescription, m *sdp.MediaDescription, src media.Source, device bool) error {
	if int(src) >= media.Sources {
		return fmt.Errorf("%w: unknown source %d", ErrBadOffer, src)
	}
	for _, other := range o.mids {
		if other == src {
			return fmt.Errorf("%w: two m-lines of %s", ErrBadOffer, src)
		}
	}
	if device && src.IsVideo() {
		o.adopt(m)
	}
	mid, err := checkMedia(desc, m, src.IsVideo(), "sendonly", "inactive")
	if err != nil {
		return fmt.Errorf("%w (%s)", err, src)
	}
	if err := o.readLayers(m, src); err != nil {
		return err
	}
	setup, ok := m.Attribute("setup")
	if !ok {
		setup, _ = desc.Attribute("setup")
	}
	o.passive = o.passive || setup == "passive"
	o.mids[mid] = src
	return nil
}

// adopt makes the best H.264 payload type of an m-line pass for ours when there is none of ours in it.
func (o *publishOffer) adopt(m *sdp.MediaDescription) {
	best, bestScore := "", -1
	parameters := map[string]string{}
	for _, a := range m.Attributes {
		if pt, value, ok := strings.Cut(a.Value, " "); ok && a.Key == "fmtp" {
			parameters[pt] = value
		}
	}
	for _, a := range m.Attributes {
		pt, name, ok := strings.Cut(a.Value, " ")
		if a.Key != "rtpmap" || !ok || !strings.HasPrefix(strings.ToUpper(name), "H264/") {
			continue
		}
		if acceptable(media.H264, parameters[pt]) {
			return
		}
		score := 0
		if parameter(parameters[pt], "packetization-mode") == "1" {
			score += 2
		}
		if strings.HasPrefix(strings.ToLower(parameter(parameters[pt], "profile-level-id")), "42") {
			score++
		}
		if score > bestScore {
			best, bestScore = pt, score
		}
	}
	if best == "" {
		return
	}
	o.foreign[best] = parameters[best]
	kept := make([]sdp.Attribute, 0, len(m.Attributes)+1)
	for _, a := range m.Attributes {
		if a.Key == "fmtp" && strings.HasPrefix(a.Value, best+" ") {
			continue
		}
		kept = append(kept, a)
		if a.Key == "rtpmap" && strings.HasPrefix(a.Value, best+" ") {
			kept = append(kept, sdp.Attribute{Key: "fmtp", Value: best + " " + h264FMTP})
		}
	}
	m.Attributes = kept
}

// readLayers bounds simulcast, which only the camera may have. The usual names say which layer is which; others count in
// the offer's order.
func (o *publishOffer) readLayers(m *sdp.MediaDescription, src media.Source) error {
	var rids []string
	for _, a := range m.Attributes {
		if a.Key == "rid" {
			rid, _, _ := strings.Cut(a.Value, " ")
			rids = append(rids, rid)
		}
	}
	n := len(rids)
	if n > maxLayers || n > 1 && src != media.Camera {
		return fmt.Errorf("%w: %d encodings of %s", ErrBadOffer, n, src)
	}
	if n == 0 {
		return nil
	}
	usual := !slices.ContainsFunc(rids, func(rid string) bool { _, ok := layerOf(rid); return !ok })
	for i, rid := range rids {
		if o.layers[rid] = uint8(i); usual {
			o.layers[rid], _ = layerOf(rid)
		}
	}
	return nil
}

// layerOf is the layer of a RID: q, h, f from the smallest, as all browsers' examples name them; 0, 1, 2 elsewhere.
func layerOf(rid string) (uint8, bool) {
	switch rid {
	case "", "q", "0":
		return 0, true
	case "h", "1":
		return 1, true
	case "f", "2":
		return 2, true
	}
	return 0, false
}

// answerFor puts into an answer what Pion was not told of the offer.
func (o *publishOffer) answerFor(answer string) string {
	for pt, parameters := range o.foreign {
		ours := "a=fmtp:" + pt + " " + h264FMTP + "\r\n"
		theirs := ""
		if parameters != "" {
			theirs = "a=fmtp:" + pt + " " + parameters + "\r\n"
		}
		answer = strings.Replace(answer, ours, theirs, 1)
	}
	if o.passive {
		answer = strings.ReplaceAll(answer, "a=setup:passive\r\n", "a=setup:active\r\n")
	}
	return answer
}
