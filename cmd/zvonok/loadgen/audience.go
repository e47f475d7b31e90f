package loadgen

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/webrtc/v4"
	"golang.org/x/sys/unix"
)

const (
	// rows is how many sockets the whole audience shares.
	rows = 4
	// rowBuffer is a socket's receive buffer: a tenth of a second of the largest lecture.
	rowBuffer = 64 << 20
	// seatsPerBlock is how many addresses of a /24 are used; maxSeats is what 127.77.0.0/16 has.
	seatsPerBlock, maxSeats = 250, 250 * 250
	// keepAlive is between two rounds of the goroutine that sends checks and reports, checkEvery and reportEvery how
	// often one listener's go.
	keepAlive   = 20 * time.Millisecond
	checkEvery  = 4 * time.Second
	reportEvery = time.Second
)

// audience is many thin subscribers behind few sockets: each has an address of its own in 127.77.0.0/16, so that to the
// server they are hosts of their own, while one system call here brings what many of them were sent.
type audience struct {
	began       time.Time
	measuring   atomic.Bool
	certificate tls.Certificate
	fingerprint string
	rows        [rows]*row
	stop        chan struct{}
	wait        sync.WaitGroup
	reading     sync.WaitGroup

	mu        sync.Mutex
	listeners []*listener
}

// newAudience opens the sockets. joined lets the kernel hand over runs of a frame's packets in one piece (UDP_GRO).
func newAudience(began time.Time, joined bool) (*audience, error) {
	a := &audience{began: began, stop: make(chan struct{})}
	if err := a.certify(); err != nil {
		return nil, err
	}
	for i := range a.rows {
		r, err := newRow(a, joined)
		if err != nil {
			a.closeRows()
			return nil, err
		}
		a.rows[i] = r
	}
	for _, r := range a.rows {
		a.reading.Go(r.read)
	}
	a.wait.Go(a.live)
	return a, nil
}

// certify makes the one certificate of everybody: making a key for each would cost the run more than what it measures.
func (a *audience) certify() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("loadgen: certificate: %w", err)
	}
	made, err := webrtc.GenerateCertificate(key)
	if err != nil {
		return fmt.Errorf("loadgen: certificate: %w", err)
	}
	text, err := made.PEM()
	if err != nil {
		return fmt.Errorf("loadgen: certificate: %w", err)
	}
	if a.certificate, err = tls.X509KeyPair([]byte(text), []byte(text)); err != nil {
		return fmt.Errorf("loadgen: certificate: %w", err)
	}
	sum := sha256.Sum256(a.certificate.Certificate[0])
	a.fingerprint = "sha-256 " + strings.ReplaceAll(fmt.Sprintf("% X", sum[:]), " ", ":")
	return nil
}

// seatAddress is where listener i is.
func seatAddress(i int) netip.Addr {
	return netip.AddrFrom4([4]byte{127, 77, byte(i / seatsPerBlock), byte(i%seatsPerBlock + 1)})
}

// seatOf is the inverse of seatAddress; -1 for an address that is no seat.
func seatOf(a [4]byte) int {
	if a[0] != 127 || a[1] != 77 || a[3] == 0 || a[3] > seatsPerBlock {
		return -1
	}
	return int(a[2])*seatsPerBlock + int(a[3]) - 1
}

// addresses are where the first n listeners receive.
func (a *audience) addresses(n int) []netip.AddrPort {
	out := make([]netip.AddrPort, n)
	for i := range out {
		out[i] = netip.AddrPortFrom(seatAddress(i), a.rows[i%rows].port)
	}
	return out
}

// live keeps everybody's consent and reports up, as browsers do.
func (a *audience) live() {
	ticker := time.NewTicker(keepAlive)
	defer ticker.Stop()
	for {
		select {
		case <-a.stop:
			return
		case <-ticker.C:
		}
		a.mu.Lock()
		listeners := a.listeners
		a.mu.Unlock()
		now := time.Now()
		for _, l := range listeners {
			l.keepAlive(now)
		}
	}
}

// close ends the sockets and waits for whatever reads; the listeners' counts may be read afterwards.
func (a *audience) close() error {
	a.mu.Lock()
	listeners := a.listeners
	a.mu.Unlock()
	var errs []error
	for _, l := range listeners {
		errs = append(errs, l.close())
	}
	close(a.stop)
	a.wait.Wait()
	a.closeRows()
	return errors.Join(errs...)
}

func (a *audience) closeRows() {
	for _, r := range a.rows {
		if r != nil {
			_ = r.conn.Close()
		}
	}
	a.reading.Wait()
}

// row is one socket, and the goroutine that reads for the listeners behind it.
type row struct {
	audience *audience
	conn     *net.UDPConn
	port     uint16
	// seats are the row's listeners by number; replaced, not changed.
	seats atomic.Pointer[map[int]*listener]
}

func newRow(a *audience, joined bool) (*row, error) {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{})
	if err != nil {
		return nil, fmt.Errorf("loadgen: %w", err)
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	var trouble error
	err = raw.Control(func(fd uintptr) {
		trouble = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_PKTINFO, 1)
		if unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, rowBuffer) != nil {
			// Without the right to, as much as the system allows.
			_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, rowBuffer)
		}
		if joined {
			trouble = errors.Join(trouble, unix.SetsockoptInt(int(fd), unix.IPPROTO_UDP, unix.UDP_GRO, 1))
		}
	})
	if err = errors.Join(err, trouble); err != nil {
		return nil, errors.Join(fmt.Errorf("loadgen: socket: %w", err), conn.Close())
	}
	local, _ := conn.LocalAddr().(*net.UDPAddr)
	r := &row{audience: a, conn: conn, port: uint16(local.Port)}
	r.seats.Store(&map[int]*listener{})
	return r, nil
}

// seat gives a listener its place.
func (a *audience) seat(l *listener) error {
	if l.number >= maxSeats {
		return fmt.Errorf("loadgen: more than %d listeners", maxSeats)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	l.row = a.rows[l.number%rows]
	next := map[int]*listener{l.number: l}
	for i, other := range *l.row.seats.Load() {
		next[i] = other
	}
	l.row.seats.Store(&next)
	a.listeners = append(a.listeners[:len(a.listeners):len(a.listeners)], l)
	return nil
}
