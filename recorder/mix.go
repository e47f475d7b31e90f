package recorder

import (
	"bytes"
	"time"

	"github.com/zvonok/zvonok/recorder/internal/mixer"
	"github.com/zvonok/zvonok/recorder/internal/mux"
	"github.com/zvonok/zvonok/recorder/internal/opus"
)

const (
	// mixDelay is how long the mix waits for packets: longer than the reorder buffer, short enough that a kill costs less
	// than half a second.
	mixDelay = 350 * time.Millisecond
	// mixSegment is how long a segment of the mix is.
	mixSegment = 4 * time.Second
)

// mixLine writes the mix, continuous from the recording's start to its end.
type mixLine struct {
	s *session
	m *mixer.Mixer
	w *trackWriter
	// cuts are the stage's cuts ahead, in ticks, where the mix's segment closes too.
	cuts []int64
}

// newMix begins the mix at pos ticks.
func (s *session) newMix(pos int64) (*mixLine, error) {
	m, err := mixer.New(pos)
	if err != nil {
		return nil, err
	}
	l := &mixLine{s: s, m: m, w: s.newTrack(nil, "mix", "opus", opus.Rate)}
	l.w.configure(mux.Opus(1))
	return l, nil
}

// cutAt closes the mix's segment at the frame nearest to at, if the mix is not past it.
func (l *mixLine) cutAt(at time.Duration) { l.cuts = append(l.cuts, ticks(at, opus.Rate)) }

// advance mixes up to at.
func (l *mixLine) advance(at time.Duration) {
	for until := ticks(at, opus.Rate); l.m.Pos()+opus.Frame <= until; {
		pos := l.m.Pos()
		if l.due(pos) {
			l.w.close(pos)
		}
		if l.w.cur == nil {
			l.w.begin(pos, true, anchor{rtp: uint64(pos)})
		}
		packet := l.m.Next()
		s := mux.Sample{At: pos, Duration: opus.Frame, Key: true, Data: packet}
		if bytes.Equal(packet, opus.Silence(opus.Frame)) {
			s.Repeat = 1
		}
		l.w.cur.Add(s)
	}
}

// due says whether the open segment ends at pos, and forgets the cuts that lie behind.
func (l *mixLine) due(pos int64) bool {
	cut := false
	rest := l.cuts[:0]
	for _, c := range l.cuts {
		if c <= pos+opus.Frame/2 {
			cut = true
		} else {
			rest = append(rest, c)
		}
	}
	l.cuts = rest
	return l.w.cur != nil && (cut || duration(pos-l.w.start(), opus.Rate) >= mixSegment)
}
