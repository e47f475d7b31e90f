package session

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/dtls/v3/pkg/crypto/selfsign"
	"github.com/pion/logging"
	"github.com/pion/srtp/v3"
	"github.com/pion/stun/v4"
	"github.com/pion/transport/v5/deadline"

	"github.com/zvonok/zvonok/sfu/internal/port"
	"github.com/zvonok/zvonok/sfu/internal/slotsdp"
)

// TestMain fails when goroutines of ours or of Pion are left over.
func TestMain(m *testing.M) {
	code := m.Run()
	if left := leftover(5 * time.Second); code == 0 && left != "" {
		fmt.Fprintln(os.Stderr, "goroutines left over:\n"+left)
		code = 1
	}
	os.Exit(code)
}

func leftover(limit time.Duration) string {
	end := time.After(limit)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		buf := make([]byte, 1<<20)
		var bad []string
		for i, g := range strings.Split(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
			if i > 0 && (strings.Contains(g, "github.com/pion/") || strings.Contains(g, "github.com/zvonok/")) {
				bad = append(bad, g)
			}
		}
		if len(bad) == 0 {
			return ""
		}
		select {
		case <-end:
			return strings.Join(bad, "\n\n")
		case <-tick.C:
		}
	}
}

// clock is moved by hand.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) forward(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

type world struct {
	t     *testing.T
	port  *port.Port
	host  *Host
	clock *clock
}

func newWorld(t testing.TB, linger time.Duration) (*port.Port, *Host, *clock) {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p, err := port.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := selfsign.GenerateSelfSigned()
	if err != nil {
		t.Fatal(err)
	}
	c := &clock{now: time.Now()}
	h, err := NewHost(Config{Port: p, Certificate: certificate, Timeout: 30 * time.Second, Logs: logging.NewDefaultLoggerFactory(), Linger: linger, Now: c.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		h.Close()
		h.Close()
		_ = p.Close()
	})
	return p, h, c
}

func newTestWorld(t *testing.T) *world { return newLingeringWorld(t, 0) }

func newLingeringWorld(t *testing.T, linger time.Duration) *world {
	p, h, c := newWorld(t, linger)
	return &world{t: t, port: p, host: h, clock: c}
}

// opened is a session with what it tells.
type opened struct {
	*Session
	states chan State
	nacks  chan []uint16
	frames chan uint32
}

func (w *world) open(certificate tls.Certificate) *opened {
	w.t.Helper()
	sum := sha256.Sum256(certificate.Certificate[0])
	s, err := w.host.Open([]slotsdp.Fingerprint{{Hash: "sha-512", Value: make([]byte, 64)}, {Hash: "sha-256", Value: sum[:]}})
	if err != nil {
		w.t.Fatal(err)
	}
	o := &opened{Session: s, states: make(chan State, 4), nacks: make(chan []uint16, 16), frames: make(chan uint32, 16)}
	s.Listen(Events{
		State: func(s State) { o.states <- s }, NACK: func(_ uint32, n []uint16) { o.nacks <- n }, Keyframe: func(ssrc uint32) { o.frames <- ssrc },
	})
	return o
}

func receive[T any](t *testing.T, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(10 * time.Second):
		t.Fatal("waited in vain")
		panic("unreachable")
	}
}

func (w *world) until(what string, ok func() bool) {
	w.t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for end := time.After(10 * time.Second); !ok(); {
		select {
		case <-tick.C:
		case <-end:
			w.t.Fatalf("waited in vain: %s; %v", what, w.host.Dropped())
		}
	}
}

// client is the other side, on a socket of its own: it sorts what comes.
type client struct {
	t                   *testing.T
	conn                *net.UDPConn
	certificate         tls.Certificate
	stun, records, rtcp chan []byte
	deadline            *deadline.Deadline
	wg                  sync.WaitGroup
}

func newCertificate(t testing.TB) tls.Certificate {
	t.Helper()
	c, err := selfsign.GenerateSelfSigned()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (w *world) client(certificate tls.Certificate) *client {
	w.t.Helper()
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(w.port.Local()))
	if err != nil {
		w.t.Fatal(err)
	}
	c := &client{
		t: w.t, conn: conn, certificate: certificate, deadline: deadline.New(),
		stun: make(chan []byte, 16), records: make(chan []byte, 64), rtcp: make(chan []byte, 64),
	}
	c.wg.Go(c.read)
	w.t.Cleanup(func() {
		_ = conn.Close()
		c.wg.Wait()
	})
	return c
}

func (c *client) read() {
	buf := make([]byte, 2048)
	for {
		n, err := c.conn.Read(buf)
		if err != nil {
			return
		}
		b := append([]byte(nil), buf[:n]...)
		switch port.Classify(b) {
		case port.STUN:
			c.stun <- b
		case port.DTLS:
			c.records <- b
		default:
			c.rtcp <- b
		}
	}
}

func (c *client) address() netip.AddrPort { return c.conn.LocalAddr().(*net.UDPAddr).AddrPort() }

// The net.PacketConn for DTLS.
func (c *client) ReadFrom(b []byte) (int, net.Addr, error) {
	select {
	case r, ok := <-c.records:
		if !ok {
			return 0, nil, net.ErrClosed
		}
		return copy(b, r), remote{}, nil
	case <-c.deadline.Done():
		return 0, nil, os.ErrDeadlineExceeded
	}
}
func (c *client) WriteTo(b []byte, _ net.Addr) (int, error) { return c.conn.Write(b) }
func (c *client) Close() error                              { return nil }
func (c *client) LocalAddr() net.Addr                       { return remote{} }
func (c *client) SetDeadline(t time.Time) error             { return c.SetReadDeadline(t) }
func (c *client) SetReadDeadline(t time.Time) error         { c.deadline.Set(t); return nil }
func (c *client) SetWriteDeadline(time.Time) error          { return nil }

// ask sends a check.
func (c *client) ask(ufrag, password string, more ...stun.Setter) {
	c.t.Helper()
	setters := append([]stun.Setter{stun.TransactionID, stun.BindingRequest, stun.NewUsername(ufrag + ":them")}, more...)
	m, err := stun.Build(append(setters, stun.NewShortTermIntegrity(password), stun.Fingerprint)...)
	if err != nil {
		c.t.Fatal(err)
	}
	c.send(m.Raw)
}

func (c *client) send(b []byte) {
	c.t.Helper()
	if _, err := c.conn.Write(b); err != nil {
		c.t.Fatal(err)
	}
}

// answered waits for an answer and checks that it was made with the password.
func (c *client) answered(password string) *stun.Message {
	c.t.Helper()
	m := &stun.Message{Raw: receive(c.t, c.stun)}
	if err := m.Decode(); err != nil {
		c.t.Fatal(err)
	}
	if err := m.Check(stun.NewShortTermIntegrity(password), stun.Fingerprint); err != nil {
		c.t.Fatal(err)
	}
	return m
}

// check is answered with success and the client's own address.
func (c *client) check(s *opened, more ...stun.Setter) {
	c.t.Helper()
	ufrag, password := s.Local()
	c.ask(ufrag, password, more...)
	m := c.answered(password)
	var mapped stun.XORMappedAddress
	if err := mapped.GetFrom(m); err != nil || m.Type != stun.BindingSuccess || mapped.Port != int(c.address().Port()) {
		c.t.Fatalf("%v %v %v", m, mapped, err)
	}
}

type flag stun.AttrType

func (f flag) AddTo(m *stun.Message) error {
	m.Add(stun.AttrType(f), nil)
	return nil
}

const nominate = flag(stun.AttrUseCandidate)

// shake makes the handshake and gives both directions of SRTP as the client has them.
func (c *client) shake(profile dtls.SRTPProtectionProfile) (conn *dtls.Conn, out, in *srtp.Context, err error) {
	conn, err = dtls.ClientWithOptions(c, remote{}, dtls.WithCertificates(c.certificate), dtls.WithInsecureSkipVerify(true),
		dtls.WithSRTPProtectionProfiles(profile), dtls.WithFlightInterval(50*time.Millisecond))
	if err != nil {
		return nil, nil, nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err = conn.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, nil, nil, err
	}
	c.t.Cleanup(func() { _ = conn.Close() })
	state, _ := conn.ConnectionState()
	cfg := srtp.Config{Profile: srtp.ProtectionProfile(profile)}
	if err = cfg.ExtractSessionKeysFromDTLS(&state, true); err != nil {
		return nil, nil, nil, err
	}
	if out, err = srtp.CreateContext(cfg.Keys.LocalMasterKey, cfg.Keys.LocalMasterSalt, cfg.Profile); err != nil {
		return nil, nil, nil, err
	}
	in, err = srtp.CreateContext(cfg.Keys.RemoteMasterKey, cfg.Keys.RemoteMasterSalt, cfg.Profile)
	return conn, out, in, err
}
