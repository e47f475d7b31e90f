package whip_test

import (
	"bufio"
	"context"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

// webrtcbin is GStreamer's own WebRTC with one POST around it; the distribution's Python has its bindings.
func webrtcbin(t *testing.T, arguments ...string) (said func(string) int) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, "/usr/bin/python3", append([]string{"testdata/webrtcbin.py"}, arguments...)...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var lines []string
	var reading sync.WaitGroup
	reading.Go(func() {
		for scanner := bufio.NewScanner(out); scanner.Scan(); {
			mu.Lock()
			lines = append(lines, scanner.Text())
			mu.Unlock()
		}
	})
	t.Cleanup(func() {
		cancel()
		reading.Wait()
		_ = cmd.Wait() // killed
		if t.Failed() {
			t.Logf("webrtcbin %s:\n%s", strings.Join(arguments, " "), strings.Join(lines, "\n"))
		}
	})
	return func(word string) int {
		mu.Lock()
		defer mu.Unlock()
		n := 0
		for _, line := range lines {
			if strings.HasPrefix(line, word) {
				n++
			}
		}
		return n
	}
}

// TestGStreamerBothWays: what one GStreamer encodes, another decodes, in three codecs.
func TestGStreamerBothWays(t *testing.T) {
	for _, codec := range []string{"vp8", "h264", "vp9"} {
		t.Run(codec, func(t *testing.T) {
			url, _ := openDoors(t)
			sent := webrtcbin(t, "publish", url+"/whip/studio", codec)
			until(t, "the publisher's session", func() bool { return sent("session ") == 1 })
			played := webrtcbin(t, "play", url+"/whep/studio", codec)
			until(t, "decoded picture and sound", func() bool { return played("picture 320x240") >= 2 && played("sound") >= 2 })
		})
	}
}
