package stream

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"github.com/zvonok/zvonok/sfu/internal/egress"
)

func media(n int, tag byte) []byte {
	b := bytes.Repeat([]byte{tag}, n)
	b[0] = 0x80
	return b
}

func TestQueueLosesTheOldestFirst(t *testing.T) {
	q := NewQueue(time.Now)
	const size = 1200
	fits := queueBytes / size
	for i := range fits + 10 {
		if !q.Put(netip.AddrPort{}, media(size, byte(i))) {
			t.Fatal("put refused")
		}
	}
	if q.Lost() != 10 {
		t.Errorf("%d lost, want 10", q.Lost())
	}
	buf := make([]byte, MaxFrame)
	if n, _, ok := q.Take(buf); !ok || n != size || buf[1] != 10 {
		t.Errorf("took %d bytes of datagram %d, want the eleventh", n, buf[1])
	}
}

func TestQueueLosesMediaThatWaitedButNotHandshakes(t *testing.T) {
	now := time.Unix(0, 0)
	q := NewQueue(func() time.Time { return now })
	q.Put(netip.AddrPort{}, media(100, 1))
	q.Put(netip.AddrPort{}, []byte{22, 1, 2, 3})
	now = now.Add(stale + time.Millisecond)
	q.Put(netip.AddrPort{}, media(100, 2))
	b, ok := q.TakeFrames(nil, 1000)
	want := append([]byte{0, 4, 22, 1, 2, 3}, frame(media(100, 2))...)
	if !ok || !bytes.Equal(b, want) {
		t.Errorf("took %x, want %x", b, want)
	}
	if q.Lost() != 1 {
		t.Errorf("%d lost, want 1", q.Lost())
	}
}

func TestQueueTakesUpToTheLimit(t *testing.T) {
	q := NewQueue(time.Now)
	for range 5 {
		q.Put(netip.AddrPort{}, media(400, 1))
	}
	if b, _ := q.TakeFrames(nil, 1000); len(b) != 2*402 {
		t.Errorf("%d bytes, want two frames", len(b))
	}
	if b, _ := q.TakeFrames(nil, 10); len(b) != 402 {
		t.Errorf("%d bytes, want one frame even above the limit", len(b))
	}
	if !q.Put(netip.AddrPort{}, media(MaxFrame, 1)) || q.Put(netip.AddrPort{}, media(MaxFrame+1, 1)) {
		t.Error("the longest datagram is not where it should be")
	}
}

func TestQueueCloseWakesTheTaker(t *testing.T) {
	q := NewQueue(time.Now)
	done := make(chan bool)
	go func() {
		_, _, ok := q.Take(make([]byte, 10))
		done <- ok
	}()
	q.Close()
	if <-done {
		t.Error("took something from an empty queue")
	}
	if q.Put(netip.AddrPort{}, []byte{1}) {
		t.Error("put into a closed queue")
	}
}

func TestQueueUsesItsBuffersAgain(t *testing.T) {
	q := NewQueue(time.Now)
	datagram, buf := media(1200, 1), make([]byte, 0, 16<<10)
	allocs := testing.AllocsPerRun(1000, func() {
		for range 8 {
			q.Put(netip.AddrPort{}, datagram)
		}
		buf, _ = q.TakeFrames(buf[:0], 16<<10)
	})
	if allocs > 4 { // none, but for what the race detector makes the pool forget
		t.Errorf("%.2f allocations for eight datagrams", allocs)
	}
}

// TestAFullQueueLosesPicturesUpToAKeyframeAndKeepsSound is a peer that takes nothing for a while, and then everything.
func TestAFullQueueLosesPicturesUpToAKeyframeAndKeepsSound(t *testing.T) {
	now := time.Unix(100, 0)
	q := NewQueue(func() time.Time { return now })
	var waiting []byte // tags of what was taken, in order
	put := func(ssrc uint32, kind egress.Kind, size int, tag byte) (bool, bool) {
		b := media(size, tag)
		binary.BigEndian.PutUint32(b[8:], ssrc)
		taken, starved := q.PutGraded(netip.AddrPort{}, b, kind)
		if taken {
			waiting = append(waiting, tag)
		}
		return taken, starved
	}
	empty := func() (tags []byte) {
		buf := make([]byte, MaxFrame)
		for q.n > 0 {
			if n, _, ok := q.Take(buf); ok {
				tags = append(tags, buf[n-1])
			}
		}
		return tags
	}
	const picture, again, sound = 1, 2, 3
	put(picture, egress.KeyVideo, 1200, 0)
	for range queueDatagrams {
		put(picture, egress.Video, 1200, 1)
	}
	if taken, starved := put(picture, egress.Video, 1200, 1); taken || starved {
		t.Error("a full queue took a picture, or asked for more of it")
	}
	if taken, _ := put(again, egress.Repeat, 1200, 2); taken {
		t.Error("a full queue took a repetition")
	}
	for range soundDatagrams / 2 {
		if taken, _ := put(sound, egress.Audio, 150, 3); !taken {
			t.Error("sound was lost for a picture")
		}
	}
	if got := empty(); !bytes.Equal(got, waiting) {
		t.Errorf("took %v, not %v", got, waiting)
	}
	if taken, starved := put(picture, egress.Video, 1200, 4); taken || !starved {
		t.Errorf("after the gap: taken %v, starved %v", taken, starved)
	}
	if _, starved := put(picture, egress.Video, 1200, 4); starved {
		t.Error("asked again at once")
	}
	if taken, _ := put(again, egress.Repeat, 1200, 5); !taken {
		t.Error("a repetition does not depend on a keyframe")
	}
	for _, kind := range []egress.Kind{egress.KeyVideo, egress.Video} {
		if taken, _ := put(picture, kind, 1200, 6); !taken {
			t.Errorf("kind %d was not taken after the gap", kind)
		}
	}
	now = now.Add(stale + 1) // the peer was slow, and what waited is lost: the picture is broken again
	if taken, _ := put(sound, egress.Audio, 150, 7); !taken {
		t.Error("sound was lost for what is stale")
	}
	if got := empty(); !bytes.Equal(got, []byte{7}) {
		t.Errorf("took %v, not the new sound alone", got)
	}
	if taken, starved := put(picture, egress.Video, 1200, 8); taken || starved {
		t.Error("a picture went on after a gap, or a keyframe was asked for within a second")
	}
	now = now.Add(starvedEvery)
	if _, starved := put(picture, egress.Video, 1200, 8); !starved {
		t.Error("no keyframe was asked for")
	}
}
