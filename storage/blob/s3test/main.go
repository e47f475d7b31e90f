package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// The keys come by the environment, as VersityGW has them itself.
const (
	accessVariable = "ROOT_ACCESS_KEY"
	secretVariable = "ROOT_SECRET_KEY" //nolint:gosec // the name of a variable
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "s3server:", err)
		os.Exit(1)
	}
}

// run prints one line, "ready http://ADDR", once the server answers, and ends on SIGINT or SIGTERM.
func run() error {
	dir := flag.String("dir", "", "folder of the objects")
	addr := flag.String("addr", "127.0.0.1:7070", "address to listen on")
	buckets := flag.String("bucket", "zvonok", "buckets to make, separated by commas")
	flag.Parse()
	cfg := serverConfig{
		Dir: *dir, Addr: *addr, AccessKey: os.Getenv(accessVariable), SecretKey: os.Getenv(secretVariable),
		Buckets: strings.FieldsFunc(*buckets, func(r rune) bool { return r == ',' }),
	}
	if cfg.Dir == "" || cfg.AccessKey == "" || cfg.SecretKey == "" {
		return fmt.Errorf("-dir, %s and %s are needed", accessVariable, secretVariable)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	return serve(ctx, cfg, func() { fmt.Println("ready http://" + cfg.Addr) })
}
