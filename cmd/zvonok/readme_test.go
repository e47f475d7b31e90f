package main

import (
	"flag"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the settings' table into the README")

// TestTheReadmeNamesEverySetting keeps the README's table what the program reads.
func TestTheReadmeNamesEverySetting(t *testing.T) {
	const file, from, to = "../../README.md", "<!-- settings -->\n", "<!-- /settings -->"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), from)
	table, after, closed := strings.Cut(rest, to)
	if !ok || !closed {
		t.Fatal("README.md has lost the marks around the settings' table")
	}
	if table == settingsTable() {
		return
	}
	if !*update {
		t.Fatal("the README's table of settings is stale: go test ./cmd/zvonok -run Readme -update")
	}
	if err := os.WriteFile(file, []byte(before+from+settingsTable()+to+after), 0o644); err != nil {
		t.Fatal(err)
	}
}
