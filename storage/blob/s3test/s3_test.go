package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/zvonok/zvonok/storage/blob"
	"github.com/zvonok/zvonok/storage/blob/blobtest"
)

const (
	accessKey = "test-access"
	secretKey = "test-secret-key"
	bucket    = "zvonok"
)

// addr is the one server of this process.
var addr string

func TestMain(m *testing.M) { os.Exit(withServer(m)) }

func withServer(m *testing.M) int {
	dir, err := os.MkdirTemp("", "zvonok-s3test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }() // a leftover in the temporary folder harms nobody
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	addr = l.Addr().String()
	if err := l.Close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	ctx, stop := context.WithTimeout(context.Background(), 10*time.Minute)
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- serve(ctx, serverConfig{
			Dir: dir, Addr: addr, AccessKey: accessKey, SecretKey: secretKey, Buckets: []string{bucket},
		}, func() { close(ready) })
	}()
	code := 1
	select {
	case <-ready:
		code = m.Run()
		stop()
		<-ended
	case err := <-ended:
		fmt.Fprintln(os.Stderr, "server:", err)
	}
	stop()
	return code
}

var prefixes atomic.Int64

func config() blob.S3Config {
	return blob.S3Config{
		Endpoint: addr, Bucket: bucket, AccessKey: accessKey, SecretKey: secretKey,
		Prefix: fmt.Sprintf("test-%d", prefixes.Add(1)),
	}
}

func open(t *testing.T, cfg blob.S3Config) *blob.S3 {
	t.Helper()
	s, err := blob.NewS3(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestS3(t *testing.T) {
	blobtest.Run(t, func(t *testing.T) blob.Store { return open(t, config()) })
}

func TestWithoutPrefix(t *testing.T) {
	cfg := config()
	cfg.Prefix = ""
	s := open(t, cfg)
	sum := sha256.Sum256([]byte("x"))
	if err := s.Put(t.Context(), "top/a", strings.NewReader("x"), 1, sum[:]); err != nil {
		t.Fatal(err)
	}
	found, err := s.List(t.Context(), "top/", "", 10)
	if err != nil || len(found) != 1 || found[0] != (blob.Info{Key: "top/a", Size: 1}) {
		t.Errorf("List = %+v, %v", found, err)
	}
}

func TestPrefixesAreApart(t *testing.T) {
	a, b := open(t, config()), open(t, config())
	sum := sha256.Sum256([]byte("x"))
	if err := a.Put(t.Context(), "k", strings.NewReader("x"), 1, sum[:]); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Stat(t.Context(), "k"); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("the other prefix sees it: %v", err)
	}
}

func TestPing(t *testing.T) {
	if err := open(t, config()).Ping(t.Context()); err != nil {
		t.Errorf("Ping = %v", err)
	}
	for name, change := range map[string]func(*blob.S3Config){
		"no such bucket": func(c *blob.S3Config) { c.Bucket = "nothing-here" },
		"wrong secret":   func(c *blob.S3Config) { c.SecretKey = "other" },
		"wrong key":      func(c *blob.S3Config) { c.AccessKey = "other" },
	} {
		cfg := config()
		change(&cfg)
		s := open(t, cfg)
		if err := s.Ping(t.Context()); !errors.Is(err, blob.ErrBucket) {
			t.Errorf("%s: Ping = %v, want ErrBucket", name, err)
		}
		sum := sha256.Sum256([]byte("x"))
		if err := s.Put(t.Context(), "k", bytes.NewReader([]byte("x")), 1, sum[:]); err == nil {
			t.Errorf("%s: Put succeeds", name)
		}
		if _, err := s.Stat(t.Context(), "k"); err == nil {
			t.Errorf("%s: Stat succeeds", name)
		}
		if _, err := s.List(t.Context(), "", "", 10); err == nil {
			t.Errorf("%s: List succeeds", name)
		}
	}
}
