package recorder

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/zvonok/zvonok/recorder/internal/testmedia"
	"github.com/zvonok/zvonok/sfu/media"
)

const killDir = "ZVONOK_TEST_KILL_DIR"

// TestMain lets the test binary be the process that TestKill kills.
func TestMain(m *testing.M) {
	if dir := os.Getenv(killDir); dir != "" {
		recordForever(dir)
	}
	os.Exit(m.Run())
}

// child is the part of a test that a process has which is no test: what fails, fails loudly.
type child struct{ testing.TB }

func (child) Helper()                           {}
func (child) Fatal(args ...any)                 { panic(fmt.Sprint(args...)) }
func (child) Error(args ...any)                 { panic(fmt.Sprint(args...)) }
func (child) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

// recordForever records until the process is killed.
func recordForever(dir string) {
	t := child{}
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

// seedOf gives the seed of a test's chances: ZVONOK_TEST_SEED repeats a run, the log says which it was.
func seedOf(t *testing.T) uint64 {
	t.Helper()
	seed := rand.Uint64()
	if text := os.Getenv("ZVONOK_TEST_SEED"); text != "" {
		var err error
		if seed, err = strconv.ParseUint(text, 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("ZVONOK_TEST_SEED=%d", seed)
	return seed
}

// A process that records is killed; what was sent up to half a second before is in the recovered recording.
func TestKill(t *testing.T) {
	seed := seedOf(t)
	for round := range 3 {
		t.Run(fmt.Sprint(round), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			chance := rand.New(rand.NewPCG(seed, uint64(round)))
			killed := recordAndKill(t, dir, 2*time.Second+time.Duration(chance.IntN(2500))*time.Millisecond)
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
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), killDir+"="+dir)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var trouble bytes.Buffer
	child.Stderr = &trouble
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
		t.Fatalf("the child did not record: %v\n%s", child.Wait(), trouble.String())
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
