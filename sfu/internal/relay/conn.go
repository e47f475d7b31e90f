package relay

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

const (
	// maxMessage bounds one message on a stream: Pion's buffer.
	maxMessage = 1599
	// allocateWithin is how long a connection may take to show a credential.
	allocateWithin = 10 * time.Second
	// idle ends a connection whose allocation has not been refreshed (RFC 8656, section 3.2: 10 minutes).
	idle = 11 * time.Minute
	// writeWithin ends a connection whose peer takes nothing.
	writeWithin = 10 * time.Second
)

var errMessage = errors.New("relay: neither STUN nor channel data")

// conn hands a stream to Pion one message a read, so that what Pion keeps of it is bounded; a read that waits ends when
// the peer shows no credential in time.
type conn struct {
	net.Conn
	server   *Server
	message  [maxMessage + 1]byte
	rest     []byte
	begun    time.Time
	mu       sync.Mutex // guards admitted, and one write at a time
	admitted bool
	once     sync.Once
}

// Read implements net.Conn: one whole message (RFC 8656, sections 3.1 and 12.5), unless b is shorter.
func (c *conn) Read(b []byte) (int, error) {
	if len(c.rest) == 0 {
		n, err := c.next()
		if err != nil {
			return 0, err
		}
		c.rest = c.message[:n]
	}
	n := copy(b, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

func (c *conn) next() (int, error) {
	c.mu.Lock()
	deadline := c.begun.Add(allocateWithin)
	if c.admitted {
		deadline = time.Now().Add(idle)
	}
	c.mu.Unlock()
	_ = c.SetReadDeadline(deadline)
	if _, err := io.ReadFull(c.Conn, c.message[:4]); err != nil {
		return 0, err
	}
	n := int(binary.BigEndian.Uint16(c.message[2:]))
	switch {
	case c.message[0] < 4: // STUN
		n += 20
	case c.message[0] >= 0x40 && c.message[0] < 0x50: // channel data
		n = 4 + (n+3)&^3
	default:
		return 0, errMessage
	}
	if n > maxMessage {
		return 0, errMessage
	}
	_, err := io.ReadFull(c.Conn, c.message[4:n])
	return n, err
}

// Write implements net.Conn. It waits for the peer, within bounds: only this peer's own datagrams wait behind it.
func (c *conn) Write(b []byte) (int, error) {
	c.mu.Lock()
	_ = c.SetWriteDeadline(time.Now().Add(writeWithin))
	c.mu.Unlock()
	n, err := c.Conn.Write(b)
	if err != nil {
		_ = c.Close() // half a message may have gone
	}
	return n, err
}

// admit is called once the peer has an allocation.
func (c *conn) admit() {
	c.mu.Lock()
	c.admitted = true
	c.mu.Unlock()
	_ = c.SetReadDeadline(time.Now().Add(idle))
	if p, ok := c.Conn.(interface{ Prove() }); ok {
		p.Prove()
	}
}

// Close implements net.Conn. It is idempotent.
func (c *conn) Close() error {
	err := net.ErrClosed
	c.once.Do(func() {
		err = c.Conn.Close()
		c.server.forget(c)
	})
	return err
}
