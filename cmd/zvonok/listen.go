package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/zvonok/zvonok/api"
	"github.com/zvonok/zvonok/cmd/zvonok/lancert"
)

// listeners are the two ways in: plain http for this machine (or a proxy), https for the network.
type listeners struct {
	plain, secure net.Listener
	// raw and config are what secure is made of, until the port is shared with media.
	raw    net.Listener
	config *tls.Config
	// certificate is the one of the start, whose fingerprint is told.
	certificate tls.Certificate
	generated   bool
	lan         []netip.Addr

	running sync.WaitGroup
	servers []*http.Server
}

// inUse says which setting to change when an address is taken.
func inUse(setting, address string, err error) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%s is taken by another program: stop that one, or set %s to another address (%w)", address, setting, err)
	}
	return fmt.Errorf("%s=%s: %w", setting, address, err)
}

func listen(s settings, now func() time.Time, log *slog.Logger) (_ *listeners, err error) {
	l := &listeners{}
	defer func() {
		if err != nil {
			err = errors.Join(err, l.close(0))
		}
	}()
	if s.Listen != "" {
		if l.plain, err = net.Listen("tcp", s.Listen); err != nil {
			return nil, inUse("ZVONOK_LISTEN", s.Listen, err)
		}
	}
	if s.HTTPSListen == "" {
		return l, nil
	}
	if l.lan, err = lancert.Addresses(); err != nil {
		return nil, fmt.Errorf("addresses of this machine: %w", err)
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}
	if err := l.certify(s, config, now, log); err != nil {
		return nil, err
	}
	raw, err := net.Listen("tcp", s.HTTPSListen)
	if err != nil {
		return nil, inUse("ZVONOK_HTTPS_LISTEN", s.HTTPSListen, err)
	}
	l.raw, l.config, l.secure = raw, config, tls.NewListener(raw, config)
	return l, nil
}

// certify puts a certificate into config: the given files, followed when they change, or a generated one.
func (l *listeners) certify(s settings, config *tls.Config, now func() time.Time, log *slog.Logger) error {
	if s.TLSCert != "" {
		files, err := openCertificate(s.TLSCert, s.TLSKey, now, log)
		if err != nil {
			return err
		}
		l.certificate, config.GetCertificate = *files.current, files.get
		return nil
	}
	names := []string{"localhost"}
	if host, err := os.Hostname(); err == nil && host != "" && host != "localhost" {
		names = append(names, host)
	}
	addresses := append([]netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.IPv6Loopback()}, l.lan...)
	var err error
	l.certificate, err = lancert.Load(filepath.Join(s.Data, "tls"), addresses, names, now())
	l.generated = true
	config.Certificates = []tls.Certificate{l.certificate}
	return err
}

// serve answers on both; a listener that breaks ends the process through fail.
func (l *listeners) serve(server *api.Server, fail context.CancelCauseFunc) {
	for _, listener := range []net.Listener{l.plain, l.secure} {
		if listener == nil {
			continue
		}
		h := server.HTTPServer()
		l.servers = append(l.servers, h)
		l.running.Go(func() {
			if err := h.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
				fail(fmt.Errorf("serve %s: %w", listener.Addr(), err))
			}
		})
	}
}

// close lets running requests end within the time given, then cuts them. Idempotent.
func (l *listeners) close(within time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	var all []error
	for _, h := range l.servers {
		if err := h.Shutdown(ctx); errors.Is(err, context.DeadlineExceeded) {
			all = append(all, h.Close())
		} else if err != nil {
			all = append(all, err)
		}
	}
	// Those that no server took over, or that it has closed already.
	for _, listener := range []net.Listener{l.plain, l.secure} {
		if listener != nil {
			if err := listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
				all = append(all, err)
			}
		}
	}
	l.running.Wait()
	return errors.Join(all...)
}

// plainURL is where this machine's browser finds the server; empty without plain http.
func (l *listeners) plainURL() string {
	if l.plain == nil {
		return ""
	}
	return "http://" + hostPort(l.plain.Addr(), "127.0.0.1")
}

// secureURL is where the network finds it; empty without https.
func (l *listeners) secureURL() string {
	if l.secure == nil {
		return ""
	}
	host := "localhost"
	if len(l.lan) > 0 {
		host = l.lan[0].String()
	}
	return "https://" + hostPort(l.secure.Addr(), host)
}

// hostPort names host in place of an address that means all of them.
func hostPort(bound net.Addr, host string) string {
	addr, err := netip.ParseAddrPort(bound.String())
	if err != nil {
		return bound.String()
	}
	if !addr.Addr().IsUnspecified() {
		host = addr.Addr().Unmap().String()
	}
	return net.JoinHostPort(host, strconv.Itoa(int(addr.Port())))
}
