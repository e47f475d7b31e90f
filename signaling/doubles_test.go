package signaling_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/zvonok/zvonok/sfu"
	"github.com/zvonok/zvonok/sfu/media"
	"github.com/zvonok/zvonok/signaling"
)

// fakeMedia stands in for the media in tests of the rooms' rules; media_test.go uses the real one.
type fakeMedia struct {
	mu      sync.Mutex
	events  sfu.Events
	members map[media.ParticipantID]*fakeMember
	opened  int
	closed  int
	fail    error
}

func newFakeMedia() *fakeMedia { return &fakeMedia{members: map[media.ParticipantID]*fakeMember{}} }

func (f *fakeMedia) open(_ media.RoomID, ev sfu.Events) (sfu.Conference, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fail != nil {
		return nil, f.fail
	}
	f.events = ev
	f.opened++
	return f, nil
}

func (f *fakeMedia) Join(_ context.Context, id media.ParticipantID, _ sfu.Capabilities) (sfu.Member, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	m := &fakeMember{open: map[media.Source]bool{}}
	f.members[id] = m
	return m, nil
}

func (f *fakeMedia) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed++
	return nil
}

func (f *fakeMedia) member(id string) *fakeMember {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.members[media.ParticipantID(id)]
}

type fakeMember struct {
	mu      sync.Mutex
	open    map[media.Source]bool
	allowed [media.Sources]bool
	view    sfu.View
	left    bool
	failed  bool // the room's media broke down
}

func (m *fakeMember) Publish(_ context.Context, p sfu.Publication) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.failed {
		return "", sfu.ErrClosed
	}
	if !strings.HasPrefix(p.Offer, "v=0") {
		return "", fmt.Errorf("%w: no v=0", sfu.ErrBadOffer)
	}
	m.allowed = p.Allowed
	return "v=0 answer", nil
}

func (m *fakeMember) Subscribe(_ context.Context, s sfu.Subscription) (string, error) {
	if !strings.HasPrefix(s.Offer, "v=0") {
		return "", fmt.Errorf("%w: no v=0", sfu.ErrBadOffer)
	}
	return "v=0 answer", nil
}

func (m *fakeMember) SetView(v sfu.View) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.view = v
}

func (m *fakeMember) SetSource(s media.Source, open bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.open[s] = open
}

func (m *fakeMember) Leave() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.left = true
}

func (m *fakeMember) isOpen(s media.Source) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.open[s]
}

func (m *fakeMember) hasLeft() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.left
}

// fakeRecorder keeps what it is asked; like the real one it continues a recording that was not stopped.
type fakeRecorder struct {
	mu     sync.Mutex
	id     uuid.UUID
	starts []signaling.StartRequest
	stops  []uuid.UUID
	kinds  []string
	fail   error
}

func (f *fakeRecorder) Start(_ context.Context, req signaling.StartRequest) (uuid.UUID, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.starts = append(f.starts, req)
	if f.fail != nil {
		return uuid.Nil, f.fail
	}
	if f.id == uuid.Nil {
		f.id = uuid.New()
	}
	return f.id, nil
}

func (f *fakeRecorder) Stop(_ context.Context, id uuid.UUID) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stops = append(f.stops, id)
	f.id = uuid.Nil
	return nil
}

func (f *fakeRecorder) Event(_ uuid.UUID, kind string, _ *uuid.UUID, _ any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.kinds = append(f.kinds, kind)
}

func (f *fakeRecorder) saw(kind string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, k := range f.kinds {
		if k == kind {
			return true
		}
	}
	return false
}

func (f *fakeRecorder) counts() (starts, stops int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.starts), len(f.stops)
}

// starts of one lesson: a reopened server goes on with those of other tests, too.
func (f *fakeRecorder) startsOf(lesson uuid.UUID) (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, req := range f.starts {
		if req.Lesson == lesson {
			n++
		}
	}
	return n
}

func (f *fakeRecorder) failWith(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fail = err
}

func (f *fakeRecorder) current() uuid.UUID {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.id
}

// later is past every deadline that a room knows.
const later = 6 * time.Minute
