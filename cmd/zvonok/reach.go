package main

import (
	"context"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/zvonok/zvonok/cmd/zvonok/frontdoor"
	"github.com/zvonok/zvonok/signaling"
)

// public is the public URL's host and port; empty and 0 when there is none.
func (s settings) public() (host string, port uint16) {
	u, err := url.Parse(s.PublicURL)
	if err != nil || u.Hostname() == "" {
		return "", 0
	}
	n, err := strconv.ParseUint(u.Port(), 10, 16)
	switch {
	case err == nil:
		port = uint16(n)
	case u.Scheme == "https":
		port = 443
	}
	return u.Hostname(), port
}

// streamPorts are the TCP ports, besides that of media, at which clients find us: the https port as the world sees it.
// A proxy that takes TLS off passes nothing but HTTP on, so that its port is none of them.
func (s settings) streamPorts() []uint16 {
	if s.HTTPSListen == "" {
		return nil
	}
	if _, port := s.public(); port != 0 && s.TrustedProxies == "" {
		return []uint16{port}
	}
	_, text, err := net.SplitHostPort(s.HTTPSListen)
	n, parseErr := strconv.ParseUint(text, 10, 16)
	if err != nil || parseErr != nil || n == 0 {
		return nil
	}
	return []uint16{uint16(n)}
}

// shareSecure lets media in at the https port: ICE and TURN over TCP, TURN over TLS, and TURN over UDP on the UDP port of
// the same number, which firewalls pass for HTTP/3. When that one is taken there is one way less.
func (s *server) shareSecure() {
	if s.web.secure == nil {
		return
	}
	s.web.secure = frontdoor.New(s.web.raw, s.web.config, s.media.Stream)
	udp, err := net.ListenPacket("udp", s.web.raw.Addr().String())
	if err == nil {
		err = s.media.ServeRelay(udp)
	}
	if err != nil {
		s.log.Warn("no relay over UDP", "err", err)
		return
	}
	s.relayUDP = true
}

// relays are the ICE servers for somebody whose browser reached us under host. Browsers take TURN over TLS only from a
// certificate that they trust without asking; where there is none, plain TCP carries what is encrypted anyway.
func (s *server) relays(person uuid.UUID, host string) []signaling.ICEServer {
	if s.web.secure == nil {
		return nil
	}
	bound, err := netip.ParseAddrPort(s.web.raw.Addr().String())
	if err != nil {
		return nil
	}
	port := bound.Port()
	if name, p := s.settings.public(); name != "" {
		host = name
		if s.settings.TrustedProxies == "" && p != 0 {
			port = p
		}
	} else if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if host = strings.Trim(host, "[]"); host == "" {
		return nil
	}
	at := net.JoinHostPort(host, strconv.Itoa(int(port)))
	urls := []string{"turns:" + at + "?transport=tcp"}
	if s.web.generated {
		urls[0] = "turn:" + at + "?transport=tcp"
	}
	if s.relayUDP {
		urls = append([]string{"turn:" + at + "?transport=udp"}, urls...)
	}
	c := s.media.RelayCredential(person.String())
	return []signaling.ICEServer{{URLs: urls, Username: c.Username, Credential: c.Password}}
}

// lookUpWithin is how long the name of the public URL may take to become addresses.
const lookUpWithin = 3 * time.Second

// announced are the addresses that browsers are told for media, and whether those of this machine go with them: the
// configured ones alone, or those of the public URL's name besides our own, so that pupils in the building need no way
// around through the router. A proxy's address is none of ours.
func (s *server) announced() (addresses []netip.Addr, own bool, err error) {
	if addresses, err = s.settings.announce(); err != nil || len(addresses) > 0 {
		return addresses, false, err
	}
	host, _ := s.settings.public()
	if host == "" || s.settings.TrustedProxies != "" {
		return nil, false, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), lookUpWithin)
	defer cancel()
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		s.log.Warn("the public URL's name has no address yet: browsers outside are told this machine's own; set ZVONOK_MEDIA_ANNOUNCE", "err", err)
		return nil, false, nil
	}
	for _, a := range found {
		if a = a.Unmap(); a.IsGlobalUnicast() {
			addresses = append(addresses, a)
		}
	}
	return addresses, len(addresses) > 0, nil
}
