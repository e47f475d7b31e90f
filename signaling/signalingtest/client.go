package signalingtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"github.com/coder/websocket"

	"github.com/zvonok/zvonok/signaling"
)

// ErrClosed says that the socket ended; [Client.CloseCode] says how.
var ErrClosed = errors.New("signalingtest: socket closed")

// Refused is an answer that was an error.
type Refused struct{ signaling.Problem }

// Error gives code and detail.
func (r *Refused) Error() string { return "refused: " + r.Code + ": " + r.Detail }

// Event is one event as it came; D is decoded by [Decode].
type Event struct {
	Name string
	N    uint64
	D    json.RawMessage
}

// Client is one socket.
type Client struct {
	conn   *websocket.Conn
	cancel context.CancelFunc

	mu      sync.Mutex
	nextID  uint64
	answers map[uint64]chan frame
	events  []Event
	news    chan struct{} // closed and replaced when events grows
	ended   error

	done chan struct{}
}

type frame struct {
	T  string          `json:"t"`
	Re uint64          `json:"re"`
	N  uint64          `json:"n"`
	D  json.RawMessage `json:"d"`
}

// Dial opens a socket; url is ws or wss. It says no hello.
func Dial(ctx context.Context, url string, header http.Header) (*Client, error) {
	conn, response, err := websocket.Dial(ctx, url, &websocket.DialOptions{
		HTTPHeader: header, Subprotocols: []string{signaling.Subprotocol},
	})
	if err != nil {
		if response != nil {
			return nil, fmt.Errorf("dial: status %d: %w", response.StatusCode, err)
		}
		return nil, fmt.Errorf("dial: %w", err)
	}
	conn.SetReadLimit(4 << 20)
	reading, cancel := context.WithCancel(context.WithoutCancel(ctx))
	c := &Client{
		conn: conn, cancel: cancel, answers: map[uint64]chan frame{}, news: make(chan struct{}), done: make(chan struct{}),
	}
	go c.read(reading)
	return c, nil
}

func (c *Client) read(ctx context.Context) {
	defer close(c.done)
	for {
		_, data, err := c.conn.Read(ctx)
		var f frame
		if err == nil {
			err = json.Unmarshal(data, &f)
		}
		if err != nil {
			c.end(err)
			return
		}
		c.take(f)
	}
}

func (c *Client) take(f frame) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f.T == "ok" || f.T == "error" {
		if reply := c.answers[f.Re]; reply != nil {
			delete(c.answers, f.Re)
			reply <- f
			return
		}
	}
	c.events = append(c.events, Event{f.T, f.N, f.D})
	close(c.news)
	c.news = make(chan struct{})
}

func (c *Client) end(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = err
	for id, reply := range c.answers {
		delete(c.answers, id)
		close(reply)
	}
	close(c.news)
	c.news = make(chan struct{})
}

// Request sends a request and waits for its answer. The error is a *Refused, [ErrClosed], or that of ctx.
func Request[A any](ctx context.Context, c *Client, name string, message any) (A, error) {
	var answer A
	reply, err := c.send(ctx, name, message)
	if err != nil {
		return answer, err
	}
	select {
	case f, ok := <-reply:
		if !ok {
			return answer, ErrClosed
		}
		if f.T == "ok" {
			return answer, strict(f.D, &answer)
		}
		var refused Refused
		if err := strict(f.D, &refused.Problem); err != nil {
			return answer, err
		}
		return answer, &refused
	case <-ctx.Done():
		return answer, ctx.Err()
	}
}

func (c *Client) send(ctx context.Context, name string, message any) (<-chan frame, error) {
	reply := make(chan frame, 1)
	c.mu.Lock()
	if c.ended != nil {
		c.mu.Unlock()
		return nil, ErrClosed
	}
	c.nextID++
	id := c.nextID
	c.answers[id] = reply
	c.mu.Unlock()
	data, err := json.Marshal(map[string]any{"t": name, "id": id, "d": message})
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", name, err)
	}
	if err := c.Write(ctx, data); err != nil {
		return nil, ErrClosed
	}
	return reply, nil
}

// Write sends a raw text frame.
func (c *Client) Write(ctx context.Context, data []byte) error {
	return c.conn.Write(ctx, websocket.MessageText, data)
}

// Await returns the first event, taken or not, for which match is true, from the from-th on; with the index after it.
func (c *Client) Await(ctx context.Context, from int, match func(Event) bool) (Event, int, error) {
	for {
		c.mu.Lock()
		events, news, ended := c.events, c.news, c.ended
		c.mu.Unlock()
		for ; from < len(events); from++ {
			if match(events[from]) {
				return events[from], from + 1, nil
			}
		}
		if ended != nil {
			return Event{}, from, ErrClosed
		}
		select {
		case <-news:
		case <-ctx.Done():
			return Event{}, from, ctx.Err()
		}
	}
}

// Events gives all events so far, and frames that answered no request of this client.
func (c *Client) Events() []Event {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]Event(nil), c.events...)
}

// Decode reads an event's d, strictly.
func Decode[M any](e Event) (M, error) {
	var m M
	err := strict(e.D, &m)
	return m, err
}

func strict(data []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("decode %T: %w", into, err)
	}
	return nil
}

// CloseCode waits for the end of the socket and gives its close code; -1 when there was none.
func (c *Client) CloseCode(ctx context.Context) (int, error) {
	select {
	case <-c.done:
		c.mu.Lock()
		defer c.mu.Unlock()
		return int(websocket.CloseStatus(c.ended)), nil
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

// Close ends the socket without a word, as a lost network would, and joins the reader. Idempotent.
func (c *Client) Close() error {
	c.cancel()
	_ = c.conn.CloseNow()
	<-c.done
	return nil
}
