package signaling

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
)

// Subprotocol is what the client asks for in Sec-WebSocket-Protocol.
const Subprotocol = "zvonok.v1"

// The close codes of our own; PROTOCOL.md says what the client does after each. The bye or error before it says more.
const (
	closeReplaced  closeCode = 4001
	closeRemoved   closeCode = 4002
	closeEnded     closeCode = 4003
	closeSignedOut closeCode = 4004
	closeElsewhere closeCode = 4005
	closeOldClient closeCode = 4006
	closeDenied    closeCode = 4007
)

// The close codes of RFC 6455, section 7.4.1, that the server uses.
const (
	closeNormal      = websocket.StatusNormalClosure
	closeGoingAway   = websocket.StatusGoingAway
	closeUnsupported = websocket.StatusUnsupportedData
	closeViolation   = websocket.StatusPolicyViolation
	closeTryAgain    = websocket.StatusTryAgainLater
)

type closeCode = websocket.StatusCode

const (
	// queueFrames and queueBytes bound what waits for a slow reader; they hold a whole replay (see session.go).
	queueFrames = 768
	queueBytes  = 2 << 20
)

// socket is one WebSocket. Its reader is the goroutine of [Server.Serve]; write and keepAlive are goroutines that
// Serve starts and joins. send and close may be called from any goroutine and never block.
type socket struct {
	conn *websocket.Conn

	queue  chan []byte
	queued atomic.Int64 // bytes in queue

	once   sync.Once
	code   closeCode // written once, before closed is closed
	reason string
	closed chan struct{}
	// dropped says that what is queued need not be written.
	dropped bool
	// written: the writer has ended, and with it the closing handshake.
	written chan struct{}
}

// newSocket makes a socket that has no connection yet: it may be sent to and closed from the moment that it is known.
func newSocket() *socket {
	return &socket{queue: make(chan []byte, queueFrames), closed: make(chan struct{}), written: make(chan struct{})}
}

// attach gives the socket its connection, before any of its goroutines runs.
func (s *socket) attach(conn *websocket.Conn) {
	conn.SetReadLimit(maxFrame)
	s.conn = conn
}

// send queues a frame. When the queue is full the reader at the other end is too slow: the socket is closed with "try
// again later" and the session resumes on the next one. False: the frame will not arrive on this socket.
func (s *socket) send(data []byte) bool {
	if s.isClosed() {
		return false
	}
	if s.queued.Add(int64(len(data))) <= queueBytes {
		select {
		case s.queue <- data:
			return true
		default:
		}
	}
	s.drop(closeTryAgain, "reads too slowly")
	return false
}

func (s *socket) isClosed() bool {
	select {
	case <-s.closed:
		return true
	default:
		return false
	}
}

// close ends the socket after what is queued has been written.
func (s *socket) close(code closeCode, reason string) { s.end(code, reason, false) }

// drop ends the socket at once.
func (s *socket) drop(code closeCode, reason string) { s.end(code, reason, true) }

func (s *socket) end(code closeCode, reason string, drop bool) {
	s.once.Do(func() {
		s.code, s.reason, s.dropped = code, reason, drop
		close(s.closed)
	})
}

// write runs until the socket is closed by either side; then it says goodbye and the reader ends.
func (s *socket) write(ctx context.Context) {
	defer close(s.written)
	for {
		select {
		case data := <-s.queue:
			if !s.writeOne(ctx, data) {
				return
			}
		case <-s.closed:
			s.finish(ctx)
			return
		}
	}
}

func (s *socket) finish(ctx context.Context) {
	for !s.dropped {
		select {
		case data := <-s.queue:
			if !s.writeOne(ctx, data) {
				return
			}
			continue
		default:
		}
		break
	}
	// The other side may be gone already; there is nobody to tell.
	_ = s.conn.Close(s.code, s.reason)
}

func (s *socket) writeOne(ctx context.Context, data []byte) bool {
	s.queued.Add(-int64(len(data)))
	bounded, cancel := context.WithTimeout(ctx, writeWithin)
	defer cancel()
	if err := s.conn.Write(bounded, websocket.MessageText, data); err != nil {
		s.drop(closeGoingAway, "")
		_ = s.conn.CloseNow()
		return false
	}
	return true
}

// keepAlive pings until ctx ends; a pong that does not come ends the connection, and so the reader.
func (s *socket) keepAlive(ctx context.Context) {
	ticker := time.NewTicker(pingEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		bounded, cancel := context.WithTimeout(ctx, pongWithin)
		err := s.conn.Ping(bounded)
		cancel()
		if err != nil {
			s.drop(closeGoingAway, "")
			_ = s.conn.CloseNow()
			return
		}
	}
}
