package signaling_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/zvonok/zvonok/signaling"
	"github.com/zvonok/zvonok/signaling/signalingtest"
)

// unanswered waits for an error frame that belongs to no request of the client's own.
func (p *person) unanswered(code string) {
	p.s.t.Helper()
	expect(p, "error", func(problem signaling.Problem) bool { return problem.Code == code })
}

func (p *person) raw(frame string) {
	p.s.t.Helper()
	ctx, cancel := context.WithTimeout(p.s.t.Context(), patience)
	defer cancel()
	must(p.s.t, p.Write(ctx, []byte(frame)))
}

func TestHelloComesFirst(t *testing.T) {
	s := newSchool(t)
	for name, frame := range map[string]string{
		"another request": `{"t":"ping","id":1,"d":{}}`,
		"no JSON":         `hello`,
		"half a hello":    `{"t":"hello","id":1,"d":{"protocol":1}}`,
	} {
		t.Run(name, func(t *testing.T) {
			p := s.dial("petya")
			p.raw(frame)
			p.unanswered("bad_message")
			p.closed(1008)
		})
	}
	p := s.join("petya")
	if got := p.refused("hello", hello("petya")); got != "bad_message" {
		t.Errorf("second hello: %s", got)
	}
	p.closed(1008)
}

func TestOldClient(t *testing.T) {
	s := newSchool(t)
	p := s.dial("petya")
	p.raw(`{"t":"hello","id":1,"d":{"protocol":0,"name":"of another shape"}}`)
	p.unanswered("old_client")
	p.closed(4006)
}

func TestWrongFramesAreAnswered(t *testing.T) {
	s := newSchool(t)
	p := s.join("teacher")
	p.raw(`{"t":"ping"`)
	p.unanswered("bad_message")
	p.raw(`{"t":"record","id":5000,"d":{}}`)
	p.unanswered("bad_message")
	p.raw(`{"t":"fly","id":5001,"d":{}}`)
	p.unanswered("bad_message")
	text := strings.Repeat("ы", 9000)
	if got := p.refused("chat", signaling.SendChat{ClientID: "1", Text: text}); got != "too_large" {
		t.Errorf("got %s", got)
	}
	if _, err := ask[signaling.Answer](p, "publish", signaling.Publish{SDP: "v=0" + strings.Repeat("x", 100_000)}); err != nil {
		t.Errorf("a long offer: %v", err)
	}
	p.do("ping", signaling.Ping{})
}

func TestHugeFrameEndsTheSocket(t *testing.T) {
	s := newSchool(t)
	p := s.join("teacher")
	p.raw(`{"t":"publish","id":7,"d":{"sdp":"` + strings.Repeat("x", 256<<10) + `"}}`)
	p.closed(1009)
}

func TestBinaryFrameEndsTheSocket(t *testing.T) {
	s := newSchool(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, s.url("teacher"), &websocket.DialOptions{Subprotocols: []string{signaling.Subprotocol}})
	must(t, err)
	defer conn.CloseNow()
	must(t, conn.Write(ctx, websocket.MessageBinary, []byte{1}))
	_, _, err = conn.Read(ctx)
	if websocket.CloseStatus(err) != websocket.StatusUnsupportedData {
		t.Errorf("got %v", err)
	}
}

func TestRateLimits(t *testing.T) {
	s := newSchool(t)
	p := s.join("teacher")
	code := ""
	for i := 0; i < 8 && code == ""; i++ {
		_, err := ask[signaling.ChatMessage](p, "chat", signaling.SendChat{ClientID: string(rune('a' + i)), Text: "x"})
		if refused, ok := err.(*signalingtest.Refused); ok {
			code = refused.Code
			if refused.RetryAfter < 1 {
				t.Errorf("retry after %d", refused.RetryAfter)
			}
		}
	}
	if code != "too_fast" {
		t.Errorf("chat: %s", code)
	}
	// A flood is cut off: 80 pass, 100 are refused.
	for range 400 {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		err := p.Write(ctx, []byte(`{"t":"ping","id":9999,"d":{}}`))
		cancel()
		if err != nil {
			break
		}
	}
	p.closed(1008)
}

func TestUpgradeIsRefused(t *testing.T) {
	s := newSchool(t)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	_, err := signalingtest.Dial(ctx, s.url("teacher"), http.Header{"Origin": {"https://elsewhere.example"}})
	if err == nil || !strings.Contains(err.Error(), "status 403") {
		t.Errorf("another origin: %v", err)
	}
	own := strings.TrimPrefix(s.http.URL, "http://")
	c, err := signalingtest.Dial(ctx, s.url("teacher"), http.Header{"Origin": {"http://" + own}})
	must(t, err)
	_ = c.Close()
	conn, _, err := websocket.Dial(ctx, s.url("teacher"), nil)
	must(t, err)
	defer conn.CloseNow()
	_, _, err = conn.Read(ctx)
	if websocket.CloseStatus(err) != websocket.StatusPolicyViolation {
		t.Errorf("without subprotocol: %v", err)
	}
}

// A tab that does not read loses its socket, not its place, and holds up nobody.
func TestSlowReader(t *testing.T) {
	s := newSchool(t)
	teacher := s.join("teacher")
	ctx, cancel := context.WithTimeout(t.Context(), 3*patience)
	defer cancel()
	slow, _, err := websocket.Dial(ctx, s.url("petya"), &websocket.DialOptions{Subprotocols: []string{signaling.Subprotocol}})
	must(t, err)
	defer slow.CloseNow()
	slow.SetReadLimit(-1)
	frame, err := json.Marshal(map[string]any{"t": "hello", "id": 1, "d": hello("petya")})
	must(t, err)
	must(t, slow.Write(ctx, websocket.MessageText, frame))
	petya := s.people["petya"].ID.String()
	expect(teacher, "participant", func(p signaling.Participant) bool { return p.ID == petya })

	s.flood(ctx, petya, func() bool {
		for _, e := range teacher.Events() {
			if e.Name == "participant" && strings.Contains(string(e.D), `"away":true`) {
				return true
			}
		}
		return false
	})
	teacher.do("ping", signaling.Ping{})
	if n := len(s.server.Inside(s.lesson)); n != 2 {
		t.Errorf("%d inside", n)
	}
	for err = nil; err == nil; {
		_, _, err = slow.Read(ctx)
	}
	if got := websocket.CloseStatus(err); got != websocket.StatusTryAgainLater {
		t.Errorf("closed with %d: %v", got, err)
	}
}

// flood reports slots to one person until done.
func (s *school) flood(ctx context.Context, to string, done func() bool) {
	s.t.Helper()
	tick := time.NewTicker(50 * time.Microsecond)
	defer tick.Stop()
	for i := 0; !done(); i++ {
		select {
		case <-tick.C:
			s.tellSlots(to, i)
		case <-ctx.Done():
			s.t.Fatal("never too slow")
		}
	}
}
