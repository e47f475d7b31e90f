package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/zvonok/zvonok/signaling"
)

func main() {
	comments := flag.String("comments", "messages.go", "Go file whose comments are carried over")
	out := flag.String("out", "", "file to write")
	flag.Parse()
	if err := write(*comments, *out); err != nil {
		fmt.Fprintln(os.Stderr, "tsgen:", err)
		os.Exit(1)
	}
}

func write(comments, out string) error {
	docs, err := readDocs(comments)
	if err != nil {
		return err
	}
	text, err := generate(signaling.Requests(), signaling.Events(), docs)
	if err != nil {
		return err
	}
	return os.WriteFile(out, text, 0o644)
}
