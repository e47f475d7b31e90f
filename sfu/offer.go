package sfu

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"

	"github.com/zvonok/zvonok/sfu/media"
)

func parseOffer(offer string) (*sdp.SessionDescription, error) {
	if len(offer) > maxOfferBytes {
		return nil, fmt.Errorf("%w: %d bytes", ErrBadOffer, len(offer))
	}
	desc := &sdp.SessionDescription{}
	if err := desc.UnmarshalString(offer); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBadOffer, err)
	}
	return desc, nil
}

// checkMedia checks one m-line, reduces it to the codecs that we answer, and returns its MID.
func checkMedia(desc *sdp.SessionDescription, m *sdp.MediaDescription, video bool, directions ...string) (string, error) {
	want := "audio"
	if video {
		want = "video"
	}
	if m.MediaName.Media != want {
		return "", fmt.Errorf("%w: m-line is %q, not %q", ErrBadOffer, m.MediaName.Media, want)
	}
	mid, _ := m.Attribute("mid")
	if mid == "" || len(mid) > 16 {
		return "", fmt.Errorf("%w: no mid", ErrBadOffer)
	}
	if !slices.ContainsFunc(directions, func(d string) bool { _, ok := m.Attribute(d); return ok }) {
		return "", fmt.Errorf("%w: m-line is not %s", ErrBadOffer, strings.Join(directions, " or "))
	}
	for _, key := range []string{"ice-ufrag", "ice-pwd", "fingerprint"} {
		_, inMedia := m.Attribute(key)
		_, inSession := desc.Attribute(key)
		if !inMedia && !inSession {
			return "", fmt.Errorf("%w: no %s", ErrBadOffer, key)
		}
	}
	if _, ok := m.Attribute("rtcp-mux"); !ok {
		return "", fmt.Errorf("%w: no rtcp-mux", ErrBadOffer)
	}
	if !keepCodecs(m, video) {
		return "", fmt.Errorf("%w: no codec of ours", ErrBadOffer)
	}
	return mid, nil
}

// offered is one payload type of an m-line.
type offered struct {
	pt, name, fmtp string
}

// keepCodecs removes all payload types but one for each of our codecs and its RTX, puts them into our order and
// writes our parameters: an answer repeats them. It is false when nothing is left.
func keepCodecs(m *sdp.MediaDescription, video bool) bool {
	types := map[string]*offered{}
	for _, a := range m.Attributes {
		pt, value, _ := strings.Cut(a.Value, " ")
		switch a.Key {
		case "rtpmap":
			name, _, _ := strings.Cut(value, "/")
			types[pt] = &offered{pt: pt, name: name}
		case "fmtp":
			if t := types[pt]; t != nil {
				t.fmtp = value
			}
		}
	}
	var keep []string
	fmtp := map[string]string{}
	take := func(c media.Codec, parameters string) {
		for _, pt := range m.MediaName.Formats {
			t := types[pt]
			if t == nil || media.ParseCodec(t.name) != c || !acceptable(c, t.fmtp) {
				continue
			}
			keep = append(keep, pt)
			if fmtp[pt] = parameters; parameters == "" {
				fmtp[pt] = t.fmtp
			}
			if rtx := rtxFor(m, types, pt); rtx != "" {
				keep = append(keep, rtx)
				fmtp[rtx] = "apt=" + pt
			}
			return
		}
	}
	if video {
		for _, c := range videoCodecs {
			take(c.codec, c.fmtp)
		}
	} else {
		take(media.Opus, opusFMTP)
	}
	m.MediaName.Formats = keep
	m.Attributes = codecAttributes(m.Attributes, keep, fmtp)
	return len(keep) > 0
}

func rtxFor(m *sdp.MediaDescription, types map[string]*offered, pt string) string {
	for _, candidate := range m.MediaName.Formats {
		t := types[candidate]
		if t != nil && strings.EqualFold(t.name, "rtx") && parameter(t.fmtp, "apt") == pt {
			return candidate
		}
	}
	return ""
}

// acceptable picks the one variant of a codec: H.264 constrained baseline in packetization mode 1, VP9 and AV1 of
// profile 0.
func acceptable(c media.Codec, fmtp string) bool {
	switch c {
	case media.H264:
		profile := strings.ToLower(parameter(fmtp, "profile-level-id"))
		return strings.HasPrefix(profile, "42e0") && parameter(fmtp, "packetization-mode") == "1"
	case media.VP9:
		p := parameter(fmtp, "profile-id")
		return p == "" || p == "0"
	case media.AV1:
		p := parameter(fmtp, "profile")
		return p == "" || p == "0"
	case media.VP8, media.Opus:
		return true
	case media.CodecNone:
	}
	return false
}

func parameter(fmtp, key string) string {
	for part := range strings.SplitSeq(fmtp, ";") {
		k, v, _ := strings.Cut(strings.TrimSpace(part), "=")
		if strings.EqualFold(k, key) {
			return v
		}
	}
	return ""
}

// codecAttributes drops the lines of payload types that are not kept and replaces their parameters.
func codecAttributes(attributes []sdp.Attribute, keep []string, fmtp map[string]string) []sdp.Attribute {
	out := make([]sdp.Attribute, 0, len(attributes))
	for _, a := range attributes {
		if a.Key != "rtpmap" && a.Key != "fmtp" && a.Key != "rtcp-fb" {
			out = append(out, a)
			continue
		}
		pt, _, _ := strings.Cut(a.Value, " ")
		if a.Key == "fmtp" || !slices.Contains(keep, pt) && pt != "*" {
			continue
		}
		out = append(out, a)
		if a.Key == "rtpmap" && fmtp[pt] != "" {
			if _, err := strconv.ParseUint(pt, 10, 7); err == nil {
				out = append(out, sdp.Attribute{Key: "fmtp", Value: pt + " " + fmtp[pt]})
			}
		}
	}
	return out
}
