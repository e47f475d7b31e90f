package main

import (
	"bytes"
	"os"
	"testing"

	"github.com/zvonok/zvonok/signaling"
)

// The web client must be built from the messages that the server speaks.
func TestGeneratedFileIsUpToDate(t *testing.T) {
	found, err := readDocs("../../messages.go")
	if err != nil {
		t.Fatal(err)
	}
	want, err := generate(signaling.Requests(), signaling.Events(), found)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../../web/src/protocol/generated.ts")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Fatal("web/src/protocol/generated.ts is stale: run go generate ./signaling")
	}
}
