package api

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"github.com/zvonok/zvonok/recorder/replay"
	"github.com/zvonok/zvonok/recorder/slate"
	"github.com/zvonok/zvonok/storage/catalog"
	"github.com/zvonok/zvonok/storage/policy"
)

// What a player loads. Every one of these asks the policy anew: whoever loses the right to a recording loses it with the
// next segment, and what was loaded before stays ciphertext without its key.

const (
	playlistType = "application/vnd.apple.mpegurl"
	mediaType    = "video/mp4"
	// forever is for what never changes under its name; private, because it is one class's.
	forever = "private, max-age=31536000, immutable"
)

func (s *Server) routesOfPlayback() {
	const at = base + "/recordings/:id"
	for name, render := range map[string]func(*replay.Presentation, replay.URLs) string{
		"master": (*replay.Presentation).Master, "video": (*replay.Presentation).Video, "audio": (*replay.Presentation).Audio,
	} {
		plain(s, http.MethodGet, at+"/"+name+".m3u8", policy.RecordingWatch, findPlayed, s.servePlaylist(render))
	}
	plain(s, http.MethodGet, at+"/init/:init", policy.RecordingWatch, findInit, s.serveInit)
	plain(s, http.MethodGet, at+"/segments/:segment", policy.RecordingWatch, findSegment, s.serveSegment)
	plain(s, http.MethodGet, at+"/keys/:track", policy.RecordingWatch, findTrack, s.serveKey)
	plain(s, http.MethodGet, at+"/slate/:slate", policy.RecordingWatch, findPlayed, s.serveSlate)
}

func findPlayed(v *visit, c *echo.Context) (catalog.Recording, policy.Object, error) {
	return findRecording(v, &byID{ID: (*c).Param("id")})
}

// findPart finds one row of the recording; get is asked only when the name is an id with that ending.
func findPart[T any](v *visit, c *echo.Context, param, ending string, get func(recording, id uuid.UUID) (T, error)) (part T, about policy.Object, err error) {
	r, about, err := findPlayed(v, c)
	if err != nil {
		return part, about, err
	}
	name, ok := strings.CutSuffix((*c).Param(param), ending)
	if !ok {
		return part, about, notFound()
	}
	id, err := parseID(name)
	if err != nil {
		return part, about, err
	}
	part, err = get(r.ID, id)
	return part, about, err
}

func findInit(v *visit, c *echo.Context) (catalog.Init, policy.Object, error) {
	return findPart(v, c, "init", ".mp4", v.tx.Init)
}

func findSegment(v *visit, c *echo.Context) (catalog.Segment, policy.Object, error) {
	return findPart(v, c, "segment", ".m4s", v.tx.Segment)
}

func findTrack(v *visit, c *echo.Context) (catalog.Track, policy.Object, error) {
	return findPart(v, c, "track", "", v.tx.Track)
}

func (s *Server) servePlaylist(render func(*replay.Presentation, replay.URLs) string) func(*visit, catalog.Recording, echo.Context) error {
	return func(v *visit, r catalog.Recording, c echo.Context) error {
		presentation, err := present(v, r)
		if err != nil {
			return err
		}
		if !presentation.Ready() && r.EndedAt == nil {
			return problem(http.StatusServiceUnavailable, CodeBusy, "nothing of this recording can be played yet").after(2 * time.Second)
		}
		c.Response().Header().Set("Cache-Control", "private, no-cache")
		c.Response().Header().Set(echo.HeaderContentType, playlistType)
		return c.String(http.StatusOK, render(presentation, playlistURLs()))
	}
}

// present reads the recording's rows in one transaction, so that the playlist is of one moment.
func present(v *visit, r catalog.Recording) (*replay.Presentation, error) {
	in := replay.Input{StartedAt: r.StartedAt, Running: r.EndedAt == nil || r.CompleteAt == nil}
	if !in.Running {
		in.Duration = lengthOf(r, v.now)
	}
	err := v.services.Catalog.In(v.ctx, r.SchoolID, func(tx *catalog.Tx) (err error) {
		if in.Tracks, err = tx.Tracks(r.ID); err != nil {
			return err
		}
		if in.Inits, err = tx.Inits(r.ID); err != nil {
			return err
		}
		if in.Segments, err = tx.Segments(r.ID); err != nil {
			return err
		}
		in.Stage, err = tx.Stage(r.ID)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read recording: %w", err)
	}
	return replay.Build(in), nil
}

// playlistURLs are relative to the playlist, so that they hold behind any proxy.
func playlistURLs() replay.URLs {
	return replay.URLs{
		Video:     func() string { return "video.m3u8" },
		Audio:     func() string { return "audio.m3u8" },
		Init:      func(id uuid.UUID) string { return "init/" + id.String() + ".mp4" },
		Segment:   func(id uuid.UUID) string { return "segments/" + id.String() + ".m4s" },
		Key:       func(track uuid.UUID) string { return "keys/" + track.String() },
		SlateInit: func(codec string) string { return "slate/" + codec + ".mp4" },
		Slate: func(codec string, startUS, durationUS int64) string {
			return fmt.Sprintf("slate/%s-%d-%d.m4s", codec, startUS, durationUS)
		},
	}
}

// serveSlate serves what is shown where nobody was recorded, by the names of playlistURLs.
func (s *Server) serveSlate(_ *visit, _ catalog.Recording, c echo.Context) error {
	name := c.Param("slate")
	var body []byte
	var err error
	if codec, ok := strings.CutSuffix(name, ".mp4"); ok {
		body, err = slate.Init(codec)
	} else {
		body, err = slateSegment(name)
	}
	if err != nil {
		return notFound()
	}
	c.Response().Header().Set("Cache-Control", forever)
	return c.Blob(http.StatusOK, mediaType, body)
}

func slateSegment(name string) ([]byte, error) {
	name, ok := strings.CutSuffix(name, ".m4s")
	parts := strings.Split(name, "-")
	if !ok || len(parts) != 3 {
		return nil, slate.ErrUnknown
	}
	start, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil {
		return nil, slate.ErrUnknown
	}
	length, err := strconv.ParseInt(parts[2], 10, 64)
	if err != nil {
		return nil, slate.ErrUnknown
	}
	return slate.Segment(parts[0], start, length)
}

// serveKey gives a track's key to whoever may watch; nobody may keep it.
func (s *Server) serveKey(v *visit, t catalog.Track, c echo.Context) error {
	if len(t.WrappedKey) == 0 {
		return notFound()
	}
	key, err := v.services.Recordings.Key(t)
	if err != nil {
		v.log.Error("key not unwrapped", "track", t.ID, "err", err)
		return problem(http.StatusBadGateway, CodeDamaged, "the key of this track cannot be opened")
	}
	c.Response().Header().Set("Cache-Control", "no-store")
	return c.Blob(http.StatusOK, "application/octet-stream", key[:])
}
