package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/zvonok/zvonok/api"
	"github.com/zvonok/zvonok/recorder"
	"github.com/zvonok/zvonok/sfu"
	"github.com/zvonok/zvonok/signaling"
	"github.com/zvonok/zvonok/storage/blob"
	"github.com/zvonok/zvonok/storage/catalog"
	"github.com/zvonok/zvonok/web"
)

const (
	// httpDrain is how long requests that run at the end may still take.
	httpDrain = 10 * time.Second
	// databasePatience is how long the database may take at the start before people are told why nothing happens.
	databasePatience = 3 * time.Second
	// databaseRetry is how soon a configured server that refused is asked again.
	databaseRetry = 15 * time.Second
)

// server is the running process. Its fields are set by start, in order, and closed by stop in the opposite one.
type server struct {
	settings settings
	log      *slog.Logger
	out      io.Writer
	key      masterKey

	lock     *os.File
	media    *sfu.Server
	objects  objectStore
	api      *api.Server
	web      *listeners
	relayUDP bool // TURN answers on UDP too
	catalog  *catalog.Catalog
	recorder *recorder.Recorder
	rooms    *signaling.Server
	control  *control
	// watched is set once recorder and rooms are there: /metrics may be read before.
	watched atomic.Pointer[watched]
}

// objectStore is what both stores of package blob are.
type objectStore interface {
	blob.Store
	io.Closer
}

// serve runs the server until ctx ends, then stops it in order. A failure to start is returned after everything that
// had started is stopped.
func serve(ctx context.Context, s settings, out, errOut io.Writer) (err error) {
	level, err := s.level()
	if err != nil {
		return err
	}
	srv := &server{settings: s, out: out, log: slog.New(slog.NewJSONHandler(errOut, &slog.HandlerOptions{Level: level}))}
	defer func() { err = errors.Join(err, srv.stop()) }()
	if err := srv.bind(); err != nil {
		return err
	}
	running, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	srv.web.serve(srv.api, fail)
	if err := srv.start(running); err != nil {
		if ctx.Err() != nil {
			return nil // told to stop before it was up
		}
		return errors.Join(err, causeOf(running))
	}
	if err := srv.welcome(running); err != nil {
		return err
	}
	<-running.Done()
	return causeOf(running)
}

// causeOf is what made a listener fail; being told to stop is no failure.
func causeOf(ctx context.Context) error {
	if err := context.Cause(ctx); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// bind takes what can be refused at once: the folder, the keys, the ports.
func (s *server) bind() (err error) {
	if s.settings.Data, err = filepath.Abs(s.settings.Data); err != nil {
		return err
	}
	// Others may pass through, not look: the embedded database runs as another user when the server runs as root.
	if err := os.MkdirAll(s.settings.Data, 0o711); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	if s.lock, err = lockFolder(s.settings.Data); err != nil {
		return err
	}
	if s.key, err = loadMasterKey(s.settings); err != nil {
		return err
	}
	if s.objects, err = openObjects(s.settings); err != nil {
		return err
	}
	announce, own, err := s.announced()
	if err != nil {
		return err
	}
	s.media, err = sfu.NewServer(sfu.Config{
		Listen: s.settings.MediaListen, Announce: announce, AnnounceOwn: own, TCP: true, StreamPorts: s.settings.streamPorts(), Loopback: s.settings.Listen != "", Logger: s.log.With("part", "sfu"),
	})
	if err != nil {
		return inUse("ZVONOK_MEDIA_LISTEN", s.settings.MediaListen, err)
	}
	if s.api, err = s.newAPI(); err != nil {
		return err
	}
	if s.web, err = listen(s.settings, time.Now, s.log.With("part", "http")); err != nil {
		return err
	}
	s.shareSecure()
	return nil
}

func (s *server) newAPI() (*api.Server, error) {
	proxies, err := s.settings.proxies()
	if err != nil {
		return nil, err
	}
	files, err := web.Files()
	if err != nil {
		s.log.Warn("no web client", "err", err)
	}
	return api.New(api.Config{
		Version: build, PublicURL: s.settings.PublicURL, TrustedProxies: proxies, Files: files,
		Logger: s.log.With("part", "http"), Figures: s.figures,
	})
}

// start opens the database, however long that takes, and what needs it; until then the server answers that it is away.
func (s *server) start(ctx context.Context) error {
	after, text := whileWaiting(s.settings)
	slow := time.AfterFunc(after, func() { fmt.Fprintln(s.out, text) })
	db, err := s.openCatalog(ctx)
	slow.Stop()
	if err != nil {
		return err
	}
	s.catalog = db
	if err := s.join(); err != nil {
		return err
	}
	s.api.Attach(api.Services{
		Catalog: s.catalog, Objects: s.objects, Rooms: s.rooms, MasterKeyBackup: s.key.String(),
		Recordings: s.recorder, Relays: s.relays,
	})
	return s.rooms.Reopen(ctx)
}

// whileWaiting is what people are told while there is no database, and after how long.
func whileWaiting(s settings) (after time.Duration, text string) {
	if s.DatabaseURL != "" {
		return databasePatience, "The server of ZVONOK_DATABASE_URL does not answer yet; pages open and say so. Trying on."
	}
	if _, err := os.Stat(filepath.Join(s.Data, "postgres")); errors.Is(err, os.ErrNotExist) {
		return 0, "Preparing the database: the first start takes a few seconds."
	}
	return databasePatience, "The database is still starting; pages open and say so."
}

// openCatalog tries on as long as a configured server refuses; an embedded one that does not start is a reason to stop.
func (s *server) openCatalog(ctx context.Context) (*catalog.Catalog, error) {
	// The end of the process must not reach the database before everything else has let go of it.
	opening, cancel := context.WithCancel(context.WithoutCancel(ctx))
	release := context.AfterFunc(ctx, cancel)
	defer release()
	config := catalog.Config{URL: s.settings.DatabaseURL, Dir: filepath.Join(s.settings.Data, "postgres"), Logger: s.log.With("part", "catalog")}
	for {
		db, err := catalog.Open(opening, config)
		if err == nil || s.settings.DatabaseURL == "" || ctx.Err() != nil {
			return db, err
		}
		s.log.Error("database refused", "err", err)
		retry := time.NewTimer(databaseRetry)
		select {
		case <-retry.C:
		case <-ctx.Done():
			retry.Stop()
			return nil, ctx.Err()
		}
	}
}

// stop lets go in an order in which nothing that was promised is lost: no new sockets and no more media, the recorder's
// spool, the requests that still run, and the database last.
func (s *server) stop() error {
	var all []error
	note := func(what string, err error) {
		if err != nil {
			all = append(all, fmt.Errorf("%s: %w", what, err))
		}
	}
	if s.api != nil {
		s.api.Drain()
	}
	if s.rooms != nil {
		note("close rooms", s.rooms.Close())
	}
	if s.recorder != nil {
		note("close recorder", s.recorder.Close())
	}
	if s.media != nil {
		note("close media", s.media.Close())
	}
	if s.web != nil {
		note("close http", s.web.close(httpDrain))
	}
	if s.control != nil {
		note("close control socket", s.control.close())
	}
	if s.catalog != nil {
		note("close database", s.catalog.Close())
	}
	if s.objects != nil {
		note("close object store", s.objects.Close())
	}
	if s.lock != nil {
		note("unlock data folder", s.lock.Close())
	}
	return errors.Join(all...)
}

func openObjects(s settings) (objectStore, error) {
	if s.S3Endpoint == "" {
		folder, err := blob.NewFolder(filepath.Join(s.Data, "objects"))
		if err != nil {
			return nil, fmt.Errorf("object folder: %w", err)
		}
		return folder, nil
	}
	store, err := blob.NewS3(blob.S3Config{
		Endpoint: s.S3Endpoint, Region: s.S3Region, Bucket: s.S3Bucket, AccessKey: s.S3AccessKey, SecretKey: s.S3SecretKey,
		Secure: s.S3Secure, Prefix: s.S3Prefix,
	})
	if err != nil {
		return nil, fmt.Errorf("ZVONOK_S3_*: %w", err)
	}
	return store, nil
}
