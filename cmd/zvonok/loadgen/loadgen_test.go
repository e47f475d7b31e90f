package loadgen

import (
	"bytes"
	"errors"
	"os"
	"reflect"
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

func TestTraceRoundTrip(t *testing.T) {
	want := []tracePacket{
		{At: 0, Track: traceHigh, Size: 40, Head: []byte{24, 0, 3, 0x67}},
		{At: 20 * time.Microsecond, Track: traceVoice, TS: 960, Size: 80, Level: 17, Head: []byte{0x78}},
		{At: time.Second, Track: traceLow, TS: 90000, Size: 1200, Marker: true, Head: []byte{0x7c, 0x85}},
	}
	var file bytes.Buffer
	if err := writeTrace(&file, want); err != nil {
		t.Fatal(err)
	}
	got, err := readTrace(file.Bytes())
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("got %+v, %v", got, err)
	}
	for _, damaged := range [][]byte{nil, {1, 2, 3}, file.Bytes()[:file.Len()-12]} {
		if _, err := readTrace(damaged); !errors.Is(err, errTrace) {
			t.Errorf("a damaged trace of %d bytes: %v", len(damaged), err)
		}
	}
}

func TestRecordedTraceIsWhatChromiumSends(t *testing.T) {
	trace, err := readTrace(chromiumTrace)
	if err != nil {
		t.Fatal(err)
	}
	var packets, bytes [traceTracks]int
	var parameters [traceTracks]bool
	for _, p := range trace {
		packets[p.Track]++
		bytes[p.Track] += p.Size
		parameters[p.Track] = parameters[p.Track] || p.Track < traceVoice && startsWithParameters(p.Head)
	}
	if length := trace[len(trace)-1].At; length < 9*time.Second || length > 11*time.Second {
		t.Errorf("the trace lasts %v", length)
	}
	for track := range traceVoice {
		if packets[track] < 100 || !parameters[track] {
			t.Errorf("encoding %s: %d packets, parameter sets %v", traceRIDs[track], packets[track], parameters[track])
		}
		if track > 0 && bytes[track] <= bytes[track-1] {
			t.Errorf("encoding %s is no larger than the one below: %d bytes", traceRIDs[track], bytes[track])
		}
	}
	if packets[traceVoice] < 400 {
		t.Errorf("%d packets of voice", packets[traceVoice])
	}
}

func TestStampAtThePayloadsEnd(t *testing.T) {
	want := stamp{Number: 7, Frame: 3, Sent: 1500 * time.Millisecond}
	payload := tracePacket{Size: 3, Head: []byte{1, 2}}.payload(nil)
	want.write(payload)
	if got, ok := readStamp(payload); !ok || got != want {
		t.Fatalf("got %+v, %v", got, ok)
	}
	if !bytes.HasPrefix(payload, []byte{1, 2}) {
		t.Errorf("the head is gone: %v", payload)
	}
	for _, foreign := range [][]byte{nil, make([]byte, 100), payload[:len(payload)-1]} {
		if s, ok := readStamp(foreign); ok {
			t.Errorf("read %+v in a foreign payload", s)
		}
	}
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
