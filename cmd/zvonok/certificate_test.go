package main

import (
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/zvonok/zvonok/cmd/zvonok/lancert"
)

// renewed makes another certificate and puts one of its files, or both, in the place of those in dir.
func renewed(t *testing.T, dir string, names ...string) {
	t.Helper()
	fresh := t.TempDir()
	if _, err := lancert.Load(fresh, []netip.Addr{netip.MustParseAddr("127.0.0.1")}, []string{"localhost"}, time.Now()); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		text, err := os.ReadFile(filepath.Join(fresh, name))
		if err != nil {
			t.Fatal(err)
		}
		// As certbot does: the new file takes the old one's name.
		path := filepath.Join(dir, name)
		if err := errors.Join(os.WriteFile(path+".new", text, 0o600), os.Rename(path+".new", path)); err != nil {
			t.Fatal(err)
		}
	}
}

// TestRenewedCertificate: a listener that runs serves what the files hold a few seconds after they changed, and goes on
// with the earlier certificate while they hold nonsense.
func TestRenewedCertificate(t *testing.T) {
	dir := t.TempDir()
	renewed(t, dir, "cert.pem", "key.pem")
	var log strings.Builder
	clock := time.Now()
	s := settings{
		Data: t.TempDir(), HTTPSListen: "127.0.0.1:0", TLSCert: filepath.Join(dir, "cert.pem"), TLSKey: filepath.Join(dir, "key.pem"),
	}
	l, err := listen(s, func() time.Time { return clock }, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		for {
			conn, err := l.secure.Accept()
			if err != nil {
				return
			}
			_, _ = io.Copy(io.Discard, conn) // shakes hands, until the client goes
			_ = conn.Close()
		}
	}()
	shown := func() string {
		t.Helper()
		//nolint:gosec // which certificate comes is the question
		conn, err := tls.Dial("tcp", l.secure.Addr().String(), &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close() //nolint:errcheck // a test's
		return string(conn.ConnectionState().PeerCertificates[0].Raw)
	}
	first := shown()
	if first != string(l.certificate.Certificate[0]) {
		t.Error("another certificate than the files'")
	}
	renewed(t, dir, "cert.pem", "key.pem")
	if shown() != first {
		t.Error("the files are looked at for every handshake")
	}
	clock = clock.Add(certificateLook)
	second := shown()
	if second == first {
		t.Error("the earlier certificate is still served")
	}
	renewed(t, dir, "cert.pem") // its key comes later
	clock = clock.Add(certificateLook)
	if shown() != second || !strings.Contains(log.String(), "still served") {
		t.Errorf("half of a renewal: %s", log.String())
	}
	if err := os.Remove(s.TLSKey); err != nil {
		t.Fatal(err)
	}
	clock = clock.Add(certificateLook)
	if shown() != second {
		t.Error("a missing key took the certificate away")
	}
	renewed(t, dir, "cert.pem", "key.pem")
	clock = clock.Add(certificateLook)
	if third := shown(); third == first || third == second {
		t.Error("the third certificate is not served")
	}
	if err := l.close(0); err != nil {
		t.Error(err)
	}
	<-served
	if _, err := listen(settings{Data: s.Data, HTTPSListen: "127.0.0.1:0", TLSCert: s.TLSCert, TLSKey: dir}, time.Now, slog.New(slog.DiscardHandler)); err == nil {
		t.Error("a key that is a folder was taken")
	}
}
