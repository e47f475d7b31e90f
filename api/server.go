package api

import (
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humaecho"
	"github.com/labstack/echo/v4"

	"github.com/zvonok/zvonok/api/signin"
	"github.com/zvonok/zvonok/api/whip"
)

// Server answers HTTP. It is an http.Handler; [Server.Listen] gives it a socket with the right limits.
type Server struct {
	config    Config
	log       *slog.Logger
	now       func() time.Time
	echo      *echo.Echo
	huma      huma.API
	table     []Declared
	services  atomic.Pointer[Services]
	passwords *signin.Passwords
	throttle  *signin.Throttle
	metrics   *metrics
	files     *clientFiles
	ready     readiness
	draining  atomic.Bool
	origins   *http.CrossOriginProtection
	verified  chan struct{}
	doors     *whip.Endpoint
}

const (
	// hashesAtOnce bounds the memory that sign-ins take, hashWait how long one waits for its turn.
	hashesAtOnce = 4
	hashWait     = 5 * time.Second
	// segmentsAtOnce bounds the memory of segments that are being verified and sent.
	segmentsAtOnce = 64
)

// New makes a server that has no services yet.
func New(config Config) (*Server, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	if config.PasswordCost == (signin.Cost{}) {
		config.PasswordCost = signin.DefaultCost
	}
	s := &Server{
		config: config, log: config.Logger, now: func() time.Time { return config.Now().UTC() }, echo: echo.New(),
		passwords: signin.NewPasswords(config.PasswordCost, hashesAtOnce, hashWait), throttle: signin.NewThrottle(),
		metrics: newMetrics(config.Version, config.Figures), verified: make(chan struct{}, segmentsAtOnce),
		origins: http.NewCrossOriginProtection(), doors: whip.New(whip.Config{}),
	}
	if config.PublicURL != "" {
		if err := s.origins.AddTrustedOrigin(config.PublicURL); err != nil {
			return nil, err
		}
	}
	files, err := newClientFiles(config.Files)
	if err != nil {
		return nil, err
	}
	s.files = files
	s.echo.HideBanner, s.echo.HidePort = true, true
	s.echo.IPExtractor = clientAddress(config.TrustedProxies)
	s.echo.HTTPErrorHandler = s.answerError
	s.useMiddleware()
	s.huma = humaecho.New(s.echo, humaConfig(config.Version))
	s.routes()
	return s, nil
}

func (s *Server) routes() {
	s.routesOfMe()
	s.routesOfSession()
	s.routesOfSetup()
	s.routesOfLessons()
	s.routesOfDoors()
	s.routesOfDevices()
	s.routesOfRecordings()
	s.routesOfPlayback()
	s.routesOfPeople()
	s.routesOfHealth()
	s.routesOfPages()
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.echo.ServeHTTP(w, r) }

// HTTPServer gives the limits under which this server may meet the network. Routes that take longer (segments, the
// WebSocket) move their own deadlines.
func (s *Server) HTTPServer() *http.Server {
	return &http.Server{
		Handler:           s,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
}

// answerError writes what a handler refused.
func (s *Server) answerError(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	p := problemOf(err)
	for name, values := range p.GetHeaders() {
		c.Response().Header()[name] = values
	}
	c.Response().Header().Set("Cache-Control", "no-store")
	c.Response().Header().Set(echo.HeaderContentType, p.ContentType(""))
	c.Response().WriteHeader(p.Status)
	if c.Request().Method == http.MethodHead {
		return
	}
	if err := c.Echo().JSONSerializer.Serialize(c, p, ""); err != nil {
		s.log.Debug("problem not written", "err", err)
	}
}
