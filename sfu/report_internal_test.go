package sfu

import (
	"testing"
	"time"

	"github.com/zvonok/zvonok/sfu/media"
)

// TestReportsThatRunAwayAreNotBelieved: the reports are as they were taken from GStreamer 1.22, from a browser, from an
// encoder that thinks for more than a second, and from a line on which they are late.
func TestReportsThatRunAwayAreNotBelieved(t *testing.T) {
	ms := time.Millisecond
	for name, c := range map[string]struct {
		leads    []time.Duration
		believed string
	}{
		"GStreamer": {[]time.Duration{700 * ms, 2400 * ms, 6300 * ms, 12900 * ms, 19370 * ms}, "....."},
		"a browser": {[]time.Duration{20 * ms, 90 * ms, -15 * ms, 240 * ms, 60 * ms}, "+++++"},
		"lookahead": {[]time.Duration{1300 * ms, 1350 * ms, 1280 * ms, 1500 * ms, 1400 * ms}, ".++++"},
		"late":      {[]time.Duration{-1000 * ms, 10 * ms, -3000 * ms, 0, -200 * ms}, "+++++"},
		"one wrong": {[]time.Duration{10 * ms, 5000 * ms, 12 * ms, -60 * ms, 40 * ms}, "+.+++"},
	} {
		var l reportLead
		got := ""
		for _, lead := range c.leads {
			got += map[bool]string{true: "+", false: "."}[l.credible(lead)]
		}
		if got != c.believed {
			t.Errorf("%s: %s, not %s", name, got, c.believed)
		}
	}
}

func TestAWrongReportLeavesTheClockAlone(t *testing.T) {
	b := newBench(media.Camera)
	b.receive(keyPayload)
	at := b.now.Add(time.Second)
	b.up.setReport(toNTP(at), b.ts+90000, at)
	if sr := b.up.report.Load(); sr == nil || !sr.Arrival.Equal(at) {
		t.Fatal("a good report is not taken")
	}
	later := at.Add(time.Second)
	b.up.setReport(toNTP(later), b.ts+6*90000, later)
	if sr := b.up.report.Load(); !sr.Arrival.Equal(at) {
		t.Error("a report that is four seconds ahead is taken")
	}
}
