package stage

import (
	"slices"
	"time"

	"github.com/zvonok/zvonok/sfu/media"
)

const (
	// Stay is how long a source remains on stage at least.
	Stay = 4 * time.Second
	// Grace is how long the stage waits for the successor of a source that vanished before it shows the slate. It is
	// shorter than the mix's delay, so that the mix can still be cut where the source vanished.
	Grace = 300 * time.Millisecond
	// askAgain is how often a keyframe is asked for; stalled, when a source that gives none is passed over for a while.
	askAgain = 500 * time.Millisecond
	stalled  = 3 * time.Second
	passOver = 10 * time.Second
)

// ID names a source of the room.
type ID struct {
	Participant media.ParticipantID
	Source      media.Source
}

// Source is a camera or share that may be on stage.
type Source struct {
	ID
	// Always: it may be recorded off stage too (the teacher's camera, a share). Others are wanted only on stage.
	Always bool
}

// Kind is what an action is.
type Kind uint8

// The actions.
const (
	// Want and Unwant begin and end the recording of a source that is recorded only on stage.
	Want Kind = iota
	Unwant
	// Keyframe asks the source for one.
	Keyframe
	// Cut puts the source on stage from At on.
	Cut
	// CutToSlate shows the slate from At on.
	CutToSlate
)

// Action is what the recording is to do, in order.
type Action struct {
	Kind Kind
	ID   ID
	At   time.Duration
}

// Machine is one recording's stage.
type Machine struct {
	do      func(Action)
	sources []Source // in the order in which they were opened
	active  media.ParticipantID

	current *Source // nil: the slate
	since   time.Duration
	// vanished is when current went away; it is still current until its successor comes or Grace is over.
	vanished bool
	goneAt   time.Duration

	pending   *Source
	pendingAt time.Duration
	askedAt   time.Duration
	passed    map[ID]time.Duration // until when a stalled source is passed over
}

// New makes a machine whose stage shows the slate; do runs the actions.
func New(do func(Action)) *Machine {
	return &Machine{do: do, passed: make(map[ID]time.Duration)}
}

// Current is who is on stage; false: the slate.
func (m *Machine) Current() (ID, bool) {
	if m.current == nil || m.vanished {
		return ID{}, false
	}
	return m.current.ID, true
}

// Pending is whose keyframe the stage waits for.
func (m *Machine) Pending() (ID, bool) {
	if m.pending == nil {
		return ID{}, false
	}
	return m.pending.ID, true
}

// Open tells of a new source.
func (m *Machine) Open(s Source, at time.Duration) {
	m.remove(s.ID)
	m.sources = append(m.sources, s)
	delete(m.passed, s.ID)
	m.decide(at)
}

// Close tells that a source vanished.
func (m *Machine) Close(id ID, at time.Duration) {
	m.remove(id)
	if m.pending != nil && m.pending.ID == id {
		m.pending = nil
	}
	if m.current != nil && m.current.ID == id && !m.vanished {
		m.vanished, m.goneAt = true, at
	}
	m.decide(at)
}

// Speaker tells who is the active speaker.
func (m *Machine) Speaker(active media.ParticipantID, at time.Duration) {
	m.active = active
	m.decide(at)
}

// Picture tells that a keyframe of id begins at at. The caller cuts the source's segment there when it is the one that
// is pending.
func (m *Machine) Picture(id ID, at time.Duration) {
	if m.pending == nil || m.pending.ID != id {
		return
	}
	old := m.current
	if m.vanished {
		old = nil
	}
	m.current, m.since, m.vanished, m.pending = m.pending, at, false, nil
	m.do(Action{Cut, id, at})
	if old != nil && !old.Always {
		m.do(Action{Kind: Unwant, ID: old.ID})
	}
}

// Tick lets time pass.
func (m *Machine) Tick(at time.Duration) {
	if m.pending != nil && at-m.pendingAt >= stalled {
		m.passed[m.pending.ID] = at + passOver
		m.drop()
	}
	for id, until := range m.passed {
		if at >= until {
			delete(m.passed, id)
		}
	}
	m.decide(at)
	if m.pending != nil && at-m.askedAt >= askAgain {
		m.ask(at)
	}
}

func (m *Machine) remove(id ID) {
	m.sources = slices.DeleteFunc(m.sources, func(s Source) bool { return s.ID == id })
}

// decide makes the source that should be on stage pending.
func (m *Machine) decide(at time.Duration) {
	want := m.desired()
	switch {
	case want == nil:
		m.drop()
	case m.current != nil && !m.vanished && want.ID == m.current.ID:
		m.drop()
	case m.current != nil && !m.vanished && at-m.since < Stay:
		m.drop()
	case m.pending == nil || m.pending.ID != want.ID:
		m.drop()
		s := *want
		m.pending, m.pendingAt = &s, at
		if !s.Always {
			m.do(Action{Kind: Want, ID: s.ID})
		}
		m.ask(at)
	}
	if m.vanished && (m.pending == nil || at-m.goneAt >= Grace) {
		m.current, m.vanished = nil, false
		m.do(Action{Kind: CutToSlate, At: m.goneAt})
	}
}

func (m *Machine) ask(at time.Duration) {
	m.askedAt = at
	m.do(Action{Kind: Keyframe, ID: m.pending.ID})
}

// drop gives up the pending source.
func (m *Machine) drop() {
	if p := m.pending; p != nil {
		m.pending = nil
		if !p.Always {
			m.do(Action{Kind: Unwant, ID: p.ID})
		}
	}
}

// desired is who should be on stage; nil: the slate.
func (m *Machine) desired() *Source {
	onStage := func(s *Source) bool { return m.current != nil && !m.vanished && s.ID == m.current.ID }
	ranks := []func(s *Source) bool{
		func(s *Source) bool { return s.Source == media.Share && onStage(s) },
		func(s *Source) bool { return s.Source == media.Share },
		func(s *Source) bool { return s.Source == media.Camera && s.Participant == m.active },
		func(s *Source) bool { return s.Source == media.Camera && s.Always && onStage(s) },
		func(s *Source) bool { return s.Source == media.Camera && s.Always },
		onStage,
	}
	for _, fits := range ranks {
		for i := range m.sources {
			s := &m.sources[i]
			if _, passed := m.passed[s.ID]; fits(s) && (!passed || onStage(s)) {
				return s
			}
		}
	}
	return nil
}
