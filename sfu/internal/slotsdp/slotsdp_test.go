package slotsdp

import (
	"errors"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/pion/sdp/v3"

	"github.com/zvonok/zvonok/sfu/media"
)

var (
	video = []Codec{{media.H264, "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"}, {media.VP9, "profile-id=0"}, {media.AV1, ""}, {media.VP8, ""}}
	audio = []Codec{{media.Opus, "minptime=10;useinbandfec=1"}}
	ours  = Answer{
		Session: 7, Ufrag: "ours", Password: "0123456789012345678901", Fingerprint: "sha-256 AA:BB",
		Candidates: []netip.AddrPort{netip.MustParseAddrPort("192.0.2.1:7881"), netip.MustParseAddrPort("[2001:db8::1]:7881")},
	}
)

func read(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(strings.ReplaceAll(string(b), "\r\n", "\n"), "\n", "\r\n")
}

func slotsFor(kinds string) (out []Slot) {
	for i, k := range kinds {
		out = append(out, Slot{Video: k == 'v', Stream: "stream", Track: "track" + string(rune('0'+i))})
	}
	return out
}

// answer parses an offer, answers it, and parses the answer by Pion.
func answer(t *testing.T, offer, kinds string) (*Offer, *sdp.SessionDescription) {
	t.Helper()
	o, err := Parse(offer, slotsFor(kinds), video, audio)
	if err != nil {
		t.Fatal(err)
	}
	a := ours
	for i := range kinds {
		a.Streams = append(a.Streams, Stream{SSRC: uint32(100 + i), RTX: uint32(200 + i)})
	}
	text, err := o.Answer(&a)
	if err != nil {
		t.Fatal(err)
	}
	desc := &sdp.SessionDescription{}
	if err := desc.UnmarshalString(text); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return o, desc
}

func values(m *sdp.MediaDescription, key string) (out []string) {
	for _, a := range m.Attributes {
		if a.Key == key {
			out = append(out, a.Value)
		}
	}
	return out
}

func TestOffersOfManyClients(t *testing.T) {
	for _, c := range []struct {
		file, kinds, ufrag string
		h264, opus, rtx    uint8
		formats            string
		wide, level        uint8
		profile            string
	}{
		{"../../testdata/chromium/subscribe.sdp", "vavaaaavv", "Zb6R", 108, 111, 109, "108 109 98 99 45 46 96 97", 4, 14, "42e01f"},
		{"testdata/firefox.sdp", "va", "1e5e02a1", 126, 109, 127, "126 127 121 125 120 124", 7, 1, "42e01f"},
		{"testdata/webrtcbin.sdp", "va", "NnTnzUW8OqEpM1gAlb3tF0wJXu3qmoN7", 96, 97, 0, "96", 0, 0, "42e01f"},
		{"testdata/libdatachannel.sdp", "av", "kHcT", 96, 111, 0, "96", 0, 0, "64001f"},
	} {
		t.Run(c.file, func(t *testing.T) {
			o, desc := answer(t, read(t, c.file), c.kinds)
			v, a := strings.IndexByte(c.kinds, 'v'), strings.IndexByte(c.kinds, 'a')
			if o.Ufrag != c.ufrag || len(o.Fingerprints) != 1 || len(o.Lines) != len(c.kinds) {
				t.Errorf("%+v", o)
			}
			if l := o.Lines[v]; l.Types[media.H264] != c.h264 || l.RTX[media.H264] != c.rtx || l.TransportID != c.wide || l.LevelID != 0 {
				t.Errorf("video %+v", l)
			}
			if l := o.Lines[a]; l.Types[media.Opus] != c.opus || l.LevelID != c.level {
				t.Errorf("audio %+v", l)
			}
			m := desc.MediaDescriptions[v]
			if got := strings.Join(m.MediaName.Formats, " "); got != c.formats {
				t.Errorf("formats %q", got)
			}
			if f := values(m, "fmtp"); !strings.Contains(f[0], "profile-level-id="+c.profile) {
				t.Errorf("parameters %v", f)
			}
			if n := len(values(m, "ssrc-group")); (c.rtx != 0) != (n == 1) {
				t.Errorf("%d groups", n)
			}
			checkShape(t, desc, c.kinds)
		})
	}
}

// checkShape wants of an answer what RFC 8829 does.
func checkShape(t *testing.T, desc *sdp.SessionDescription, kinds string) {
	t.Helper()
	if _, lite := desc.Attribute("ice-lite"); !lite {
		t.Error("not lite")
	}
	group, _ := desc.Attribute("group")
	candidates := 0
	for i, m := range desc.MediaDescriptions {
		mid, _ := m.Attribute("mid")
		if i >= len(kinds) {
			if _, inactive := m.Attribute("inactive"); !inactive || m.MediaName.Port.Value != 0 || slices.Contains(strings.Fields(group), mid) {
				t.Errorf("m-line %d is not refused: %v", i, m)
			}
			continue
		}
		for key, want := range map[string]string{"setup": "passive", "ice-ufrag": "ours", "sendonly": "", "rtcp-mux": ""} {
			if got, ok := m.Attribute(key); !ok || got != want {
				t.Errorf("m-line %d: %s is %q", i, key, got)
			}
		}
		if !slices.Contains(strings.Fields(group), mid) {
			t.Errorf("%q is not bundled in %q", mid, group)
		}
		candidates += len(values(m, "candidate"))
	}
	if candidates != 2 {
		t.Errorf("%d candidates", candidates)
	}
}

// one is an offer of a single m-line without BUNDLE or MID, as the simplest clients make it.
const one = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n" +
	"a=fingerprint:SHA-256 0A:54:2F:0A:29:62:8F:0E:8D:C9:DE:6A:3C:51:85:0F:64:5E:AD:5B:3D:14:BA:F2:65:F6:39:33:8A:19:49:E6\r\n" +
	"m=video 9 UDP/TLS/RTP/SAVPF 100 101\r\nc=IN IP4 0.0.0.0\r\na=rtcp-mux\r\na=rtpmap:100 VP8/90000\r\na=rtcp-fb:* nack\r\na=rtpmap:101 rtx/90000\r\na=fmtp:101 apt=100\r\n"

func TestASingleLineNeedsNoBundle(t *testing.T) {
	o, desc := answer(t, one, "v")
	if _, ok := desc.Attribute("group"); ok || len(values(desc.MediaDescriptions[0], "mid")) != 0 {
		t.Error("bundled by itself")
	}
	if l := o.Lines[0]; l.Types[media.VP8] != 100 || l.RTX[media.VP8] != 101 {
		t.Errorf("%+v", l)
	}
	if fb := values(desc.MediaDescriptions[0], "rtcp-fb"); !slices.Equal(fb, []string{"100 nack"}) {
		t.Errorf("%v", fb)
	}
}

func TestWhatIsRefused(t *testing.T) {
	two := read(t, "testdata/webrtcbin.sdp")
	for name, c := range map[string]struct{ offer, kinds string }{
		"nothing":            {"", "v"},
		"too long":           {one + strings.Repeat("a=x\r\n", MaxBytes/4), "v"},
		"too many slots":     {one, strings.Repeat("v", MaxSlots+1)},
		"wrong kind":         {one, "a"},
		"slot without line":  {one, "vv"},
		"line without slot":  {two, "v"},
		"sends":              {one + "a=sendonly\r\n", "v"},
		"no mux":             {strings.Replace(one, "a=rtcp-mux\r\n", "", 1), "v"},
		"not secure":         {strings.Replace(one, "SAVPF", "AVPF", 1), "v"},
		"no codec":           {strings.Replace(one, "VP8", "VP7", 1), "v"},
		"reserved type":      {strings.ReplaceAll(one, "100", "72"), "v"},
		"short password":     {strings.Replace(one, "0123456789012345678901", "0123", 1), "v"},
		"odd fragment":       {strings.Replace(one, "abcd", "ab:d", 1), "v"},
		"weak fingerprint":   {strings.Replace(one, "SHA-256", "SHA-1", 1), "v"},
		"short fingerprint":  {strings.Replace(one, "0A:54:", "", 1), "v"},
		"also lite":          {strings.Replace(one, "a=ice-ufrag", "a=ice-lite\r\na=ice-ufrag", 1), "v"},
		"wants to be server": {one + "a=setup:passive\r\n", "v"},
		"not bundled":        {strings.Replace(two, "BUNDLE video0 audio1", "BUNDLE video0", 1), "va"},
		"no bundle":          {strings.Replace(two, "a=group:BUNDLE video0 audio1\r\n", "", 1), "va"},
		"mid twice":          {strings.Replace(two, "a=mid:audio1", "a=mid:video0", 1), "va"},
		"stopped":            {strings.Replace(one, "m=video 9", "m=video 0", 1), "v"},
		"many types":         {strings.Replace(one, "100 101", "100 101"+strings.Repeat(" 100", 200), 1), "v"},
	} {
		if _, err := Parse(c.offer, slotsFor(c.kinds), video, audio); !errors.Is(err, ErrOffer) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestALineWithoutOurCodecsIsRefusedAlone(t *testing.T) {
	o, desc := answer(t, strings.Replace(read(t, "testdata/webrtcbin.sdp"), "H264", "H265", 1), "va")
	if o.Lines[0] != (Line{}) || o.Lines[1].Types[media.Opus] != 97 {
		t.Errorf("%+v", o.Lines)
	}
	if m := desc.MediaDescriptions; m[0].MediaName.Port.Value != 0 || m[1].MediaName.Port.Value == 0 || len(values(m[1], "candidate")) != 2 {
		t.Errorf("%v", desc)
	}
}

// FuzzAnswer: every offer is refused as such or gets an answer that parses, with no more than was offered.
func FuzzAnswer(f *testing.F) {
	f.Add(one, "v")
	for name, kinds := range map[string]string{
		"../../testdata/chromium/subscribe.sdp": "vavaaaavv", "testdata/firefox.sdp": "va", "testdata/webrtcbin.sdp": "va", "testdata/libdatachannel.sdp": "av",
	} {
		f.Add(read(f, name), kinds)
	}
	f.Fuzz(func(t *testing.T, offer, kinds string) {
		if len(kinds) > MaxSlots {
			return
		}
		slots := slotsFor(kinds)
		o, err := Parse(offer, slots, video, audio)
		if err != nil {
			if !errors.Is(err, ErrOffer) {
				t.Error(err)
			}
			return
		}
		a := ours
		a.Streams = make([]Stream, len(slots))
		text, err := o.Answer(&a)
		if err != nil {
			t.Fatal(err)
		}
		desc, offered := &sdp.SessionDescription{}, &sdp.SessionDescription{}
		if err := desc.UnmarshalString(text); err != nil {
			t.Fatalf("%v: %q", err, text)
		}
		if err := offered.UnmarshalString(offer); err != nil || len(offered.MediaDescriptions) != len(desc.MediaDescriptions) {
			t.Fatalf("%d m-lines, %v", len(desc.MediaDescriptions), err)
		}
		for i, m := range desc.MediaDescriptions {
			for _, format := range m.MediaName.Formats {
				if !slices.Contains(offered.MediaDescriptions[i].MediaName.Formats, format) {
					t.Errorf("payload type %s was not offered", format)
				}
			}
		}
		for _, l := range o.Lines {
			if l.LevelID > 14 || l.TransportID > 14 || l.LevelID != 0 && l.LevelID == l.TransportID {
				t.Errorf("%+v", l)
			}
		}
	})
}
