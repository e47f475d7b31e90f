package main

import (
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/zvonok/zvonok/storage/catalog/catalogtest"
)

// metricsOf reads a running server's metrics.
func metricsOf(t *testing.T, r *running) string {
	t.Helper()
	response, err := http.Get(r.ready.URL + "/metrics") //nolint:noctx // a test's
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("/metrics: %s, %v", response.Status, err)
	}
	return string(text)
}

// TestTheReadmesAlarmsExist: each metric that the README tells to watch is there on a running server, before anything
// happened; and nothing of ours names a person or a lesson or has more series than the program itself makes.
func TestTheReadmesAlarmsExist(t *testing.T) {
	text := metricsOf(t, launch(t, t.TempDir(), catalogtest.URL(t), "--demo"))
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(readme), "<!-- alarms -->")
	table, _, _ = strings.Cut(table, "<!-- /alarms -->")
	names := regexp.MustCompile("(?m)^\\| `([a-z_]+)`").FindAllStringSubmatch(table, -1)
	if len(names) < 10 {
		t.Fatalf("the README names %d metrics", len(names))
	}
	for _, name := range names {
		if !regexp.MustCompile(`(?m)^` + name[1] + `[ {]`).MatchString(text) {
			t.Errorf("there is no %s", name[1])
		}
	}
	series := regexp.MustCompile(`(?m)^zvonok_(?:recorder|signaling)_[a-z_]+(?:\{([a-z]+)="([^"]*)"\})? `).FindAllStringSubmatch(text, -1)
	if len(series) < 50 || len(series) > 100 {
		t.Errorf("%d series of recorder and rooms", len(series))
	}
	for _, s := range series {
		switch s[1] {
		case "", "role", "type", "reason", "le":
		default:
			t.Errorf("a label %s", s[1])
		}
		if len(s[2]) > 16 {
			t.Errorf("a label's value %q: an id?", s[2])
		}
	}
}
