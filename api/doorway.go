package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/zvonok/zvonok/api/signin"
	"github.com/zvonok/zvonok/api/whip"
	"github.com/zvonok/zvonok/sfu"
	"github.com/zvonok/zvonok/sfu/media"
	"github.com/zvonok/zvonok/signaling"
	"github.com/zvonok/zvonok/storage/catalog"
	"github.com/zvonok/zvonok/storage/policy"
)

// Where devices knock; the token says into which lesson.
const (
	whipPath = "/whip"
	whepPath = "/whep"
	// deviceVoices is how many voices a screen is sent beside that of the stage, if it asks for so many.
	deviceVoices = 3
)

// knock is what a device's token opens.
type knock struct {
	door   catalog.Door
	device catalog.Person
	hash   []byte
}

// forDevices says whether a path is for devices with a token instead of browsers with a cookie.
func forDevices(path string) bool {
	for _, door := range []string{whipPath, whepPath} {
		if path == door || strings.HasPrefix(path, door+"/") {
			return true
		}
	}
	return false
}

func (s *Server) routesOfDevices() {
	for path, post := range map[string]struct {
		action policy.Action
		do     func(*visit, knock, whip.Visit) error
	}{whipPath: {policy.DoorPublish, s.deviceSends}, whepPath: {policy.DoorView, s.deviceReceives}} {
		session := path + "/:session"
		byToken(s, http.MethodPost, path, post.action, post.do)
		byToken(s, http.MethodPatch, session, policy.DoorSession, func(v *visit, _ knock, w whip.Visit) error {
			return s.doors.Patch(w, v.echo.Param("session"))
		})
		byToken(s, http.MethodDelete, session, policy.DoorSession, func(v *visit, _ knock, w whip.Visit) error {
			return s.doors.Delete(w, v.echo.Param("session"))
		})
		for place, isSession := range map[string]bool{path: false, session: true} {
			plain(s, http.MethodOptions, place, policy.Public, personAlone[echo.Context], func(_ *visit, _ nothing, c echo.Context) error {
				whip.Options(c.Response(), isSession)
				return nil
			})
			plain(s, http.MethodGet, place, policy.Public, personAlone[echo.Context], func(_ *visit, _ nothing, c echo.Context) error {
				whip.AllowOrigins(c.Response().Header())
				return c.NoContent(http.StatusNoContent)
			})
		}
	}
}

// byToken registers a route for devices: the token is looked up and the policy asked, about its door and as who made it,
// before do runs.
func byToken(s *Server, method, path string, action policy.Action, do func(*visit, knock, whip.Visit) error) {
	s.declare(method, path, action)
	s.echo.Add(method, path, func(c echo.Context) error {
		v := visitOfEcho(c)
		v.echo = c
		whip.AllowOrigins(c.Response().Header())
		v.services = s.services.Load()
		k, err := s.knock(v, action)
		if err == nil {
			v.log = v.log.With("door", k.door.ID)
			err = do(v, k, s.visitOfDevice(v, k))
		}
		if err != nil {
			return s.refuse(v, doorRefusal(err))
		}
		return nil
	})
}

func (s *Server) visitOfDevice(v *visit, k knock) whip.Visit {
	path := whepPath
	if k.door.Publishes {
		path = whipPath
	}
	r := v.echo.Request()
	w := whip.Visit{W: v.echo.Response(), R: r, Owner: k.door.ID.String(), URL: v.base(s.config.PublicURL) + path, Voices: deviceVoices}
	if v.services.Relays != nil {
		for _, relay := range v.services.Relays(k.device.ID, r.Host) {
			for _, url := range relay.URLs {
				w.ICEServers = append(w.ICEServers, whip.ICEServer{URL: url, Username: relay.Username, Credential: relay.Credential})
			}
		}
	}
	return w
}

// badToken answers a token that opens nothing (RFC 6750, section 3): unknown, expired and revoked ones look alike.
func badToken(v *visit, shown bool) error {
	challenge := `Bearer realm="zvonok"`
	if shown {
		challenge += `, error="invalid_token"`
	}
	v.echo.Response().Header().Set("WWW-Authenticate", challenge)
	return problem(http.StatusUnauthorized, CodeSignedOut, "no token that is good now: ask the teacher for another")
}

// knock looks up the request's token and asks the policy.
func (s *Server) knock(v *visit, action policy.Action) (knock, error) {
	kind, token, _ := strings.Cut(v.echo.Request().Header.Get("Authorization"), " ")
	hash, ok := signin.HashToken(strings.TrimSpace(token))
	if !strings.EqualFold(kind, "Bearer") || !ok {
		return knock{}, badToken(v, token != "")
	}
	if v.services == nil {
		return knock{}, databaseAway()
	}
	return s.enter(v, action, knock{hash: hash})
}

// enter finds the door as it is now, and asks the policy as who made it.
func (s *Server) enter(v *visit, action policy.Action, k knock) (knock, error) {
	ctx, cancel := context.WithTimeout(v.ctx, handlerTime)
	defer cancel()
	var err error
	k.door, v.who, err = v.services.Catalog.DoorByToken(ctx, k.hash)
	if errors.Is(err, catalog.ErrNotFound) {
		return k, badToken(v, true)
	}
	if err != nil {
		return k, fmt.Errorf("look up door: %w", err)
	}
	var about policy.Object
	err = v.services.Catalog.In(ctx, v.who.SchoolID, func(tx *catalog.Tx) error {
		lesson, err := tx.Lesson(k.door.LessonID)
		if err != nil {
			return err
		}
		if k.device, err = tx.Person(k.door.DeviceID); err != nil {
			return err
		}
		people, err := tx.RoomPeople(lesson.ID)
		about = LessonObject(lesson, slices.ContainsFunc(people, func(p catalog.RoomPerson) bool {
			return p.PersonID == k.door.DeviceID && p.RemovedAt != nil
		}))
		return err
	})
	if err != nil {
		return k, err
	}
	about.Kind, about.Publishes, about.Revoked, about.ExpiresAt = policy.KindDoor, k.door.Publishes, k.door.RevokedAt != nil, k.door.ExpiresAt
	decision := policy.May(v.subject(), action, about, v.now)
	if decision.Allowed {
		return k, nil
	}
	v.log.Info("refused", "action", string(action), "reason", decision.Reason, "door", k.door.ID)
	s.metrics.refused(action, decision.Reason)
	return k, deniedDevice(v, decision.Reason)
}

func deniedDevice(v *visit, why policy.Reason) error {
	switch why {
	case policy.LessonEnded:
		return problem(http.StatusConflict, CodeLessonEnded, "the lesson is over")
	case policy.SentOut:
		return problem(http.StatusForbidden, CodeRemoved, "the teacher has sent this device out of the lesson")
	case policy.WrongDoor:
		v.echo.Response().Header().Set("WWW-Authenticate", `Bearer realm="zvonok", error="insufficient_scope"`)
		return problem(http.StatusForbidden, CodeForbidden, "this token is for the other door: "+whipPath+" sends, "+whepPath+" receives")
	}
	return badToken(v, true)
}

func (s *Server) deviceSends(v *visit, k knock, w whip.Visit) error {
	return s.doors.Publish(w, func(ctx context.Context, offer *whip.Offer, ended func()) (*whip.Seat, error) {
		// What it could decode does not matter: it gets nothing.
		guest, err := s.admit(ctx, v, k, sfu.Capabilities{Encode: offer.Capabilities.Encode}, ended)
		if err != nil {
			return nil, err
		}
		sources := append([]media.Source(nil), offer.Sources...)
		return &whip.Seat{Member: guest.Member, Leave: guest.Leave, Live: func() { guest.Live(sources) }}, nil
	})
}

func (s *Server) deviceReceives(v *visit, k knock, w whip.Visit) error {
	return s.doors.Play(w, func(ctx context.Context, offer *whip.Offer, ended func()) (*whip.Seat, error) {
		guest, err := s.admit(ctx, v, k, offer.Capabilities, ended)
		if err != nil {
			return nil, err
		}
		return &whip.Seat{Member: guest.Member, Leave: guest.Leave, View: sfu.View{StageHeight: tallest}}, nil
	})
}

// admit takes the device's place in the room and then asks the catalog and the policy once more, so that no revocation
// falls between: one that came before is seen here, one that comes later finds the device inside.
func (s *Server) admit(ctx context.Context, v *visit, k knock, caps sfu.Capabilities, ended func()) (*signaling.Guest, error) {
	d := signaling.Device{Person: k.device, Maker: v.who, Publishes: k.door.Publishes, ExpiresAt: k.door.ExpiresAt, Lesson: k.door.LessonID, Capabilities: caps}
	guest, err := v.services.Rooms.AdmitDevice(ctx, d, ended)
	var denied *signaling.Denied
	switch {
	case errors.Is(err, signaling.ErrNotBegun):
		return nil, whip.NotYet("the lesson has not begun: try again when the teacher is there")
	case errors.Is(err, signaling.ErrClosed):
		return nil, whip.Busy("the server is stopping")
	case errors.As(err, &denied):
		return nil, deniedDevice(v, denied.Reason)
	case err != nil:
		return nil, err
	}
	action := policy.DoorView
	if k.door.Publishes {
		action = policy.DoorPublish
	}
	if _, err := s.enter(v, action, k); err != nil {
		guest.Leave()
		return nil, err
	}
	return guest, nil
}

// doorRefusal makes a door's refusal into this API's; other errors stay as they are.
func doorRefusal(err error) error {
	var r *whip.Refusal
	if !errors.As(err, &r) {
		return err
	}
	p := problemOfStatus(r.Status, r.Detail)
	switch r.Status {
	case http.StatusServiceUnavailable:
		p = problem(r.Status, CodeBusy, r.Detail)
	case http.StatusConflict:
		p = problem(r.Status, CodeConflict, r.Detail)
	}
	if r.RetryAfter > 0 {
		p = p.after(r.RetryAfter)
	}
	return p
}
