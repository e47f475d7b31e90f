package main

import (
	"log/slog"
	"net/netip"
	"slices"
	"testing"
)

func TestWhatBrowsersAreTold(t *testing.T) {
	address := netip.MustParseAddr
	for name, c := range map[string]struct {
		settings  settings
		addresses []netip.Addr
		own       bool
		ports     []uint16
	}{
		"nothing is set":      {settings{HTTPSListen: ":8443"}, nil, false, []uint16{8443}},
		"a public URL":        {settings{HTTPSListen: ":8443", PublicURL: "https://203.0.113.7"}, []netip.Addr{address("203.0.113.7")}, true, []uint16{443}},
		"one in IPv6":         {settings{HTTPSListen: ":443", PublicURL: "https://[2001:db8::7]:444"}, []netip.Addr{address("2001:db8::7")}, true, []uint16{444}},
		"one of this machine": {settings{HTTPSListen: ":8443", PublicURL: "https://127.0.0.1:8443"}, nil, false, []uint16{8443}},
		"addresses": {settings{HTTPSListen: ":8443", PublicURL: "https://203.0.113.7", MediaAnnounce: "198.51.100.1,2001:db8::1"},
			[]netip.Addr{address("198.51.100.1"), address("2001:db8::1")}, false, []uint16{443}},
		"a proxy in front": {settings{HTTPSListen: ":8443", PublicURL: "https://203.0.113.7", TrustedProxies: "10.0.0.1"}, nil, false, []uint16{8443}},
		"no https here":    {settings{PublicURL: "https://203.0.113.7", TrustedProxies: "10.0.0.1"}, nil, false, nil},
	} {
		s := &server{settings: c.settings, log: slog.New(slog.DiscardHandler)}
		addresses, own, err := s.announced()
		if err != nil || !slices.Equal(addresses, c.addresses) || own != c.own {
			t.Errorf("%s: %v, own %v, %v; want %v, %v", name, addresses, own, err, c.addresses, c.own)
		}
		if ports := c.settings.streamPorts(); !slices.Equal(ports, c.ports) {
			t.Errorf("%s: ports %v, want %v", name, ports, c.ports)
		}
	}
}
