package sfu

import (
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"time"
)

// Config is what a [Server] is made with. Only Listen or Conn is required.
type Config struct {
	// Listen is the UDP address of all media, "127.0.0.1:7881" or ":7881". Port 0 takes a free one.
	Listen string
	// Conn is used in place of Listen when set (a test's virtual network, an inherited socket); the server closes it.
	Conn net.PacketConn
	// Announce are the addresses that clients are told in place of the socket's own, for a server behind NAT.
	Announce []netip.Addr
	// AnnounceOwn tells clients the addresses of this machine too.
	AnnounceOwn bool
	// TCP also listens on the TCP port of the same number as Listen's, for clients that UDP does not reach.
	TCP bool
	// StreamPorts are further TCP ports that clients are told; what is accepted there is given to [Server.Stream].
	StreamPorts []uint16
	// Loopback announces the loopback address too. It is implied when the socket is bound to a loopback address.
	Loopback bool
	// Logger defaults to discarding.
	Logger *slog.Logger
	// Shards is how many goroutines of one room send to its subscribers; 0 means 2.
	Shards int
	// MaxParticipants bounds a room; 0 means 2,000.
	MaxParticipants int
	// ICETimeout is after how long without any sign of life a transport has failed; 0 means 15 s.
	ICETimeout time.Duration
}

// Limits that no configuration changes.
const (
	// maxOfferBytes bounds an SDP offer: 64 m-lines of a browser are about 150 kB.
	maxOfferBytes = 256 << 10
	// maxLayers is how many encodings a camera may have.
	maxLayers = 3
)

// Validate fills the defaults in; it returns ErrConfig with the reason when the configuration cannot work.
func (c *Config) Validate() error {
	if c.Listen == "" && c.Conn == nil {
		return fmt.Errorf("%w: neither Listen nor Conn", ErrConfig)
	}
	for _, a := range c.Announce {
		if !a.IsValid() || a.IsUnspecified() {
			return fmt.Errorf("%w: cannot announce address %q", ErrConfig, a)
		}
	}
	if c.Shards < 0 || c.MaxParticipants < 0 || c.ICETimeout < 0 {
		return fmt.Errorf("%w: negative limit", ErrConfig)
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Shards == 0 {
		c.Shards = 2
	}
	if c.MaxParticipants == 0 {
		c.MaxParticipants = 2000
	}
	if c.ICETimeout == 0 {
		c.ICETimeout = 15 * time.Second
	}
	return nil
}
