package signaling

import (
	"context"
	"reflect"

	"golang.org/x/time/rate"

	"github.com/zvonok/zvonok/storage/policy"
)

//go:generate go run ./internal/tsgen -comments messages.go -out ../web/src/protocol/generated.ts

// Word is one type of frame: the name that stands in its t, and what its d holds.
type Word struct {
	Name    string
	Message reflect.Type
	// Answer is what the d of ok holds; nil for events.
	Answer reflect.Type
	// Action is what the policy is asked for before a request is looked at; empty for events.
	Action policy.Action
}

// route is a request and what answers it.
type route struct {
	Word
	serve func(c *call, body any) (answer any, err error)
	// while says in which rooms the request makes sense.
	while phase
	// limit of a frame in bytes.
	limit int
	// bucket picks the message's own rate limit; nil: only that of all messages.
	bucket func(*limits) *rate.Limiter
}

type phase uint8

const (
	// whileLive refuses the request with not_now before staff has come.
	whileLive phase = iota
	// always takes it in a room that waits, too.
	always
)

// on registers a request together with its action: there is no way to register one without.
func on[M, A any](name string, action policy.Action, serve func(*call, M) (A, error)) route {
	return route{
		Word: Word{Name: name, Message: reflect.TypeFor[M](), Answer: reflect.TypeFor[A](), Action: action},
		serve: func(c *call, body any) (any, error) {
			m, err := bind[M](body)
			if err != nil {
				return nil, err
			}
			return serve(c, m)
		},
		limit: maxPlainFrame,
	}
}

func (r route) anytime() route { r.while = always; return r }

func (r route) offer() route {
	r.limit = maxFrame
	r.bucket = func(l *limits) *rate.Limiter { return l.offers }
	return r
}

func (r route) slowly() route {
	r.bucket = func(l *limits) *rate.Limiter { return l.chat }
	return r
}

// routes is every request there is, in the order of PROTOCOL.md. Publish and source touch several sources: they are
// let in as part of being inside, and ask for each source's own action themselves.
func routes() []route {
	return []route{
		on("hello", policy.LessonJoin, (*call).helloAgain).anytime(),
		on("publish", policy.LessonJoin, (*call).publish).offer(),
		on("subscribe", policy.LessonJoin, (*call).subscribe).offer(),
		on("view", policy.LessonJoin, (*call).view),
		on("source", policy.LessonJoin, (*call).source),
		on("chat", policy.RoomChat, (*call).sendChat).slowly(),
		on("read_chat", policy.RoomChat, (*call).readChat),
		on("hand", policy.RoomHand, (*call).hand),
		on("mute", policy.RoomModerate, (*call).mute),
		on("lower_hand", policy.RoomModerate, (*call).lowerHand),
		on("remove", policy.RoomModerate, (*call).remove),
		on("admit", policy.RoomModerate, (*call).letIn),
		on("record", policy.RoomRecord, (*call).record),
		on("end", policy.RoomEnd, (*call).end),
		on("leave", policy.LessonJoin, (*call).leave).anytime(),
		on("ping", policy.LessonJoin, (*call).ping).anytime(),
	}
}

// Requests lists every message that a client may send, in the order of PROTOCOL.md.
func Requests() []Word {
	var words []Word
	for _, r := range routes() {
		words = append(words, r.Word)
	}
	return words
}

// Events lists every event that the server sends, in the order of PROTOCOL.md.
func Events() []Word {
	return []Word{
		event[RoomState]("room"),
		event[Participant]("participant"),
		event[ParticipantLeft]("participant_left"),
		event[Removed]("removed"),
		event[Slots]("slots"),
		event[Speakers]("speakers"),
		event[ChatMessage]("chat"),
		event[Recording]("recording"),
		event[Muted]("muted"),
		event[VideoCodec]("codec"),
		event[Transport]("transport"),
		event[Permissions]("permissions"),
		event[Bye]("bye"),
	}
}

func event[M any](name string) Word {
	return Word{Name: name, Message: reflect.TypeFor[M]()}
}

// call is one request being answered, on its socket's reader goroutine.
type call struct {
	ctx    context.Context
	room   *room
	sess   *session
	socket *socket
	route  *route
	re     uint64
	// answered: the ok is on its way already, because what follows it closes the socket.
	answered bool
}

// do runs change on the room's goroutine, after deciding there and then whether this person may: the decision and what
// it allows are one step.
func (c *call) do(change func(r *room) error) error {
	return c.doAs(c.route.Action, change)
}

func (c *call) doAs(action policy.Action, change func(r *room) error) error {
	outcome := make(chan error, 1)
	err := c.room.ask(c.ctx, func() { outcome <- c.decide(action, change) })
	if err != nil {
		return err
	}
	return <-outcome
}

func (c *call) decide(action policy.Action, change func(r *room) error) error {
	if c.sess.over {
		return errGone
	}
	if d := c.room.may(c.sess.who, action); !d.Allowed {
		return denied(d)
	}
	if c.route.while == whileLive && c.room.state == stateWaiting {
		return refuse(NotNow, "the teacher is not here yet")
	}
	return change(c.room)
}

// answer sends the ok before what the request sets off.
func (c *call) answer(a any) {
	c.answered = true
	body, err := encodeBody(a)
	if err == nil {
		c.socket.send(encodeOK(c.re, body))
	}
}
