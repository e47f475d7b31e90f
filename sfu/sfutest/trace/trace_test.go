package trace_test

import (
	"bytes"
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/zvonok/zvonok/sfu/sfutest/trace"
)

func TestTraceRoundTrip(t *testing.T) {
	want := []trace.Packet{
		{At: 0, Track: trace.High, Size: 40, Head: []byte{24, 0, 3, 0x67}},
		{At: 20 * time.Microsecond, Track: trace.Voice, TS: 960, Size: 80, Level: 17, Head: []byte{0x78}},
		{At: time.Second, Track: trace.Low, TS: 90000, Size: 1200, Marker: true, Head: []byte{0x7c, 0x85}},
	}
	var file bytes.Buffer
	if err := trace.Write(&file, want); err != nil {
		t.Fatal(err)
	}
	got, err := trace.Read(file.Bytes())
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("got %+v, %v", got, err)
	}
	for _, damaged := range [][]byte{nil, {1, 2, 3}, file.Bytes()[:file.Len()-12]} {
		if _, err := trace.Read(damaged); !errors.Is(err, trace.ErrDamaged) {
			t.Errorf("a damaged trace of %d bytes: %v", len(damaged), err)
		}
	}
}

func TestRecordedTraceIsWhatChromiumSends(t *testing.T) {
	recorded, err := trace.Chromium()
	if err != nil {
		t.Fatal(err)
	}
	var packets, bytes [trace.Tracks]int
	var parameters [trace.Tracks]bool
	for _, p := range recorded {
		packets[p.Track]++
		bytes[p.Track] += p.Size
		parameters[p.Track] = parameters[p.Track] || p.Track < trace.Voice && trace.StartsWithParameters(p.Head)
	}
	if length := recorded[len(recorded)-1].At; length < 9*time.Second || length > 11*time.Second {
		t.Errorf("the trace lasts %v", length)
	}
	for track := range trace.Voice {
		if packets[track] < 100 || !parameters[track] {
			t.Errorf("encoding %s: %d packets, parameter sets %v", trace.RIDs[track], packets[track], parameters[track])
		}
		if track > 0 && bytes[track] <= bytes[track-1] {
			t.Errorf("encoding %s is no larger than the one below: %d bytes", trace.RIDs[track], bytes[track])
		}
	}
	if packets[trace.Voice] < 400 {
		t.Errorf("%d packets of voice", packets[trace.Voice])
	}
}

func TestStampAtThePayloadsEnd(t *testing.T) {
	want := trace.Stamp{Number: 7, Frame: 3, Sent: 1500 * time.Millisecond}
	payload := trace.Packet{Size: 3, Head: []byte{1, 2}}.Payload(nil)
	want.Write(payload)
	if got, ok := trace.ReadStamp(payload); !ok || got != want {
		t.Fatalf("got %+v, %v", got, ok)
	}
	if !bytes.HasPrefix(payload, []byte{1, 2}) {
		t.Errorf("the head is gone: %v", payload)
	}
	for _, foreign := range [][]byte{nil, make([]byte, 100), payload[:len(payload)-1]} {
		if s, ok := trace.ReadStamp(foreign); ok {
			t.Errorf("read %+v in a foreign payload", s)
		}
	}
}
