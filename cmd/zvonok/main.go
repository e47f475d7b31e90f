package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/caarlos0/env/v11"

	"github.com/zvonok/zvonok/cmd/zvonok/loadgen"
)

// build is set by the linker.
var build = "dev"

const usage = `Zvonok: video lessons on a school's own server.

  zvonok [serve] [flags]    run the server; --demo makes a demo school
  zvonok admin [flags]      a one-time sign-in link for an administrator; --password sets a new password
  zvonok settings           every setting, as a table
  zvonok doors --open       WHIP and WHEP on this machine alone, with no school around them: for benchmarks
  zvonok loadgen [flags]    measure the forwarding of media on this machine
  zvonok version

zvonok serve --help lists the flags.
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the first signal stops in order, a second one at once
	err := run(ctx, os.Args[1:])
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "zvonok:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	name := "serve"
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		name, args = args[0], args[1:]
	}
	environment := env.ToMap(os.Environ())
	switch name {
	case "serve":
		s, err := readSettings(environment, args, os.Stderr)
		if err != nil {
			return err
		}
		return serve(ctx, s, os.Stdout, os.Stderr)
	case "admin":
		return admin(ctx, environment, args)
	case "settings":
		fmt.Print(settingsTable())
	case "loadgen":
		// Its exit code says more than failed: a run may be void.
		if code := loadgen.Run(args, os.Stdout, os.Stderr); code != 0 {
			os.Exit(code)
		}
	case "doors":
		return openDoors(ctx, args, os.Stdout, os.Stderr)
	case "version":
		fmt.Println(build)
	case "help", "-h", "--help":
		fmt.Print(usage)
	default:
		fmt.Fprint(os.Stderr, usage)
		return fmt.Errorf("unknown command %q", name)
	}
	return nil
}
