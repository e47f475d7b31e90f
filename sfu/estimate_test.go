package sfu_test

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/zvonok/zvonok/sfu"
	"github.com/zvonok/zvonok/sfu/media"
	"github.com/zvonok/zvonok/sfu/sfutest"
	"github.com/zvonok/zvonok/sfu/sfutest/impair"
)

var candidatePort = regexp.MustCompile(`(a=candidate:\S+ 1 \S+ \d+ \S+ )(\d+)`)

// behind puts a client behind a link: the answers that it gets lead through the link's door.
func (w *world) behind(link *impair.Link, m sfu.Member) func(context.Context, sfu.Subscription) (string, error) {
	w.t.Helper()
	door, err := link.UDP("127.0.0.1:0", w.server.Addr().String())
	if err != nil {
		w.t.Fatal(err)
	}
	return func(ctx context.Context, sub sfu.Subscription) (string, error) {
		answer, err := m.Subscribe(ctx, sub)
		return candidatePort.ReplaceAllString(answer, fmt.Sprintf("${1}%d", door.Port())), err
	}
}

// movie writes 25 pictures a second of so many parts, 400 bytes each, keyframes of six times as many when asked.
func movie(p *sfutest.Publisher, e *sfutest.Encoding, height, parts int) {
	video := sfutest.NewVideo(height)
	var ts uint32
	p.Every(40*time.Millisecond, func(time.Time) bool {
		frame := video.Delta(parts)
		select {
		case <-e.Keyframe():
			frame = video.Keyframe(6 * parts)
		default:
			if ts == 0 {
				frame = video.Keyframe(6 * parts)
			}
		}
		ts += 3600
		return writeFrame(e, ts, frame) == nil
	})
}

// lesson is one publisher with three layers of about 180, 450 and 1,500 kbit/s and a voice, and a viewer behind a link.
type lesson struct {
	*world
	viewer *sfu.Participant
	in     *inbox
	link   *impair.Link
	began  time.Time
}

func newLesson(t *testing.T, shape impair.Shape) *lesson {
	w := newWorld(t, nil)
	m, viewer := w.join("a", sfu.Capabilities{}), w.join("b", sfu.Capabilities{})
	p := w.publish(m, sfutest.Options{}, []string{"q", "h", "f"}, media.Camera, media.Microphone)
	for i, parts := range []int{2, 5, 17} {
		movie(p, p.Camera[i], 180<<i, parts)
	}
	tone(p, p.Microphone, 20, 1)
	link := impair.NewLink(1)
	t.Cleanup(func() { _ = link.Close() })
	link.SetDown(shape)
	viewer.SetView(sfu.View{StageHeight: 720})
	in := w.subscribeBy(w.behind(link, viewer), sfutest.Options{Feedback: true}, media.SlotStageVideo, media.SlotStageVoice)
	person, ok := viewer.(*sfu.Participant)
	if !ok {
		t.Fatal("the member is not a participant")
	}
	return &lesson{w, person, in, link, time.Now()}
}

// after gives how long a condition takes to come true.
func (l *lesson) after(what string, ok func(d sfu.Downlink) bool) time.Duration {
	l.t.Helper()
	from := time.Now()
	l.until(what, func() bool { return ok(l.viewer.Downlink()) })
	return time.Since(from)
}

func (l *lesson) paused() bool { return l.events.slot("b", 0).Paused }

func TestTheEstimateFollowsThePath(t *testing.T) {
	const mega = 1_000_000
	l := newLesson(t, impair.Shape{Rate: 3 * mega, Delay: 25 * time.Millisecond})
	rise := l.after("80 % of the demand", func(d sfu.Downlink) bool { return d.Known && d.Estimate >= 1_300_000 })
	l.until("the largest layer", func() bool { return heightIn(l.in, 0) == 720 })

	l.link.SetDown(impair.Shape{Rate: 600_000, Delay: 25 * time.Millisecond})
	fall := l.after("at most 120 %", func(d sfu.Downlink) bool { return d.Estimate <= 720_000 })
	l.until("a smaller layer", func() bool { return heightIn(l.in, 0) == 360 || heightIn(l.in, 0) == 180 })
	l.until("an empty queue", func() bool { return l.viewer.Downlink().Queue < 100*time.Millisecond })
	low := l.after("80 % of 600 kbit/s", func(d sfu.Downlink) bool { return d.Estimate >= 480_000 })

	l.link.SetDown(impair.Shape{Rate: 3 * mega, Delay: 25 * time.Millisecond})
	back := l.after("80 % of the demand again", func(d sfu.Downlink) bool { return d.Estimate >= 1_300_000 })
	l.until("the largest layer again", func() bool { return heightIn(l.in, 0) == 720 })
	t.Logf("up after %v, down after %v (80 %% of it %v later), up again after %v", rise, fall, low, back)
	if rise > 15*time.Second || fall > 5*time.Second || back > 15*time.Second { // bounds for a busy machine with the race detector
		t.Error("too late")
	}
}

func TestAPictureWithoutRoomIsPausedAndTold(t *testing.T) {
	l := newLesson(t, impair.Shape{Rate: 3_000_000, Delay: 25 * time.Millisecond})
	l.until("the largest layer", func() bool { return heightIn(l.in, 0) == 720 })
	l.link.SetDown(impair.Shape{Rate: 110_000, Delay: 25 * time.Millisecond, Queue: 20_000})
	fell := l.after("paused", func(sfu.Downlink) bool { return l.paused() })
	l.link.SetDown(impair.Shape{Rate: 3_000_000, Delay: 25 * time.Millisecond})
	rose := l.after("not paused", func(sfu.Downlink) bool { return !l.paused() })
	back := l.after("the largest layer again", func(sfu.Downlink) bool { return heightIn(l.in, 0) == 720 })
	t.Logf("paused after %v, shown again after %v, large after %v more", fell, rose, back)
	if fell > 5*time.Second || rose+back > 20*time.Second {
		t.Error("too late")
	}
	if n := len(slices.Collect(voicesIn(l.in))); n == 0 {
		t.Error("no sound")
	}
}

func voicesIn(in *inbox) func(yield func(sfutest.Received) bool) {
	return func(yield func(sfutest.Received) bool) {
		for _, r := range in.snapshot() {
			if r.Codec == media.Opus && !yield(r) {
				return
			}
		}
	}
}
