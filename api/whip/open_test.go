package whip_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pion/webrtc/v4"

	"github.com/zvonok/zvonok/api"
	"github.com/zvonok/zvonok/sfu"
)

const (
	picture = webrtc.RTPCodecTypeVideo
	sound   = webrtc.RTPCodecTypeAudio
)

// openDoors is a server as benchmarks meet it.
func openDoors(t *testing.T) (url string, server *sfu.Server) {
	t.Helper()
	server, err := sfu.NewServer(sfu.Config{Listen: "127.0.0.1:0", TCP: true})
	if err != nil {
		t.Fatal(err)
	}
	doors := api.NewOpen(api.OpenConfig{
		Version: "test", Media: server, Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
		Figures: func() []api.Figure {
			return []api.Figure{{Name: "zvonok_packets_forwarded_total", Help: "h", Value: float64(server.Stats().Forwarded)}}
		},
	})
	web := httptest.NewServer(doors)
	t.Cleanup(func() {
		web.Close()
		doors.Close()
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return web.URL, server
}

func TestOpenDoorsCarryEveryCodec(t *testing.T) {
	for _, codec := range []string{webrtc.MimeTypeVP8, webrtc.MimeTypeH264, webrtc.MimeTypeVP9, webrtc.MimeTypeAV1} {
		t.Run(strings.TrimPrefix(codec, "video/"), func(t *testing.T) {
			url, server := openDoors(t)
			early := newDevice(t, "")
			before := early.receives()
			early.post(url + "/whep/hall")

			camera := newDevice(t, "")
			f := camera.publishes(codec, webrtc.MimeTypeOpus)
			camera.post(url + "/whip/hall")
			camera.roll(f)

			late := newDevice(t, "")
			after := late.receives(sound, picture) // the order of lines is the client's
			late.post(url + "/whep/hall")
			for name, s := range map[string]*screen{"early": before, "late": after} {
				until(t, name, func() bool { return s.count(picture) > 20 && s.count(sound) > 40 })
				s.check(t, codec, 1)
			}
			if n := server.Stats().Participants; n != 3 {
				t.Errorf("%d participants", n)
			}
			for _, d := range []*device{early, late, camera} {
				if a := request(t, http.MethodDelete, d.location, "", ""); a.status != http.StatusOK {
					t.Errorf("DELETE: %d %s", a.status, a.body)
				}
				if a := request(t, http.MethodDelete, d.location, "", ""); a.status != http.StatusNotFound {
					t.Errorf("DELETE again: %d", a.status)
				}
			}
			until(t, "the room closes", func() bool { return server.Stats().Rooms == 0 })
		})
	}
}

func TestOpenDoorsKeepNamesApart(t *testing.T) {
	url, _ := openDoors(t)
	screens := map[string]*screen{}
	for _, name := range []string{"a", "b"} {
		viewer := newDevice(t, "")
		screens[name] = viewer.receives()
		viewer.post(url + "/whep/" + name)
	}
	camera := newDevice(t, "")
	f := camera.publishes(webrtc.MimeTypeVP8, "")
	camera.post(url + "/whip/a")
	camera.roll(f)
	until(t, "a is seen", func() bool { return screens["a"].count(picture) > 20 })
	if n := screens["b"].count(picture); n != 0 {
		t.Errorf("b got %d packets of a", n)
	}
	if a := request(t, http.MethodGet, url+"/metrics", "", ""); a.status != 200 || !strings.Contains(a.body, "zvonok_packets_forwarded_total") ||
		!strings.Contains(a.body, "process_cpu_seconds_total") {
		t.Errorf("metrics: %d %.300s", a.status, a.body)
	}
}
