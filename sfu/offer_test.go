package sfu_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/zvonok/zvonok/sfu"
	"github.com/zvonok/zvonok/sfu/media"
)

func chromium(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "chromium", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// sections are the m-lines of a session, each with its attributes.
func sections(sdp string) []string {
	return strings.Split(sdp, "\r\nm=")[1:]
}

// codecsOf lists the codecs of a section, in order, and checks that there is one payload type and one RTX for each.
func codecsOf(t *testing.T, section string) []string {
	t.Helper()
	rtpmap := map[string]string{}
	for _, m := range regexp.MustCompile(`a=rtpmap:(\d+) ([^/\r]+)`).FindAllStringSubmatch(section, -1) {
		rtpmap[m[1]] = m[2]
	}
	line, _, _ := strings.Cut(section, "\r\n")
	var out []string
	types := strings.Fields(line)[3:]
	for _, pt := range types {
		name := rtpmap[pt]
		if name == "rtx" {
			apt := regexp.MustCompile(`a=fmtp:` + pt + ` apt=(\d+)\r`).FindStringSubmatch(section)
			if len(apt) != 2 || !slices.Contains(types, apt[1]) {
				t.Errorf("RTX %s repeats %v", pt, apt)
			}
			continue
		}
		out = append(out, name)
	}
	if strings.Count(section, " rtx/") != len(out) && !slices.Equal(out, []string{"opus"}) {
		t.Errorf("%v have %d RTX", out, strings.Count(section, " rtx/"))
	}
	return out
}

func TestTheAnswerToChromium(t *testing.T) {
	w := newWorld(t, nil)
	m := w.join("a", sfu.Capabilities{})
	video := []string{"H264", "VP9", "AV1", "VP8"}
	const h264 = "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"

	answer, err := m.Publish(w.ctx, sfu.Publication{Offer: chromium(t, "publish.sdp")})
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range sections(answer) {
		if media.Source(i).IsVideo() {
			if got := codecsOf(t, s); !slices.Equal(got, video) || !strings.Contains(s, h264) || !strings.Contains(s, "transport-cc") ||
				strings.Count(s, "x-google-start-bitrate=1000") != len(video) {
				t.Errorf("%s: %v\n%s", media.Source(i), got, s)
			}
		} else if got := codecsOf(t, s); !slices.Equal(got, []string{"opus"}) || !strings.Contains(s, "usedtx=1") || !strings.Contains(s, "ssrc-audio-level") {
			t.Errorf("%s: %v\n%s", media.Source(i), got, s)
		}
		if got := strings.Contains(s, "a=simulcast:recv q;h;f\r\n"); got != (media.Source(i) == media.Camera) {
			t.Errorf("%s: simulcast %v", media.Source(i), got)
		}
		if !strings.Contains(s, "a=recvonly") || !strings.Contains(s, "a=setup:passive") {
			t.Errorf("%s: %s", media.Source(i), s)
		}
	}
	if !strings.Contains(answer, "a=ice-lite") || !strings.Contains(answer, " 127.0.0.1 ") {
		t.Errorf("not lite, or without candidate:\n%s", answer)
	}

	answer, err = m.Subscribe(w.ctx, sfu.Subscription{Offer: chromium(t, "subscribe.sdp"), Slots: allSlots})
	if err != nil {
		t.Fatal(err)
	}
	ssrcs := map[string]bool{}
	for i, s := range sections(answer) {
		streams := regexp.MustCompile(`a=msid:(\S+) `).FindStringSubmatch(s)
		want := map[int]string{0: "stage", 1: "stage", 2: "share", 3: "share"}[i]
		if len(streams) != 2 || want != "" && streams[1] != want || want == "" && (streams[1] == "stage" || streams[1] == "share") {
			t.Errorf("slot %d: msid %v", i, streams)
		}
		if !strings.Contains(s, "a=sendonly") {
			t.Errorf("slot %d is not sendonly", i)
		}
		for _, ssrc := range regexp.MustCompile(`a=ssrc:(\d+) cname`).FindAllStringSubmatch(s, -1) {
			if ssrcs[ssrc[1]] {
				t.Errorf("SSRC %s twice", ssrc[1])
			}
			ssrcs[ssrc[1]] = true
		}
		if allSlots[i].IsVideo() {
			if got := codecsOf(t, s); !slices.Equal(got, video) || !strings.Contains(s, "a=ssrc-group:FID") {
				t.Errorf("slot %d: %v\n%s", i, got, s)
			}
		}
	}
	if len(ssrcs) != 5+4*2 {
		t.Errorf("%d SSRCs", len(ssrcs))
	}
}
