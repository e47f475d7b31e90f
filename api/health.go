package api

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/zvonok/zvonok/storage/policy"
)

// Ready is the answer of /readyz.
type Ready struct {
	Ready    bool   `json:"ready"`
	Database string `json:"database"` // ok, away
	Objects  string `json:"objects"`  // ok, away, unknown (the database comes first)
}

// readiness remembers the last look for a moment, so that a probe in a loop is no load on the database.
type readiness struct {
	mu    sync.Mutex
	at    time.Time
	known Ready
}

const (
	readyFor  = 2 * time.Second
	readyTime = 3 * time.Second
)

func (s *Server) routesOfHealth() {
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		plain(s, method, "/healthz", policy.Public, personAlone[echo.Context], s.getHealth)
		plain(s, method, "/readyz", policy.Public, personAlone[echo.Context], s.getReady)
	}
	// Loopback reads the metrics without a person; from elsewhere they are the admin's.
	plain(s, http.MethodGet, "/metrics", policy.Public, personAlone[echo.Context], s.getMetrics)
}

func (s *Server) getHealth(_ *visit, _ nothing, c echo.Context) error {
	return c.String(http.StatusOK, "ok\n")
}

func (s *Server) getReady(v *visit, _ nothing, c echo.Context) error {
	status := http.StatusOK
	state := s.Ready(v.ctx)
	if !state.Ready {
		status = http.StatusServiceUnavailable
	}
	c.Response().Header().Set("Cache-Control", "no-store")
	return c.JSON(status, state)
}

// Ready looks whether the database and the object store answer.
func (s *Server) Ready(ctx context.Context) Ready {
	s.ready.mu.Lock()
	defer s.ready.mu.Unlock()
	if now := s.now(); now.Sub(s.ready.at) >= readyFor || now.Before(s.ready.at) {
		s.ready.known, s.ready.at = s.look(ctx), now
	}
	return s.ready.known
}

// Drain makes /readyz say no, so that a load balancer sends nobody here any more; what runs goes on.
func (s *Server) Drain() { s.draining.Store(true) }

func (s *Server) look(ctx context.Context) Ready {
	state := Ready{Database: "away", Objects: "unknown"}
	services := s.services.Load()
	if services == nil {
		return state
	}
	ctx, cancel := context.WithTimeout(ctx, readyTime)
	defer cancel()
	if err := services.Catalog.Ping(ctx); err != nil {
		s.log.Warn("database does not answer", "err", err)
	} else {
		state.Database = "ok"
	}
	if _, err := services.Objects.List(ctx, "", "", 1); err != nil {
		s.log.Warn("object store does not answer", "err", err)
		state.Objects = "away"
	} else {
		state.Objects = "ok"
	}
	state.Ready = !s.draining.Load() && state.Database == "ok" && state.Objects == "ok"
	return state
}

func (s *Server) getMetrics(v *visit, _ nothing, c echo.Context) error {
	if !s.localProbe(c.Request()) {
		err := s.decide(v, policy.MetricsSee, func() error {
			return s.allow(v, policy.MetricsSee, schoolObject(v.who.SchoolID), nil)
		})
		if err != nil {
			return err
		}
	}
	s.metrics.handler().ServeHTTP(c.Response(), c.Request())
	return nil
}

// localProbe is a program on this machine: the peer is loopback, and no proxy (trusted or not) speaks for somebody else.
func (s *Server) localProbe(r *http.Request) bool {
	for _, h := range []string{"X-Forwarded-For", "Forwarded", "X-Real-Ip", "X-Forwarded-Proto", "Via"} {
		if r.Header.Get(h) != "" {
			return false
		}
	}
	return isLoopback(r.RemoteAddr)
}
