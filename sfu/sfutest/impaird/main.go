package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/zvonok/zvonok/sfu/sfutest/impair"
)

func main() {
	if err := run(os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string, in io.Reader, out io.Writer) error {
	flags := flag.NewFlagSet("impaird", flag.ContinueOnError)
	server := flags.String("server", "", "UDP address of the server")
	tcp := flags.String("tcp", "", "TCP address of the server, when there is to be a door for streams")
	listen := flags.String("listen", "127.0.0.1:0", "where clients find the doors")
	seed := flags.Uint64("seed", 1, "seed of all decisions")
	script := flags.String("script", "", "file with steps")
	if err := flags.Parse(args); err != nil {
		return err
	}
	link := impair.NewLink(*seed)
	defer func() { _ = link.Close() }()
	say := printer(out)
	if *server != "" {
		addr, err := link.UDP(*listen, *server)
		if err != nil {
			return err
		}
		say("udp", addr)
	}
	if *tcp != "" {
		addr, err := link.TCP(*listen, *tcp)
		if err != nil {
			return err
		}
		say("tcp", addr)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wait sync.WaitGroup
	defer wait.Wait()
	defer cancel()
	if *script != "" {
		steps, err := readScript(*script)
		if err != nil {
			return err
		}
		wait.Go(func() { _ = link.Play(ctx, steps, func(s impair.Step) { say("ok", s.Text) }) })
	}
	return obey(link, in, say)
}

// printer writes whole lines from any goroutine.
func printer(out io.Writer) func(...any) {
	var mu sync.Mutex
	return func(words ...any) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintln(out, words...)
	}
}

func readScript(path string) ([]impair.Step, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	return impair.ParseScript(file)
}

func obey(link *impair.Link, in io.Reader, say func(...any)) error {
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		if lines.Text() == "counts" {
			up, down := link.Counts()
			say(fmt.Sprintf("up %+v down %+v", up, down))
			continue
		}
		step, err := impair.ParseStep(lines.Text())
		if err == nil {
			err = step.Apply(link)
		}
		if err != nil {
			say("error", err)
			continue
		}
		say("ok", step.Text)
	}
	return lines.Err()
}
