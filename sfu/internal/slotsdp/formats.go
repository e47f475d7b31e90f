package slotsdp

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pion/sdp/v3"

	"github.com/zvonok/zvonok/sfu/media"
)

// format is one payload type of an m-line.
type format struct {
	pt                     uint8
	name, rtpmap, fmtp     string
	nack, pli, fir, wide   bool
	hasParameters, defined bool
}

// agree chooses one payload type for each codec, and its RTX; it is false when there is none. The answer has them in
// our order.
func agree(s *section, line *Line, m *sdp.MediaDescription, codecs []Codec) bool {
	types := readFormats(s.formats, m)
	s.formats = nil
	for _, c := range codecs {
		f := choose(types, c.Codec)
		if f == nil {
			continue
		}
		line.Types[c.Codec] = f.pt
		s.add(f, answered(f, c))
		if rtx := repeats(types, f.pt); rtx != nil {
			line.RTX[c.Codec] = rtx.pt
			s.add(&format{pt: rtx.pt, rtpmap: rtx.rtpmap}, "apt="+strconv.Itoa(int(f.pt)))
		}
	}
	return len(s.formats) > 0
}

// add writes one payload type into the answer.
func (s *section) add(f *format, parameters string) {
	pt := strconv.Itoa(int(f.pt))
	s.wide = s.wide || f.wide
	s.formats = append(s.formats, pt)
	attribute := func(key, value string) { s.rest = append(s.rest, sdp.NewAttribute(key, pt+" "+value)) }
	attribute("rtpmap", f.rtpmap)
	if parameters != "" {
		attribute("fmtp", parameters)
	}
	for _, fb := range []struct {
		offered bool
		value   string
	}{{f.wide, "transport-cc"}, {f.fir, "ccm fir"}, {f.nack, "nack"}, {f.pli, "nack pli"}} {
		if fb.offered {
			attribute("rtcp-fb", fb.value)
		}
	}
}

// readFormats gives the payload types that are offered and may be used with rtcp-mux (RFC 5761, section 4).
func readFormats(offered []string, m *sdp.MediaDescription) []*format {
	list := make([]*format, 0, len(offered))
	for _, text := range offered {
		pt, err := strconv.ParseUint(text, 10, 7)
		if err == nil && (pt < 64 || pt > 95) && pt != 0 && !slices.ContainsFunc(list, func(f *format) bool { return f.pt == uint8(pt) }) {
			list = append(list, &format{pt: uint8(pt)})
		}
	}
	for _, a := range m.Attributes {
		if a.Key != "rtpmap" && a.Key != "fmtp" && a.Key != "rtcp-fb" {
			continue
		}
		text, value, _ := strings.Cut(a.Value, " ")
		pt, err := strconv.ParseUint(text, 10, 7)
		for _, f := range list {
			if f.pt == uint8(pt) && err == nil || text == "*" && a.Key == "rtcp-fb" {
				f.attribute(a.Key, strings.TrimSpace(value))
			}
		}
	}
	return list
}

func (f *format) attribute(key, value string) {
	switch key {
	case "rtpmap":
		if !f.defined {
			f.defined, f.rtpmap = true, value
			f.name, _, _ = strings.Cut(value, "/")
		}
	case "fmtp":
		if !f.hasParameters {
			f.hasParameters, f.fmtp = true, value
		}
	case "rtcp-fb":
		switch strings.Join(strings.Fields(value), " ") {
		case "nack":
			f.nack = true
		case "nack pli":
			f.pli = true
		case "ccm fir":
			f.fir = true
		case "transport-cc":
			f.wide = true
		}
	}
}

// choose takes the best variant of a codec: the one that we answer to browsers, else one whose decoder can do with it.
func choose(types []*format, c media.Codec) *format {
	var best *format
	bestFit := 0
	for _, f := range types {
		if media.ParseCodec(f.name) != c || c == media.CodecNone {
			continue
		}
		if fit := fits(f, c); fit > bestFit {
			best, bestFit = f, fit
		}
	}
	return best
}

// fits says how well a variant suits what is sent: 0 not at all. Sent are H.264 constrained baseline in fragments, VP9
// and AV1 of profile 0. A decoder of any profile of H.264 but the extended one decodes constrained baseline.
func fits(f *format, c media.Codec) int {
	switch c {
	case media.H264:
		profile, mode := strings.ToLower(parameter(f.fmtp, "profile-level-id")), parameter(f.fmtp, "packetization-mode")
		switch {
		case mode == "1" && strings.HasPrefix(profile, "42e0"):
			return 4
		case mode == "1" && (strings.HasPrefix(profile, "42") || strings.HasPrefix(profile, "4d") || strings.HasPrefix(profile, "64")):
			return 3
		case profile == "" && mode == "1":
			return 2
		case !f.hasParameters:
			return 1 // states nothing: GStreamer takes what comes
		}
		return 0
	case media.VP9:
		return first(parameter(f.fmtp, "profile-id"))
	case media.AV1:
		return first(parameter(f.fmtp, "profile"))
	case media.VP8, media.Opus:
		return 1
	case media.CodecNone:
	}
	return 0
}

func first(profile string) int {
	if profile == "" || profile == "0" {
		return 1
	}
	return 0
}

// answered are the parameters of the answer: ours, but another profile of H.264 is repeated as it was offered.
func answered(f *format, c Codec) string {
	if c.Codec == media.H264 && f.hasParameters && fits(f, media.H264) < 4 || c.Parameters == "" {
		return f.fmtp
	}
	return c.Parameters
}

func repeats(types []*format, pt uint8) *format {
	for _, f := range types {
		if strings.EqualFold(f.name, "rtx") && parameter(f.fmtp, "apt") == strconv.Itoa(int(pt)) {
			return f
		}
	}
	return nil
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

// takeExtensions agrees on the header extensions that we write, with the ids that fit into one-byte headers.
// Transport-wide numbers are for clients that report on them.
func takeExtensions(s *section, line *Line, m *sdp.MediaDescription) {
	for _, a := range m.Attributes {
		if a.Key != "extmap" {
			continue
		}
		fields := strings.Fields(a.Value)
		if len(fields) < 2 {
			continue
		}
		text, _, _ := strings.Cut(fields[0], "/")
		id, err := strconv.ParseUint(text, 10, 8)
		if err != nil || id == 0 || id > 14 {
			continue
		}
		var to *uint8
		switch fields[1] {
		case sdp.TransportCCURI:
			if s.wide {
				to = &line.TransportID
			}
		case sdp.AudioLevelURI:
			if s.kind == "audio" {
				to = &line.LevelID
			}
		}
		if to != nil && *to == 0 && line.LevelID != uint8(id) && line.TransportID != uint8(id) {
			*to = uint8(id)
			s.extension = append(s.extension, text+" "+fields[1])
		}
	}
}
