package main

import (
	"bufio"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

func TestCommandOpensDoorsAndObeys(t *testing.T) {
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = server.Close() }()
	in, stdin := io.Pipe()
	stdout, out := io.Pipe()
	done := make(chan error, 1)
	go func() {
		done <- run([]string{"-server", server.LocalAddr().String(), "-seed", "3"}, in, out)
		_ = out.Close()
	}()
	lines := bufio.NewScanner(stdout)
	next := func() string {
		if !lines.Scan() {
			t.Fatal("no more output")
		}
		return lines.Text()
	}
	door, ok := strings.CutPrefix(next(), "udp ")
	if !ok {
		t.Fatal("no door")
	}
	tell := func(line, want string) {
		t.Helper()
		if _, err := io.WriteString(stdin, line+"\n"); err != nil {
			t.Fatal(err)
		}
		if got := next(); !strings.HasPrefix(got, want) {
			t.Errorf("%q was answered %q", line, got)
		}
	}
	client, err := net.Dial("udp", door)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	if _, err := client.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	_ = server.SetReadDeadline(time.Now().Add(5 * time.Second))
	buf := make([]byte, 16)
	if n, _, err := server.ReadFrom(buf); err != nil || string(buf[:n]) != "hello" {
		t.Fatalf("%q %v", buf[:n], err)
	}
	tell("down rate=150k", "ok down rate=150k")
	tell("sideways", "error")
	tell("counts", "up {Offered:1 Passed:1")
	_ = stdin.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
