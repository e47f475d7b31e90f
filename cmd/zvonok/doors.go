package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/zvonok/zvonok/api"
	"github.com/zvonok/zvonok/sfu"
)

// maxOpenViewers bounds one name of the open doors; the machine gives up long before.
const maxOpenViewers = 100_000

// openDoors is `zvonok doors --open`: WHIP and WHEP for benchmarks, with no school around them and no token. It refuses
// every address but a loopback one, and runs until ctx ends.
func openDoors(ctx context.Context, args []string, out, errOut io.Writer) (err error) {
	flags := flag.NewFlagSet("zvonok doors", flag.ContinueOnError)
	flags.SetOutput(errOut)
	open := flags.Bool("open", false, "no school, no token: POST /whip/{name} publishes, POST /whep/{name} receives it")
	listen := flags.String("listen", "127.0.0.1:8890", "address of http; loopback only")
	mediaListen := flags.String("media-listen", "127.0.0.1:0", "address of media (UDP); loopback only")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if !*open || flags.NArg() > 0 {
		flags.Usage()
		return errors.New("the doors of a school are part of serve; here there are only open ones: zvonok doors --open")
	}
	for name, address := range map[string]string{"--listen": *listen, "--media-listen": *mediaListen} {
		if err := loopbackOnly(name, address); err != nil {
			return err
		}
	}
	log := slog.New(slog.NewJSONHandler(errOut, &slog.HandlerOptions{Level: slog.LevelWarn}))
	media, err := sfu.NewServer(sfu.Config{Listen: *mediaListen, TCP: true, MaxParticipants: maxOpenViewers, Logger: log.With("part", "sfu")})
	if err != nil {
		return fmt.Errorf("--media-listen %s: %w", *mediaListen, err)
	}
	defer func() { err = errors.Join(err, media.Close()) }()
	doors := api.NewOpen(api.OpenConfig{
		Version: build, Media: media, Logger: log.With("part", "http"),
		Figures: func() []api.Figure { return mediaFigures(media.Stats()) },
	})
	defer doors.Close()
	listener, err := net.Listen("tcp", *listen)
	if err != nil {
		return fmt.Errorf("--listen %s: %w", *listen, err)
	}
	server := &http.Server{Handler: doors, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, MaxHeaderBytes: 16 << 10}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() }) // what it returns, Serve returns too
	defer stop()
	fmt.Fprintf(out, "Open doors at http://%s — POST /whip/{name} publishes, POST /whep/{name} receives, /metrics counts.\n", listener.Addr())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// loopbackOnly refuses an address that others could reach.
func loopbackOnly(name, address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("%s %s: %w", name, address, err)
	}
	ip, err := netip.ParseAddr(host)
	if host != "localhost" && (err != nil || !ip.IsLoopback()) {
		return fmt.Errorf("%s %s: open doors are for this machine only: use a loopback address such as 127.0.0.1", name, address)
	}
	return nil
}
