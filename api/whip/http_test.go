package whip_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/pion/webrtc/v4"
)

// publishOffer is what a device would POST.
func publishOffer(t *testing.T) string {
	t.Helper()
	d := newDevice(t, "")
	d.publishes(webrtc.MimeTypeVP8, webrtc.MimeTypeOpus)
	return d.offer()
}

func TestRequestsThatAreNone(t *testing.T) {
	url, server := openDoors(t)
	good := publishOffer(t)
	lines := func(edit func(string) string) string { return edit(good) }
	for name, c := range map[string]struct {
		method, path, body, kind string
		status                   int
	}{
		"not SDP":              {"POST", "/whip/a", "hello", "application/sdp", 400},
		"no m-line":            {"POST", "/whip/a", good[:strings.Index(good, "m=")], "application/sdp", 400},
		"another type":         {"POST", "/whip/a", good, "text/plain", 415},
		"no type":              {"POST", "/whip/a", good, "", 415},
		"too large":            {"POST", "/whip/a", good + strings.Repeat("a=x\r\n", 20000), "application/sdp", 413},
		"two videos":           {"POST", "/whip/a", good + good[strings.Index(good, "m=video"):], "application/sdp", 422},
		"nothing is sent":      {"POST", "/whip/a", lines(func(s string) string { return strings.ReplaceAll(s, "sendrecv", "recvonly") }), "application/sdp", 422},
		"nothing is taken":     {"POST", "/whep/a", lines(func(s string) string { return strings.ReplaceAll(s, "sendrecv", "sendonly") }), "application/sdp", 422},
		"no codec of ours":     {"POST", "/whip/a", lines(func(s string) string { return strings.ReplaceAll(s, "opus/", "speex/") }), "application/sdp", 422},
		"no fingerprint":       {"POST", "/whip/a", lines(func(s string) string { return strings.ReplaceAll(s, "a=fingerprint", "a=x") }), "application/sdp", 422},
		"PUT":                  {"PUT", "/whip/a", good, "application/sdp", 405},
		"POST to a session":    {"POST", "/whip/a/b", good, "application/sdp", 405},
		"DELETE of the door":   {"DELETE", "/whip/a", "", "", 405},
		"unknown session":      {"DELETE", "/whip/a/b", "", "", 404},
		"patch unknown":        {"PATCH", "/whip/a/b", "a=x", "application/trickle-ice-sdpfrag", 404},
		"GET":                  {"GET", "/whip/a", "", "", 204},
		"a name that is a lot": {"POST", "/whip/" + strings.Repeat("a", 300), good, "application/sdp", 404},
	} {
		a := request(t, c.method, url+c.path, "", c.body, "Content-Type", c.kind)
		if a.status != c.status {
			t.Errorf("%s: %d, not %d: %s", name, a.status, c.status, a.body)
		}
	}
	until(t, "nothing is left behind", func() bool { return server.Stats().Rooms == 0 })
}

func TestPreflight(t *testing.T) {
	url, _ := openDoors(t)
	for path, methods := range map[string]string{"/whip/a": "OPTIONS, POST", "/whep/a": "OPTIONS, POST", "/whip/a/b": "OPTIONS, PATCH, DELETE"} {
		a := request(t, http.MethodOptions, url+path, "", "", "Origin", "https://elsewhere.example", "Access-Control-Request-Method", "POST")
		h := a.header
		if a.status != 200 || h.Get("Access-Control-Allow-Origin") != "*" || h.Get("Access-Control-Allow-Methods") != methods ||
			!strings.Contains(h.Get("Access-Control-Allow-Headers"), "Authorization") || !strings.Contains(h.Get("Access-Control-Expose-Headers"), "Location") {
			t.Errorf("%s: %d %v", path, a.status, h)
		}
		if (h.Get("Accept-Post") == "application/sdp") != (methods == "OPTIONS, POST") {
			t.Errorf("%s: Accept-Post %q", path, h.Get("Accept-Post"))
		}
	}
}

const fragment = "application/trickle-ice-sdpfrag"

func TestTrickleAndRestart(t *testing.T) {
	url, _ := openDoors(t)
	camera := newDevice(t, "")
	f := camera.publishes(webrtc.MimeTypeVP8, webrtc.MimeTypeOpus)
	camera.post(url + "/whip/hall")
	camera.roll(f)
	viewer := newDevice(t, "")
	s := viewer.receives()
	viewer.post(url + "/whep/hall")
	until(t, "media", func() bool { return s.count(picture) > 10 })
	for name, d := range map[string]*device{"whip": camera, "whep": viewer} {
		patch := func(body string, headers ...string) answer {
			return request(t, http.MethodPatch, d.location, "", body, headers...)
		}
		ufrag := between(d.pc.LocalDescription().SDP, "a=ice-ufrag:", "\r\n")
		candidate := "a=ice-ufrag:" + ufrag + "\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\na=candidate:1 1 udp 2122260223 192.0.2.1 61764 typ host\r\na=end-of-candidates\r\n"
		restart := "a=ice-ufrag:ysXw\r\na=ice-pwd:vw5LmwG4y/e6dPP/zAP9Gp5k\r\n"
		for what, c := range map[string]struct {
			a    answer
			want int
		}{
			"no If-Match":     {patch(candidate, "Content-Type", fragment), 428},
			"another tag":     {patch(candidate, "Content-Type", fragment, "If-Match", `"old"`), 412},
			"a weak tag":      {patch(candidate, "Content-Type", fragment, "If-Match", "W/"+d.etag), 412},
			"another type":    {patch(candidate, "Content-Type", "application/sdp", "If-Match", d.etag), 415},
			"no fragment":     {patch("{}", "Content-Type", fragment, "If-Match", d.etag), 400},
			"a bad candidate": {patch("a=candidate:1 1 udp\r\n", "Content-Type", fragment, "If-Match", d.etag), 400},
			"too long":        {patch(strings.Repeat(candidate, 200), "Content-Type", fragment, "If-Match", d.etag), 413},
			"a short secret":  {patch("a=ice-ufrag:abcd\r\na=ice-pwd:short\r\n", "Content-Type", fragment, "If-Match", "*"), 422},
		} {
			if c.a.status != c.want {
				t.Errorf("%s, %s: %d, not %d: %s", name, what, c.a.status, c.want, c.a.body)
			}
		}
		if a := patch(candidate, "Content-Type", fragment, "If-Match", d.etag); a.status != 204 || a.header.Get("ETag") != "" || a.body != "" {
			t.Errorf("%s: trickle: %d %v %q", name, a.status, a.header, a.body)
		}
		other := strings.Replace(d.location, "/hall/", "/attic/", 1)
		if a := request(t, http.MethodPatch, other, "", restart, "Content-Type", fragment, "If-Match", "*"); a.status != 404 {
			t.Errorf("%s: another room's: %d", name, a.status)
		}
		d.restart(t)
	}
	n := s.count(picture)
	until(t, "media after both have restarted", func() bool { return s.count(picture) > n+40 })
	s.check(t, webrtc.MimeTypeVP8, 100)
}

// restart does a whole ICE restart by PATCH: the offer stays at home, only its credentials travel.
func (d *device) restart(t *testing.T) {
	t.Helper()
	offer, err := d.pc.CreateOffer(&webrtc.OfferOptions{ICERestart: true})
	if err != nil {
		t.Fatal(err)
	}
	gathered := webrtc.GatheringCompletePromise(d.pc)
	if err := d.pc.SetLocalDescription(offer); err != nil {
		t.Fatal(err)
	}
	<-gathered
	local := d.pc.LocalDescription().SDP
	body := fmt.Sprintf("a=ice-ufrag:%s\r\na=ice-pwd:%s\r\n", between(local, "a=ice-ufrag:", "\r\n"), between(local, "a=ice-pwd:", "\r\n"))
	a := request(t, http.MethodPatch, d.location, d.token, body, "Content-Type", fragment, "If-Match", "*")
	if a.status != http.StatusOK || a.header.Get("Content-Type") != fragment || a.header.Get("ETag") == "" || a.header.Get("ETag") == d.etag {
		t.Fatalf("restart: %d %v %s", a.status, a.header, a.body)
	}
	d.etag = a.header.Get("ETag")
	was := d.pc.CurrentRemoteDescription().SDP
	remote := strings.ReplaceAll(was, between(was, "a=ice-ufrag:", "\r\n"), between(a.body, "a=ice-ufrag:", "\r\n"))
	remote = strings.ReplaceAll(remote, between(was, "a=ice-pwd:", "\r\n"), between(a.body, "a=ice-pwd:", "\r\n"))
	if remote == was {
		t.Fatal("the credentials did not change")
	}
	if err := d.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: remote}); err != nil {
		t.Fatal(err)
	}
	until(t, "connected again", func() bool { return d.pc.ICEConnectionState() == webrtc.ICEConnectionStateConnected })
}

func between(s, from, to string) string {
	_, rest, _ := strings.Cut(s, from)
	found, _, _ := strings.Cut(rest, to)
	return found
}
