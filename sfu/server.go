package sfu

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/webrtc/v4"

	"github.com/zvonok/zvonok/sfu/internal/egress"
	"github.com/zvonok/zvonok/sfu/internal/port"
	"github.com/zvonok/zvonok/sfu/internal/session"
	"github.com/zvonok/zvonok/sfu/media"
)

// Server owns the media port and the rooms.
type Server struct {
	cfg         Config
	port        *port.Port
	ways        ways
	mux         ice.UDPMux
	local       *net.UDPAddr
	socket      *egress.Socket
	sessions    *session.Host
	publish     *webrtc.API
	certificate webrtc.Certificate
	counters    counters
	// origin is the moment that the packet path's times are counted from.
	origin time.Time

	mu     sync.Mutex
	rooms  map[media.RoomID]*Room
	closed bool
}

// NewServer binds the media port and starts reading from it. The errors are ErrConfig and those of the socket.
func NewServer(cfg Config) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	conn := cfg.Conn
	var listener net.Listener
	if conn == nil {
		c, l, err := listenMedia(&cfg)
		listener = l
		if err != nil {
			return nil, fmt.Errorf("listen for media: %w", err)
		}
		if udp, ok := c.(*net.UDPConn); ok {
			// Best effort: the kernel caps these at its own limits.
			_ = udp.SetReadBuffer(4 << 20)
			_ = udp.SetWriteBuffer(4 << 20)
		}
		conn = c
	}
	s, err := newServer(cfg, conn, listener)
	if err != nil {
		_ = conn.Close()
		if listener != nil {
			_ = listener.Close()
		}
	}
	return s, err
}

func newServer(cfg Config, conn net.PacketConn, listener net.Listener) (*Server, error) {
	local, ok := conn.LocalAddr().(*net.UDPAddr)
	if !ok {
		return nil, fmt.Errorf("%w: the media socket is not UDP", ErrConfig)
	}
	certificate, own, err := newCertificate()
	if err != nil {
		return nil, fmt.Errorf("media certificate: %w", err)
	}
	s := &Server{cfg: cfg, local: local, socket: egress.NewSocket(conn), certificate: *certificate, origin: time.Now(), rooms: map[media.RoomID]*Room{}}
	logs := pionLogs{cfg.Logger}
	if s.port, err = port.New(conn); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	s.mux = webrtc.NewICEUDPMux(logs.NewLogger("mux"), s.port.Facade())
	settings, err := newSettings(&cfg, s.mux, local, logs)
	if err == nil {
		s.publish, err = newPublishAPI(settings)
	}
	if err == nil {
		s.sessions, err = session.NewHost(session.Config{Port: s.port, Certificate: own, Timeout: cfg.ICETimeout, Logs: logs})
	}
	if err == nil {
		err = s.openWays(listener, logs)
	}
	if err != nil {
		s.ways.close()
		if s.sessions != nil {
			s.sessions.Close()
		}
		_ = s.mux.Close()
		_ = s.port.Close()
		return nil, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	return s, nil
}

// newCertificate makes the server's certificate, as Pion's peer connections want it and as its DTLS does.
func newCertificate() (*webrtc.Certificate, tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, tls.Certificate{}, err
	}
	certificate, err := webrtc.GenerateCertificate(key)
	if err != nil {
		return nil, tls.Certificate{}, err
	}
	text, err := certificate.PEM()
	if err != nil {
		return nil, tls.Certificate{}, err
	}
	own, err := tls.X509KeyPair([]byte(text), []byte(text))
	return certificate, own, err
}

// Addr is the address that the media socket is bound to.
func (s *Server) Addr() net.Addr { return s.local }

// OpenRoom makes a room and starts its goroutines. The errors are ErrRoomExists and ErrClosed.
func (s *Server) OpenRoom(id media.RoomID, events Events) (*Room, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, ErrClosed
	}
	if _, ok := s.rooms[id]; ok {
		return nil, fmt.Errorf("%w: %s", ErrRoomExists, id)
	}
	r := newRoom(s, id, events)
	s.rooms[id] = r
	r.start()
	return r, nil
}

// Room finds an open room.
func (s *Server) Room(id media.RoomID) (*Room, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.rooms[id]
	return r, ok
}

// forget is called by a room that has ended.
func (s *Server) forget(r *Room) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rooms[r.id] == r {
		delete(s.rooms, r.id)
	}
}

func (s *Server) snapshotRooms() []*Room {
	s.mu.Lock()
	defer s.mu.Unlock()
	rooms := make([]*Room, 0, len(s.rooms))
	for _, r := range s.rooms {
		rooms = append(rooms, r)
	}
	return rooms
}

// Stats sums the counters.
func (s *Server) Stats() Stats {
	var out Stats
	s.counters.snapshot(&out)
	for _, r := range s.snapshotRooms() {
		out.Rooms++
		out.Participants += int(r.census.participants.Load())
		out.PublishLegs += int(r.census.publishing.Load())
		out.SubscribeLegs += int(r.census.subscribing.Load())
	}
	return out
}

// Close ends all rooms, then the port. It is idempotent and waits for every goroutine.
func (s *Server) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	for _, r := range s.snapshotRooms() {
		_ = r.Close()
	}
	s.ways.close()
	s.sessions.Close()
	return errors.Join(s.mux.Close(), s.port.Close())
}

// since is the packet path's clock.
func (s *Server) since(t time.Time) time.Duration { return t.Sub(s.origin) }
