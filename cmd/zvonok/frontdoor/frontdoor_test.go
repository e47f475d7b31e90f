package frontdoor

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// world serves https that names its protocol, and collects what begins with STUN.
func world(t *testing.T) (address string, stun chan net.Conn) {
	t.Helper()
	certificate := httptest.NewTLSServer(nil)
	certificate.Close()
	config := certificate.TLS.Clone()
	config.NextProtos = []string{"h2", "http/1.1"}
	raw, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	stun = make(chan net.Conn, 4)
	l := New(raw, config, func(c net.Conn) { stun <- c })
	server := &http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.TLS == nil {
			http.Error(w, "no TLS", http.StatusInternalServerError)
			return
		}
		_, _ = io.WriteString(w, r.Proto)
	})}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	t.Cleanup(func() {
		if err := errors.Join(server.Close(), l.Close()); err != nil && !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
		<-served
	})
	return raw.Addr().String(), stun
}

func insecure(protocols ...string) *tls.Config {
	return &tls.Config{InsecureSkipVerify: true, NextProtos: protocols} //nolint:gosec // a test's own certificate
}

func TestOnePortForAll(t *testing.T) {
	address, stun := world(t)
	for _, http2 := range []bool{true, false} {
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: insecure(), ForceAttemptHTTP2: http2}}
		response, err := client.Get("https://" + address)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(response.Body)
		_ = response.Body.Close()
		client.CloseIdleConnections()
		if want := map[bool]string{true: "HTTP/2.0", false: "HTTP/1.1"}[http2]; string(body) != want {
			t.Errorf("got %q, want %q", body, want)
		}
	}

	bare, err := tls.Dial("tcp", address, insecure())
	if err != nil {
		t.Fatal(err)
	}
	_, _ = bare.Write([]byte("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"))
	if answer, err := io.ReadAll(bare); err != nil || !bytes.Contains(answer, []byte("200 OK")) {
		t.Errorf("https without ALPN: %q, %v", answer, err)
	}

	turn := []byte{0, 3, 0, 0, 0x21, 0x12, 0xa4, 0x42}
	secure, err := tls.Dial("tcp", address, insecure())
	if err != nil {
		t.Fatal(err)
	}
	plain, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]net.Conn{"TURN over TLS": secure, "TURN over TCP": plain} {
		_, _ = c.Write(turn)
		passed := <-stun
		got := make([]byte, len(turn))
		if _, err := io.ReadFull(passed, got); err != nil || !bytes.Equal(got, turn) {
			t.Errorf("%s: %x, %v", name, got, err)
		}
		_ = passed.Close()
		_ = c.Close()
	}

	wrong, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = wrong.Write([]byte("GET / HTTP/1.1\r\nHost: a\r\n\r\n"))
	if answer, _ := io.ReadAll(wrong); !bytes.Contains(answer, []byte("HTTP request to an HTTPS server")) {
		t.Errorf("plain http: %q", answer)
	}
}

// TestCloseDoesNotWaitForTheUndecided: a connection that says nothing is ended with the listener.
func TestCloseDoesNotWaitForTheUndecided(t *testing.T) {
	address, _ := world(t)
	for range 10 {
		c, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
	}
}
