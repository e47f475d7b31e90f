package signaling

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"github.com/coder/websocket"
	"github.com/google/uuid"

	"github.com/zvonok/zvonok/storage/catalog"
)

// maxStrikes is how many requests in a row may be refused as too fast or wrong before the socket is closed.
const maxStrikes = 100

// visit is one socket's life: hello, then requests, one after the other, on the goroutine of [Server.Serve].
type visit struct {
	server *Server
	socket *socket
	who    Caller
	lesson uuid.UUID
	host   string // that the browser asked
	log    *slog.Logger

	// set by hello
	room *room
	sess *session

	strikes int
	began   time.Time
}

func (v *visit) run(ctx context.Context) {
	v.began = time.Now()
	ctx, cancel := context.WithCancel(ctx)
	var helpers sync.WaitGroup
	helpers.Go(func() { v.socket.write(ctx) })
	helpers.Go(func() { v.socket.keepAlive(ctx) })
	if v.socket.conn.Subprotocol() != Subprotocol {
		v.socket.close(closeViolation, "subprotocol "+Subprotocol+" is required")
	}
	v.read(ctx)
	if v.sess != nil {
		// A room that is gone has nobody to tell.
		_ = v.room.ask(ctx, func() { v.room.detach(v.sess, v.socket) })
	}
	v.socket.close(closeNormal, "")
	<-v.socket.written
	cancel()
	_ = v.socket.conn.CloseNow()
	helpers.Wait()
}

// read takes frames until the socket ends; frames after our own goodbye are not looked at.
func (v *visit) read(ctx context.Context) {
	first, cancel := context.WithTimeout(ctx, helloWithin)
	data, ok := v.next(first)
	cancel()
	if !ok || !v.hello(ctx, data) {
		return
	}
	for {
		data, ok := v.next(ctx)
		if !ok || !v.request(ctx, data) {
			return
		}
	}
}

// next is the next frame. A binary one is nothing of ours; one longer than the read limit has closed the connection
// already, with "message too big".
func (v *visit) next(ctx context.Context) ([]byte, bool) {
	if v.socket.isClosed() {
		return nil, false
	}
	kind, data, err := v.socket.conn.Read(ctx)
	if err != nil || v.socket.isClosed() {
		return nil, false
	}
	if kind != websocket.MessageText {
		v.socket.close(closeUnsupported, "text only")
		return nil, false
	}
	return data, true
}

// farewell may be called from any goroutine.
func (v *visit) farewell(reason string, code closeCode) {
	if body, err := encodeBody(Bye{Reason: reason}); err == nil {
		v.socket.send(encodeEvent("bye", 0, body))
	}
	v.socket.close(code, reason)
}

// hello is the first frame, or the end of the socket.
func (v *visit) hello(ctx context.Context, data []byte) bool {
	f, err := decodeFrame(data)
	if err == nil {
		v.server.counts.message(f.name)
	}
	if err == nil && f.name != "hello" {
		err = refuse(BadMessage, "hello comes first")
	}
	var h Hello
	if err == nil {
		h, err = bindHello(f.body)
	}
	if err == nil {
		v.room, v.sess, err = v.server.admit(ctx, arrival{
			who: v.who, lesson: v.lesson, hello: h, socket: v.socket, re: f.id, host: v.host, counts: v.server.counts,
		})
	}
	if err == nil {
		v.server.counts.joins.Count(time.Since(v.began))
		return true
	}
	p := v.problem(err)
	v.socket.send(encodeProblem(f.id, p))
	v.socket.close(closeAfter(Code(p.Code)), p.Code)
	return false
}

// bindHello looks at the version before the rest: an old client's hello may have another shape.
func bindHello(body any) (Hello, error) {
	if o, ok := body.(map[string]any); ok {
		if version, ok := o["protocol"].(json.Number); ok && version.String() != strconv.Itoa(Protocol) {
			return Hello{}, refuse(OldClient, "this server speaks version %d", Protocol)
		}
	}
	return bind[Hello](body)
}

// closeAfter is the close code that goes with a refused hello.
func closeAfter(code Code) closeCode {
	switch code {
	case Elsewhere:
		return closeElsewhere
	case SentOut:
		return closeRemoved
	case Ended:
		return closeEnded
	case OldClient:
		return closeOldClient
	case NotAllowed:
		return closeDenied
	case Unavailable:
		return closeTryAgain
	default:
		return closeViolation
	}
}

// problem is what the client is told; what it is not told of is logged here, once.
func (v *visit) problem(err error) Problem {
	p, meant := problemOf(err)
	v.server.counts.refusal(p.Code)
	if !meant && !errors.Is(err, errGone) && !errors.Is(err, context.Canceled) {
		v.log.Error("request failed", "err", err)
	}
	return p
}

// request answers one frame; false ends the socket.
func (v *visit) request(ctx context.Context, data []byte) bool {
	f, err := decodeFrame(data)
	c := &call{ctx: ctx, room: v.room, sess: v.sess, socket: v.socket, re: f.id}
	var body json.RawMessage
	if err == nil {
		body, err = v.dispatch(c, f, len(data))
	}
	switch {
	case c.answered:
	case err == nil:
		v.strikes = 0
		v.socket.send(encodeOK(f.id, body))
	case errors.Is(err, errGone) || errors.Is(err, errRetired):
		return false
	default:
		p := v.problem(err)
		v.socket.send(encodeProblem(f.id, p))
		v.strike(Code(p.Code))
	}
	return !v.socket.isClosed()
}

// strike counts what a well-behaved client does not do; one that goes on is not ours.
func (v *visit) strike(code Code) {
	if code != BadMessage && code != TooFast && code != TooLarge {
		return
	}
	if v.strikes++; v.strikes >= maxStrikes {
		v.socket.close(closeViolation, "too many wrong messages")
	}
}

func (v *visit) dispatch(c *call, f frame, size int) (json.RawMessage, error) {
	retryAfter, ok := allow(v.sess.limits.all)
	if !ok {
		return nil, tooFast(retryAfter)
	}
	v.server.counts.message(f.name)
	route, known := v.server.routes[f.name]
	if !known {
		return nil, refuse(BadMessage, "frame.t: unknown")
	}
	if size > route.limit {
		return nil, refuse(TooLarge, "at most %d bytes", route.limit)
	}
	if route.bucket != nil {
		if retryAfter, ok = allow(route.bucket(v.sess.limits)); !ok {
			return nil, tooFast(retryAfter)
		}
	}
	c.route = route
	answer, err := route.serve(c, f.body)
	if err != nil || c.answered {
		return nil, err
	}
	return encodeBody(answer)
}

func tooFast(retryAfter int) *refusal {
	r := refuse(TooFast, "too many of these")
	r.RetryAfter = retryAfter
	return r
}

// admit asks the lesson's room to let an arrival in, through a retiring room and the beginning of the lesson.
func (s *Server) admit(ctx context.Context, a arrival) (*room, *session, error) {
	for ctx.Err() == nil {
		r, err := s.room(a.who.Person.SchoolID, a.lesson)
		if err != nil {
			return nil, nil, err
		}
		sess, err := r.enter(ctx, a)
		switch {
		case errors.Is(err, errNeedsStart):
			if err := r.commitStart(ctx); err != nil {
				return nil, nil, err
			}
			a.started = true
		case errors.Is(err, errRetired):
			if r.loadErr != nil {
				return nil, nil, loadProblem(r.loadErr)
			}
		default:
			return r, sess, err
		}
	}
	return nil, nil, ctx.Err()
}

// loadProblem: a lesson that is not there, or another school's, is one that this person may not join.
func loadProblem(err error) error {
	if errors.Is(err, catalog.ErrNotFound) {
		return refuse(NotAllowed, "no such lesson")
	}
	return err
}

// enter is join from a socket's goroutine.
func (r *room) enter(ctx context.Context, a arrival) (*session, error) {
	type outcome struct {
		sess *session
		err  error
	}
	result := make(chan outcome, 1)
	err := r.ask(ctx, func() {
		sess, err := r.join(a)
		result <- outcome{sess, err}
	})
	if err != nil {
		return nil, err
	}
	o := <-result
	return o.sess, o.err
}

// commitStart tells the catalog that the lesson began; the first time counts.
func (r *room) commitStart(ctx context.Context) error {
	err := r.journal.commit(ctx, func(tx *catalog.Tx) error { return tx.StartLesson(r.id, r.cfg.Clock()) })
	if errors.Is(err, catalog.ErrConflict) {
		return refuse(Ended, "the lesson is over")
	}
	return err
}
