package api

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/netip"
	"net/url"
	"time"

	"github.com/zvonok/zvonok/api/signin"
)

// Config is what the server is made of.
type Config struct {
	// Version of the build, shown to signed-in people and in the metrics.
	Version string
	// PublicURL under which people reach the server (scheme and host, no slash at the end); empty: whatever each
	// request was sent to.
	PublicURL string
	// TrustedProxies may say for whom and over what they ask (X-Forwarded-For, X-Forwarded-Proto).
	TrustedProxies []netip.Prefix
	// Files is the built web client; nil or empty: a page that says so.
	Files fs.FS
	// PasswordCost is zero for [signin.DefaultCost].
	PasswordCost signin.Cost
	Logger       *slog.Logger
	// Now is the clock; nil for the real one.
	Now func() time.Time
	// Figures adds the other parts' numbers to /metrics; may be nil.
	Figures func() []Figure
}

// Figure is one number of another part at this moment.
type Figure struct {
	// Name in Prometheus' spelling, with its unit: zvonok_rooms, zvonok_recorder_spool_bytes.
	Name, Help string
	// Counter says that it only grows.
	Counter bool
	// Labels may be nil; every figure of one name has the same label names.
	Labels map[string]string
	Value  float64
}

// Validate says what is wrong with a configuration.
func (c Config) Validate() error {
	if c.Logger == nil {
		return errors.New("api: no logger")
	}
	if c.PublicURL == "" {
		return nil
	}
	u, err := url.Parse(c.PublicURL)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return fmt.Errorf("api: public URL %q is not of the form https://host[:port]", c.PublicURL)
	}
	return nil
}
