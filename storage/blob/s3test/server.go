package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/embedgw"
)

// serverConfig is what a server needs; Buckets are made when missing.
type serverConfig struct {
	Dir       string // holds the buckets, and what the server knows of its objects
	Addr      string // host:port
	AccessKey string
	SecretKey string
	Buckets   []string
}

const (
	healthPath = "/healthz"
	// copyLimit is the largest object that CopyObject takes, in bytes; the library's own default is none at all.
	copyLimit = 5 << 30
	readyPoll = 20 * time.Millisecond
)

// The rules of S3 for bucket names, as far as they matter here.
var bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

// serve runs the server until ctx ends; there can be one in a process. ready is called once it answers.
func serve(ctx context.Context, cfg serverConfig, ready func()) error {
	objects, sidecar := filepath.Join(cfg.Dir, "buckets"), filepath.Join(cfg.Dir, "meta")
	for _, bucket := range cfg.Buckets {
		if !bucketName.MatchString(bucket) {
			return fmt.Errorf("bad bucket name %q", bucket)
		}
		if err := os.MkdirAll(filepath.Join(objects, bucket), 0o700); err != nil {
			return err
		}
	}
	if err := errors.Join(os.MkdirAll(objects, 0o700), os.MkdirAll(sidecar, 0o700)); err != nil {
		return err
	}
	// Beside the objects rather than in extended attributes, which not every file system of a test machine has.
	store, err := meta.NewSideCar(sidecar)
	if err != nil {
		return err
	}
	backend, err := posix.New(objects, store, posix.PosixOpts{
		SideCarDir: sidecar, Concurrency: 256, CopyObjectThreshold: copyLimit,
	})
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 1)
	// No connection is kept: this server leaves the framing of an empty signed upload unread and takes it for the next
	// request of a kept connection, which then gets a 400 that belongs to nobody.
	go func() {
		ended <- embedgw.RunVersityGW(ctx, backend, &embedgw.Config{
			RootUserAccess: cfg.AccessKey, RootUserSecret: cfg.SecretKey, Ports: []string{cfg.Addr}, HealthPath: healthPath,
			MaxConnections: 1024, MaxRequests: 512, MultipartMaxParts: 10_000, Quiet: true,
		})
	}()
	if waitReady(ctx, cfg.Addr, ended) {
		ready()
	}
	err = <-ended
	backend.Shutdown()
	return err
}

// waitReady polls the server's health; false: it ended or ctx did.
func waitReady(ctx context.Context, addr string, ended chan error) bool {
	poll := time.NewTicker(readyPoll)
	defer poll.Stop()
	client := http.Client{Timeout: time.Second}
	for {
		if answer, err := client.Get("http://" + addr + healthPath); err == nil {
			if closing := answer.Body.Close(); closing == nil && answer.StatusCode == http.StatusOK {
				return true
			}
		}
		select {
		case err := <-ended:
			ended <- err // for who waits behind us
			return false
		case <-ctx.Done():
			return false
		case <-poll.C:
		}
	}
}
