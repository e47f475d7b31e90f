package main

import (
	"io"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

// TestSampleSettings keeps deploy honest: every setting in the sample exists, and what is not commented out works.
func TestSampleSettings(t *testing.T) {
	text, err := os.ReadFile("../../deploy/zvonok.env")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	kinds := reflect.TypeFor[settings]()
	for i := range kinds.NumField() {
		known[kinds.Field(i).Tag.Get("env")] = true
	}
	active := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^(#?)(ZVONOK_\w+)=(.*)$`).FindAllStringSubmatch(string(text), -1) {
		if !known[m[2]] {
			t.Errorf("there is no setting %s", m[2])
		}
		if m[1] == "" {
			active[m[2]] = m[3]
		}
	}
	if len(active) == 0 {
		t.Error("the sample sets nothing")
	}
	if _, err := readSettings(active, nil, io.Discard); err != nil {
		t.Errorf("the sample does not work: %v", err)
	}
}

// TestUnitStartsWhatExists reads the unit's command line as the server would.
func TestUnitStartsWhatExists(t *testing.T) {
	text, err := os.ReadFile("../../deploy/zvonok.service")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`(?m)^ExecStart=(\S+) serve ?(.*)$`).FindStringSubmatch(string(text))
	if m == nil {
		t.Fatal("the unit does not run zvonok serve")
	}
	if _, err := readSettings(nil, strings.Fields(m[2]), io.Discard); err != nil {
		t.Error(err)
	}
	for _, want := range []string{"EnvironmentFile=/etc/zvonok.env", "StateDirectory=zvonok", "TimeoutStopSec="} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the unit lacks %s", want)
		}
	}
}
