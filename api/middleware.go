package api

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
)

// contentSecurity: everything from this server. hls.js runs its demuxer in a worker from a blob and feeds the player from
// MediaSource blobs; the WebSocket is this origin's, which 'self' covers in today's browsers and the explicit entry in older ones.
const contentSecurity = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; " +
	"font-src 'self'; media-src 'self' blob:; worker-src 'self' blob:; connect-src 'self' %s; object-src 'none'; " +
	"base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

func (s *Server) useMiddleware() {
	s.echo.Use(s.observe, s.guard, middleware.GzipWithConfig(middleware.GzipConfig{
		Level: 5, MinLength: 1024, Skipper: func(c echo.Context) bool { return !compressible(c.Path()) },
	}))
}

// compressible are the JSON resources and playlists; pages bring their own compressed bytes, media does not shrink.
func compressible(path string) bool {
	if !strings.HasPrefix(path, base+"/") {
		return false
	}
	for _, dense := range []string{"/ws", "/:init", "/:segment", "/:slate", "/:track"} {
		if strings.HasSuffix(path, dense) {
			return false
		}
	}
	return true
}

// observe names the request, recovers panics, logs and counts. Logs carry the route and ids, never the path itself: it
// may hold the secret of a link.
func (s *Server) observe(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		began := time.Now()
		v := &visit{echo: c, now: s.now(), id: uuid.NewString(), address: c.RealIP(), secure: s.isSecure(c.Request())}
		v.log = s.log.With("request", v.id)
		v.ctx = context.WithValue(c.Request().Context(), visitKey{}, v)
		c.SetRequest(c.Request().WithContext(v.ctx))
		c.Response().Header().Set("X-Request-Id", v.id)
		if err := s.recovered(v, c, next); err != nil {
			s.answerError(err, c)
		}
		took := time.Since(began)
		s.metrics.request(c.Request().Method, c.Path(), c.Response().Status, took)
		attributes := []any{"method", c.Request().Method, "route", c.Path(), "status", c.Response().Status, "bytes", c.Response().Size, "ms", took.Milliseconds()}
		if v.who.ID != uuid.Nil {
			attributes = append(attributes, "person", v.who.ID, "school", v.who.SchoolID)
		}
		v.log.Info("request", attributes...)
		return nil
	}
}

// recovered turns a panic into an error that ends this request only.
func (s *Server) recovered(v *visit, c echo.Context, next echo.HandlerFunc) (err error) {
	defer func() {
		cause := recover()
		if cause == nil {
			return
		}
		if failed, ok := cause.(error); ok && errors.Is(failed, http.ErrAbortHandler) {
			panic(cause) // net/http's own way to close the connection
		}
		v.log.Error("panic in a handler", "err", fmt.Sprint(cause), "stack", string(debug.Stack()))
		err = problem(http.StatusInternalServerError, CodeInternal, "something went wrong here")
	}()
	return next(c)
}

// guard sets the headers that every answer has, and refuses what must not reach a handler.
func (s *Server) guard(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		v, r := visitOfEcho(c), c.Request()
		h := c.Response().Header()
		h.Set("Content-Security-Policy", fmt.Sprintf(contentSecurity, socketSource(v, r)))
		h.Set("Permissions-Policy", "camera=(self), microphone=(self), display-capture=(self), autoplay=(self), fullscreen=(self), screen-wake-lock=(self), picture-in-picture=(self), geolocation=(), payment=(), usb=()")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		// Only a server with a name of its own may promise this for a year; localhost and LAN names serve other things too.
		if v.secure && strings.HasPrefix(s.config.PublicURL, "https://") {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		if strings.HasPrefix(r.URL.Path, base+"/") {
			h.Set("Cache-Control", "no-store")
		}
		if !v.secure && !isLoopback(r.RemoteAddr) {
			return problem(http.StatusForbidden, CodeInsecure, "plain http is for this machine alone: use https, or come through a trusted proxy that does")
		}
		// A device's bearer is no browser's cookie: pages of other sites may use a token that they were given.
		if err := s.unsafe(v, r); err != nil && !forDevices(r.URL.Path) {
			return err
		}
		r.Body = http.MaxBytesReader(c.Response(), r.Body, maxBody)
		return next(c)
	}
}

// unsafe checks requests that change something: from our own pages, in JSON. (A form of another site can send neither.)
func (s *Server) unsafe(v *visit, r *http.Request) error {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return nil
	}
	if !s.sameOrigin(v, r) {
		return wrongOrigin()
	}
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	if r.ContentLength != 0 && !strings.EqualFold(strings.TrimSpace(kind), "application/json") {
		return problem(http.StatusUnsupportedMediaType, CodeBadRequest, "send application/json")
	}
	return nil
}

func wrongOrigin() *Problem {
	return problem(http.StatusForbidden, CodeWrongOrigin, "this request comes from another site")
}

// sameOrigin says that the request does not come from another site's page: by Sec-Fetch-Site where the browser sends it,
// else by Origin. Programs send neither; they hold no browser's cookies.
func (s *Server) sameOrigin(v *visit, r *http.Request) bool {
	// The check looks at unsafe methods only, and the WebSocket's GET is as powerful as one.
	asked := &http.Request{Method: http.MethodPost, Header: r.Header, Host: r.Host, URL: r.URL}
	if err := s.origins.Check(asked); err != nil {
		v.log.Info("refused", "reason", "origin")
		return false
	}
	return true
}

func socketSource(v *visit, r *http.Request) string {
	// Host is the client's word: keep it out of the header unless it looks like a host.
	if strings.ContainsFunc(r.Host, func(c rune) bool {
		return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]_", c)
	}) {
		return ""
	}
	if v.secure {
		return "wss://" + r.Host
	}
	return "ws://" + r.Host
}

// isSecure says whether the person's browser speaks https: to us, or to a trusted proxy that says so.
func (s *Server) isSecure(r *http.Request) bool {
	if r.TLS != nil {
		return true
	}
	return s.fromProxy(r) && strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https")
}

func (s *Server) fromProxy(r *http.Request) bool {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return false
	}
	for _, p := range s.config.TrustedProxies {
		if p.Contains(peer.Addr().Unmap()) {
			return true
		}
	}
	return false
}

func isLoopback(remote string) bool {
	peer, err := netip.ParseAddrPort(remote)
	return err == nil && peer.Addr().Unmap().IsLoopback()
}

// clientAddress is the peer's address, or what a trusted proxy says of it.
func clientAddress(trusted []netip.Prefix) echo.IPExtractor {
	if len(trusted) == 0 {
		return echo.ExtractIPDirect()
	}
	options := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, p := range trusted {
		bits := 32
		if p.Addr().Is6() {
			bits = 128
		}
		options = append(options, echo.TrustIPRange(&net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), bits)}))
	}
	return echo.ExtractIPFromXFFHeader(options...)
}
