package loadgen

import (
	"bytes"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/zvonok/zvonok/sfu/sfutest/trace"
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
	for _, o := range []options{
		{Listeners: 2, Length: 2 * time.Second, Floor: true},
		{Listeners: 1, Length: 2 * time.Second, Simulcast: true, Joined: true},
		{Meeting: 3, Length: 2 * time.Second, Server: hallTapped},
		{Meeting: 3, Length: 2 * time.Second, Server: hallPlain},
	} {
		n := max(o.Listeners, o.Meeting)
		r, err := o.run(os.Stderr)
		if err != nil && !errors.Is(err, errVoid) {
			t.Fatal(err)
		}
		if r.Joined != n || r.Received < uint64(200*n) || r.Foreign != 0 || len(r.Picture)+len(r.Sound) != int(r.Received) {
			t.Errorf("%+v: joined %d, received %d, without a stamp %d, latencies %d", o, r.Joined, r.Received, r.Foreign, len(r.Picture)+len(r.Sound))
		}
		if r.Forwarded < r.Received/2 || r.ServerCPU == 0 || r.FullBytes <= 0 || (r.Floor > 0) != o.Floor {
			t.Errorf("%+v: forwarded %d, server's time %v, memory %d, floor %v", o, r.Forwarded, r.ServerCPU, r.FullBytes, r.Floor)
		}
		for _, sorted := range [][]time.Duration{r.Picture, r.Sound} {
			if worst := percentile(sorted, 0.5); worst <= 0 || worst > time.Second {
				t.Errorf("%+v: half of the packets took %v", o, worst)
			}
		}
	}
}

func TestSeats(t *testing.T) {
	for i := range maxSeats {
		if got := seatOf(seatAddress(i).As4()); got != i {
			t.Fatalf("seat %d is taken for %d", i, got)
		}
	}
	for _, a := range [][4]byte{{127, 0, 0, 1}, {127, 77, 0, 0}, {127, 77, 0, 251}, {10, 77, 0, 1}} {
		if seatOf(a) >= 0 {
			t.Errorf("%v is a seat", a)
		}
	}
}

func TestBurstsAreFrames(t *testing.T) {
	packets, err := trace.Chromium()
	if err != nil {
		t.Fatal(err)
	}
	all := bursts(packets, time.Hour)
	frames, pictures := 0, 0
	for _, b := range all {
		if len(b.Lengths) > 1 {
			frames++
			pictures += len(b.Lengths)
		}
	}
	if frames < 250 || frames > 310 || pictures < 1700 || len(all[0].Lengths) < 18 {
		t.Errorf("%d frames of %d packets, the first of %d", frames, pictures, len(all[0].Lengths))
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
