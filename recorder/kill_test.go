package recorder

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/zvonok/zvonok/recorder/internal/testmedia"
	"github.com/zvonok/zvonok/sfu/media"
)

const killDir = "ZVONOK_TEST_KILL_DIR"

// TestKilledChild is the child of TestKill; by itself it has nothing to do.
func TestKilledChild(t *testing.T) {
	dir := os.Getenv(killDir)
	if dir == "" {
		return
	}
	clip := testmedia.Video(t, media.H264, "320x180", 30, 300)
	g := newRig(t, dir)
	g.tone = tone(t, 600)
	g.index.set(func() { g.index.away = true }) // its index dies with it; what it was told must stay in the spool
	cam, voice := g.teacher(clip)
	g.start()
	fmt.Println("started", g.id)
	for {
		fmt.Println("sent", cam.sent.Load(), voice.sent.Load(), time.Now().UnixMilli())
		time.Sleep(20 * time.Millisecond)
	}
}

// A process that records is killed; what was sent up to half a second before is in the recovered recording.
func TestKill(t *testing.T) {
	for round := range 3 {
		t.Run(fmt.Sprint(round), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			killed := recordAndKill(t, dir, 2*time.Second+time.Duration(rand.IntN(2500))*time.Millisecond)
			g := newRig(t, dir)
			defer g.rec.Close()
			g.rec.mu.Lock()
			for id := range g.rec.waiting {
				g.id = id
			}
			g.rec.mu.Unlock()
			if g.id == uuid.Nil {
				t.Fatal("nothing to continue")
			}
			if err := g.rec.Stop(context.Background(), g.id); err != nil {
				t.Fatal(err)
			}
			g.settle()
			r := g.result()
			at := killed.Sub(r.StartedAt)
			for source, limit := range map[string]time.Duration{"camera": 500, "microphone": 500, "mix": 500} {
				all := r.pictures(r.of("", source))
				if len(all) == 0 {
					t.Errorf("no %s", source)
					continue
				}
				r.continuous(source, all, time.Millisecond)
				last := all[len(all)-1]
				lost := at - last.at - last.dur
				t.Logf("%s: %v lost", source, lost)
				if lost > limit*time.Millisecond {
					t.Errorf("%s ends %v before the kill", source, lost)
				}
			}
			if frames, complaints := decode(t, filepath.Join(r.vod(), "video.m3u8")); frames == 0 || complaints != "" {
				t.Errorf("%d pictures\n%s", frames, complaints)
			}
		})
	}
}

func recordAndKill(t *testing.T, dir string, after time.Duration) time.Time {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run=^TestKilledChild$", "-test.v")
	child.Env = append(os.Environ(), killDir+"="+dir)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	started := false
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "started") {
			started = true
			break
		}
	}
	if !started {
		t.Fatal("the child did not record")
	}
	timer := time.NewTimer(after)
	defer timer.Stop()
	go func() {
		for lines.Scan() { // the pipe stays empty
		}
	}()
	<-timer.C
	killed := time.Now()
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait() // says that it was killed
	return killed
}
