package session

import (
	"context"
	"time"

	"github.com/pion/dtls/v3"
)

// After the handshake a DTLS connection has two things left to say, one goodbye in each direction, and costs four
// goroutines and their buffers meanwhile. So it is parked: only its state is kept, and taken up again for a record that
// comes, or for our own goodbye. A state is taken up once, and its connection wrote nothing after the state was taken: no
// record's nonce is used twice.

// attend waits for the end of a connection, or parks it.
func (s *Session) attend(conn *dtls.Conn, l *link) {
	timer := time.NewTimer(s.host.cfg.Linger)
	defer timer.Stop()
	select {
	case <-l.ending.Done():
		_ = conn.Close() // says goodbye
	case <-l.closed:
		// The client said goodbye. It is given up when its checks, too, have ended: it may only be about to restart.
		s.keys.Store(nil)
		s.dest.Close()
		_ = conn.Close()
	case <-timer.C:
		s.park(conn, l)
	}
}

func (s *Session) park(conn *dtls.Conn, l *link) {
	l.muted.Store(true)
	state, ok := conn.ConnectionState()
	_ = conn.Close()
	if !ok {
		return
	}
	s.mu.Lock()
	closed := s.closed
	switch {
	case closed:
	case len(l.records) > 0: // came while the connection was put away
		s.rouse(newLinkWith(s, l.records), &state)
	default:
		s.link, s.parked = nil, &state
	}
	s.mu.Unlock()
	if closed {
		s.goodbye(&state)
	}
}

// rouse takes a parked connection up for the records on a link. mu is held.
func (s *Session) rouse(l *link, state *dtls.State) {
	s.link, s.parked = l, nil
	s.wg.Go(func() { s.wake(l, state) })
}

// takeUp brings a parked connection back to life. It reads nothing before it is up: what comes earlier is taken for part
// of a handshake, and a goodbye among it for the handshake's failure.
func (s *Session) takeUp(state *dtls.State, l *link) (*dtls.Conn, error) {
	conn, err := dtls.ResumeWithOptions(state, l, remote{}, dtls.WithLoggerFactory(s.host.cfg.Logs))
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), handshakeLimit)
	defer cancel()
	if err := conn.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, err
	}
	close(l.ready)
	return conn, nil
}

// wake attends to a parked connection for a record that came.
func (s *Session) wake(l *link, state *dtls.State) {
	conn, err := s.takeUp(state, l)
	if err != nil {
		_ = l.Close()
		return
	}
	s.attend(conn, l)
}

// goodbye ends a parked connection.
func (s *Session) goodbye(state *dtls.State) {
	if conn, err := s.takeUp(state, newLink(s)); err == nil {
		_ = conn.Close()
	}
}
