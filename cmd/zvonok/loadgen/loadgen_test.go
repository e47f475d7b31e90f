package loadgen

import (
	"bytes"
	"errors"
	"os"
	"testing"
	"time"
)

// TestMain lets the test binary be its own child, as the program is.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "loadgen" {
		os.Exit(Run(os.Args[2:], os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

func TestTonesAreThere(t *testing.T) {
	for _, tone := range []int{1601, 1889} {
		for _, soft := range []bool{false, true} {
			packets, err := talkOptions{Tone: tone, Soft: soft}.packets()
			if err != nil || len(packets) < 100 || len(packets) > 102 {
				t.Errorf("tone %d, soft %v: %d packets, %v", tone, soft, len(packets), err)
			}
		}
	}
	if _, err := (talkOptions{Tone: 1}).packets(); err == nil {
		t.Error("a tone that nobody recorded")
	}
}

func TestPercentiles(t *testing.T) {
	sorted := make([]time.Duration, 100)
	for i := range sorted {
		sorted[i] = time.Duration(i+1) * time.Millisecond
	}
	for p, want := range map[float64]time.Duration{0: 1, 0.5: 51, 0.99: 100, 1: 100} {
		if got := percentile(sorted, p); got != want*time.Millisecond {
			t.Errorf("p%v is %v", p, got)
		}
	}
	if percentile(nil, 0.5) != 0 {
		t.Error("a percentile of nothing")
	}
}

func TestLectureThroughAServer(t *testing.T) {
	r, err := lecture(lectureOptions{Listeners: 2, Length: 2 * time.Second}, os.Stderr)
	if err != nil && !errors.Is(err, errVoid) {
		t.Fatal(err)
	}
	if r.Joined != 2 || r.Received < 400 || r.Foreign != 0 || len(r.Latencies) != int(r.Received) {
		t.Errorf("joined %d, received %d, without a stamp %d, latencies %d", r.Joined, r.Received, r.Foreign, len(r.Latencies))
	}
	if r.Forwarded < r.Received/2 || r.ServerCPU == 0 {
		t.Errorf("forwarded %d, server's time %v", r.Forwarded, r.ServerCPU)
	}
	if worst := percentile(r.Latencies, 0.5); worst <= 0 || worst > time.Second {
		t.Errorf("half of the packets took %v", worst)
	}
}

func TestWrongArgumentsAreExplained(t *testing.T) {
	var out, trouble bytes.Buffer
	for _, args := range [][]string{{}, {"--nonsense"}, {"--lecture", "x"}} {
		trouble.Reset()
		if code := Run(args, &out, &trouble); code != exitUsage || trouble.Len() == 0 {
			t.Errorf("%v: code %d, %q", args, code, trouble.String())
		}
	}
}
