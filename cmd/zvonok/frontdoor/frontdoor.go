package frontdoor

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"sync"
	"time"
)

const (
	// decideWithin is how long a connection may take to say what it is, the TLS handshake included.
	decideWithin = 10 * time.Second
	// undecided bounds the connections that have not; the kernel's queue holds more.
	undecided = 1024
	// acceptPause is how long accepting rests after an error, as when there are no file descriptors.
	acceptPause = 100 * time.Millisecond
	// stunBelow: the first byte of STUN (RFC 8489, section 5) and of its framed form is below this, that of TLS and HTTP
	// above it.
	stunBelow = 0x10
	tlsRecord = 0x16
)

// Listener gives https connections, for an http.Server, and passes the others on.
type Listener struct {
	raw    net.Listener
	config *tls.Config
	stun   func(net.Conn)

	https chan net.Conn
	slots chan struct{}
	ctx   context.Context
	end   context.CancelFunc
	wg    sync.WaitGroup
	mu    sync.Mutex
	open  map[net.Conn]struct{} // undecided
}

var _ net.Listener = (*Listener)(nil)

// New takes raw over and starts to accept. stun gets what begins with STUN, TLS taken off; it must not wait and closes
// the connection in the end.
func New(raw net.Listener, config *tls.Config, stun func(net.Conn)) *Listener {
	ctx, end := context.WithCancel(context.Background())
	l := &Listener{
		raw: raw, config: config, stun: stun, https: make(chan net.Conn), slots: make(chan struct{}, undecided), ctx: ctx, end: end,
		open: map[net.Conn]struct{}{},
	}
	l.wg.Go(l.accept)
	return l
}

func (l *Listener) accept() {
	for {
		select {
		case l.slots <- struct{}{}:
		case <-l.ctx.Done():
			return
		}
		conn, err := l.raw.Accept()
		if err == nil {
			l.wg.Go(func() { l.decide(conn) })
			continue
		}
		<-l.slots
		if errors.Is(err, net.ErrClosed) {
			l.end()
			return
		}
		pause := time.NewTimer(acceptPause)
		select {
		case <-pause.C:
		case <-l.ctx.Done():
			pause.Stop()
			return
		}
	}
}

// decide finds out what a connection is and hands it on.
func (l *Listener) decide(conn net.Conn) {
	l.note(conn, true)
	_ = conn.SetDeadline(time.Now().Add(decideWithin))
	chosen, stun := l.tell(conn)
	l.note(conn, false)
	<-l.slots
	if chosen == nil {
		_ = conn.Close()
		return
	}
	_ = conn.SetDeadline(time.Time{})
	if stun {
		l.stun(chosen)
		return
	}
	select {
	case l.https <- chosen:
	case <-l.ctx.Done():
		_ = conn.Close()
	}
}

// note keeps the undecided ones, so that Close need not wait for them.
func (l *Listener) note(conn net.Conn, undecided bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !undecided {
		delete(l.open, conn)
		return
	}
	l.open[conn] = struct{}{}
	if l.ctx.Err() != nil {
		_ = conn.Close()
	}
}

// tell reads as little as it must; nil when the peer said nothing.
func (l *Listener) tell(conn net.Conn) (chosen net.Conn, stun bool) {
	first, err := peek(conn)
	if err != nil {
		return nil, false
	}
	if first.byte < stunBelow {
		return first, true
	}
	secure := tls.Server(first, l.config)
	if first.byte != tlsRecord {
		return secure, false // http.Server explains to a plain http client what it did wrong
	}
	if err := secure.HandshakeContext(l.ctx); err != nil {
		return nil, false
	}
	if secure.ConnectionState().NegotiatedProtocol != "" {
		return secure, false
	}
	inner, err := peek(secure)
	if err != nil {
		return nil, false
	}
	if inner.byte < stunBelow {
		return inner, true
	}
	return tlsPeeked{inner, secure}, false
}

// Accept implements net.Listener: the next https connection.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.https:
		return c, nil
	case <-l.ctx.Done():
		return nil, net.ErrClosed
	}
}

// Addr implements net.Listener.
func (l *Listener) Addr() net.Addr { return l.raw.Addr() }

// Close implements net.Listener. It ends those that are undecided and waits for the goroutines; it is idempotent.
func (l *Listener) Close() error {
	l.mu.Lock()
	l.end()
	for conn := range l.open {
		_ = conn.Close()
	}
	l.mu.Unlock()
	err := l.raw.Close()
	l.wg.Wait()
	return err
}

// peeked is a connection with its first byte put back.
type peeked struct {
	net.Conn
	byte byte
	back bool
}

func peek(conn net.Conn) (*peeked, error) {
	var b [1]byte
	if _, err := conn.Read(b[:]); err != nil {
		return nil, err
	}
	return &peeked{Conn: conn, byte: b[0], back: true}, nil
}

// Read implements net.Conn.
func (p *peeked) Read(b []byte) (int, error) {
	if p.back && len(b) > 0 {
		b[0], p.back = p.byte, false
		return 1, nil
	}
	return p.Conn.Read(b)
}

// NetConn is the connection underneath.
func (p *peeked) NetConn() net.Conn { return p.Conn }

// tlsPeeked lets http.Server see that it speaks TLS.
type tlsPeeked struct {
	*peeked
	secure *tls.Conn
}

// ConnectionState tells of the TLS session.
func (t tlsPeeked) ConnectionState() tls.ConnectionState { return t.secure.ConnectionState() }
