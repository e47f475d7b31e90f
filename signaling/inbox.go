package signaling

import (
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/zvonok/zvonok/sfu"
	"github.com/zvonok/zvonok/sfu/media"
)

// inbox takes what media and recorder report without ever making them wait: only the newest of each kind is kept, so
// it is bounded by the number of people. The room's goroutine empties it. It implements [sfu.Events].
type inbox struct {
	// ready holds a token when something is inside.
	ready chan struct{}

	mu   sync.Mutex
	news news
}

// news is what an inbox holds; nil means nothing new.
type news struct {
	slots    map[media.ParticipantID]map[int]sfu.Occupant
	speakers *speakerNews
	legs     map[legKey]sfu.LegState
	codec    *media.Codec
	saved    *savedNews
	expel    []func(Caller) bool
	devices  []func(*room)
}

type speakerNews struct {
	active   media.ParticipantID
	speaking []media.ParticipantID
}

type legKey struct {
	of  media.ParticipantID
	leg sfu.Leg
}

type savedNews struct {
	recording uuid.UUID
	upTo      time.Time
	trouble   string
}

var _ sfu.Events = (*inbox)(nil)

func newInbox() *inbox { return &inbox{ready: make(chan struct{}, 1)} }

func (b *inbox) put(change func(n *news)) {
	b.mu.Lock()
	change(&b.news)
	b.mu.Unlock()
	select {
	case b.ready <- struct{}{}:
	default: // a token is there already: the room will see this change with the earlier one
	}
}

func (b *inbox) take() news {
	b.mu.Lock()
	defer b.mu.Unlock()
	taken := b.news
	b.news = news{}
	return taken
}

// SlotsChanged keeps the newest occupant of each slot.
func (b *inbox) SlotsChanged(to media.ParticipantID, changed []sfu.Occupant) {
	b.put(func(n *news) {
		if n.slots == nil {
			n.slots = map[media.ParticipantID]map[int]sfu.Occupant{}
		}
		if n.slots[to] == nil {
			n.slots[to] = map[int]sfu.Occupant{}
		}
		for _, o := range changed {
			n.slots[to][o.Slot] = o
		}
	})
}

// SpeakersChanged keeps the newest.
func (b *inbox) SpeakersChanged(active media.ParticipantID, speaking []media.ParticipantID) {
	own := append([]media.ParticipantID(nil), speaking...)
	b.put(func(n *news) { n.speakers = &speakerNews{active, own} })
}

// LegChanged keeps the newest state of each transport.
func (b *inbox) LegChanged(of media.ParticipantID, leg sfu.Leg, state sfu.LegState) {
	b.put(func(n *news) {
		if n.legs == nil {
			n.legs = map[legKey]sfu.LegState{}
		}
		n.legs[legKey{of, leg}] = state
	})
}

// CodecChanged keeps the newest.
func (b *inbox) CodecChanged(codec media.Codec) { b.put(func(n *news) { n.codec = &codec }) }

func (b *inbox) saved(s savedNews) { b.put(func(n *news) { n.saved = &s }) }

// device is what a device's requests change; how often they come bounds it.
func (b *inbox) device(do func(*room)) {
	b.put(func(n *news) { n.devices = append(n.devices, do) })
}

// expel adds up like it: how often people sign out bounds it.
func (b *inbox) expel(match func(Caller) bool) {
	b.put(func(n *news) { n.expel = append(n.expel, match) })
}
