package lancert_test

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/zvonok/zvonok/cmd/zvonok/lancert"
)

var (
	loopback = netip.MustParseAddr("127.0.0.1")
	lan      = netip.MustParseAddr("192.168.1.5")
	now      = time.Now()
)

// TestABrowserThatTrustsIt speaks https with a client that knows nothing but this certificate.
func TestABrowserThatTrustsIt(t *testing.T) {
	c, err := lancert.Load(t.TempDir(), []netip.Addr{loopback, lan}, []string{"localhost"}, now)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(c.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"127.0.0.1", "192.168.1.5", "localhost"} {
		if err := leaf.VerifyHostname(name); err != nil {
			t.Error(err)
		}
	}
	if life := leaf.NotAfter.Sub(leaf.NotBefore); life > 398*24*time.Hour {
		t.Errorf("lives %v, longer than Safari takes", life)
	}
	h := httptest.NewUnstartedServer(http.NotFoundHandler())
	h.TLS = &tls.Config{Certificates: []tls.Certificate{c}, MinVersion: tls.VersionTLS12}
	h.StartTLS()
	defer h.Close()
	trusted := x509.NewCertPool()
	trusted.AddCert(leaf)
	conn, err := tls.Dial("tcp", h.Listener.Addr().String(), &tls.Config{RootCAs: trusted, MinVersion: tls.VersionTLS13})
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
	if !regexp.MustCompile(`^([0-9A-F]{2}:){31}[0-9A-F]{2}$`).MatchString(lancert.Fingerprint(c)) {
		t.Errorf("fingerprint %s", lancert.Fingerprint(c))
	}
}

// TestKeptUntilThereIsAReason: people accept a certificate once.
func TestKeptUntilThereIsAReason(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "tls")
	load := func(when time.Time, addresses ...netip.Addr) string {
		t.Helper()
		c, err := lancert.Load(dir, addresses, []string{"localhost"}, when)
		if err != nil {
			t.Fatal(err)
		}
		return lancert.Fingerprint(c)
	}
	first := load(now, loopback, lan)
	if load(now.Add(300*24*time.Hour), loopback, lan) != first {
		t.Error("another certificate at a second start")
	}
	if load(now, loopback) != first {
		t.Error("another certificate although an address went away")
	}
	moved := load(now, loopback, netip.MustParseAddr("10.0.0.9"))
	if moved == first {
		t.Error("a new address is not in the certificate")
	}
	if load(now.Add(380*24*time.Hour), loopback) == moved {
		t.Error("not replaced before its end")
	}
	key, err := os.Stat(filepath.Join(dir, "key.pem"))
	if err != nil || key.Mode().Perm() != 0o600 {
		t.Errorf("the key's file: %v %v", key.Mode(), err)
	}
}

func TestDamagedFilesAreSaid(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"cert.pem", "key.pem"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := lancert.Load(dir, nil, nil, now); err == nil {
		t.Error("damaged files were taken")
	}
}

func TestAddresses(t *testing.T) {
	all, err := lancert.Addresses()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range all {
		if a.IsLoopback() || a.IsLinkLocalUnicast() || net.ParseIP(a.String()) == nil {
			t.Errorf("%v is of no use to others", a)
		}
	}
}
