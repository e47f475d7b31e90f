package recorder

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/zvonok/zvonok/recorder/internal/clock"
	"github.com/zvonok/zvonok/recorder/internal/reorder"
	"github.com/zvonok/zvonok/recorder/stage"
	"github.com/zvonok/zvonok/sfu/media"
	"github.com/zvonok/zvonok/storage/policy"
)

const (
	// policyWait is how long the policy may think about a source.
	policyWait = 5 * time.Second
	// maxUndecided is how many packets of a source wait in memory for the policy.
	maxUndecided = 1024
)

// source is one source that the room has opened and not closed.
type source struct {
	s       *session
	tap     *tapTrack
	id      stage.ID
	reorder *reorder.Buffer
	clk     *clock.Line
	// decided by the policy; until then what comes waits in held, in memory only.
	decided bool
	rule    policy.Record
	held    []item
	// wanted: what comes is written.
	wanted bool
	closed bool
	// heard is when its last packet came.
	heard time.Duration
	video *videoLine
	audio *audioLine
}

func (s *session) handle(it item) {
	switch {
	case it.speakers != nil:
		s.stage.Speaker(it.speakers.active, s.time.at(it.speakers.at))
	case it.opened:
		s.openSource(it.from)
	case it.closed:
		if src := s.sources[it.from]; src != nil {
			s.closeSource(src, s.now)
		}
	default:
		if src := s.sources[it.from]; src != nil {
			src.media(it)
		}
	}
}

func (s *session) openSource(t *tapTrack) {
	id := stage.ID{Participant: t.src.Participant, Source: t.src.Source}
	if old := s.byID[id]; old != nil {
		s.closeSource(old, s.now)
	}
	if !s.publishes(id.Participant) {
		s.senders[id.Participant] = &clock.Sender{} // a new transport, perhaps another device
	}
	src := &source{s: s, tap: t, id: id, reorder: reorder.New(gapWait)}
	src.clk = clock.NewLine(s.senders[id.Participant], t.src.Codec.ClockRate())
	s.sources[t], s.byID[id] = src, src
	// The policy may wait for the database; the session does not.
	s.r.running.Add(1)
	go func() {
		defer s.r.running.Done()
		ctx, cancel := context.WithTimeout(s.r.ctx, policyWait)
		defer cancel()
		m := s.folder.Meta
		rule := s.r.cfg.MayRecord(ctx, m.School, m.Lesson, id.Participant, id.Source)
		select {
		case s.commands <- func() { s.decide(src, rule) }:
		case <-s.stopped:
		}
	}()
}

func (s *session) publishes(p media.ParticipantID) bool {
	for id := range s.byID {
		if id.Participant == p {
			return true
		}
	}
	return false
}

// decide begins to write the source, keeps it ready for the stage, or forgets it.
func (s *session) decide(src *source, rule policy.Record) {
	if src.closed {
		return
	}
	src.decided, src.rule = true, rule
	person, err := uuid.Parse(string(src.id.Participant))
	if err != nil || rule == policy.RecordNever {
		src.rule = policy.RecordNever
		s.r.figures.refused.Add(1)
		src.held = nil
		src.tap.src.SetWanted(false)
		return
	}
	if !src.id.Source.IsVideo() {
		src.wanted = true
		src.audio = s.audioLine(src, person)
		src.release()
		return
	}
	always := rule == policy.RecordAlways
	if always {
		s.want(src, true)
	} else {
		src.held = nil
		src.tap.src.SetWanted(false)
	}
	if src.tap.src.Codec != media.VP8 { // it has no place on an HLS stage and is archived only
		s.stage.Open(stage.Source{ID: src.id, Always: always}, s.now)
	}
	if always {
		src.release()
	}
}

// want begins or ends the writing of a picture.
func (s *session) want(src *source, wanted bool) {
	if src.wanted == wanted || src.closed {
		return
	}
	src.wanted = wanted
	src.tap.src.SetWanted(wanted)
	if !wanted {
		src.reorder.Flush(func(*media.Packet, int) {})
		src.video.stop(s.now)
		return
	}
	person, err := uuid.Parse(string(src.id.Participant))
	if err != nil {
		return
	}
	codec := src.tap.src.Codec
	key := lineKey{src.id, codec}
	v := s.video[key]
	if v == nil {
		v = &videoLine{s: s, id: src.id, w: s.newTrack(&person, src.id.Source.String(), codec.String(), codec.ClockRate())}
		s.video[key] = v
	}
	src.video = v
	v.restart(src.clk, codec, src.tap.src.RequestKeyframe, s.now)
}

func (s *session) audioLine(src *source, person uuid.UUID) *audioLine {
	key := lineKey{src.id, src.tap.src.Codec}
	a := s.audio[key]
	if a == nil {
		a = &audioLine{s: s, w: s.newTrack(&person, src.id.Source.String(), src.tap.src.Codec.String(), key.codec.ClockRate())}
		channels := 1
		if src.id.Source == media.ShareAudio {
			channels = 2
		}
		a.w.configure(opusConfig(channels))
		s.audio[key] = a
	}
	a.restart(src.clk)
	return a
}

// release takes what waited for the policy.
func (src *source) release() {
	held := src.held
	src.held = nil
	for _, it := range held {
		src.media(it)
	}
}

// media takes a packet or a sender report.
func (src *source) media(it item) {
	switch {
	case src.decided && src.rule == policy.RecordNever:
	case it.report != nil:
		// Kept of a picture off stage too: it will be on the time line at once when it comes on.
		src.clk.Report(it.report.TS, it.report.NTP, src.s.time.at(it.report.Arrival))
	case !src.decided:
		if len(src.held) >= maxUndecided {
			src.s.counts.undecided++
			return
		}
		src.held = append(src.held, it)
	case src.wanted:
		src.heard = src.s.now
		src.clk.Arrive(it.packet.TS, src.s.time.at(it.packet.Arrival))
		src.reorder.Push(it.packet, src.s.r.cfg.Clock(), src.take)
	}
}

// take writes a packet that is in order.
func (src *source) take(p *media.Packet, lost int) {
	src.s.r.figures.written.Add(uint64(len(p.Payload)))
	if src.video != nil {
		src.video.packet(p, lost)
	} else if src.audio != nil {
		src.audio.packet(p, lost)
	}
}

// closeSource writes what is still held back and ends the source's segment.
func (s *session) closeSource(src *source, at time.Duration) {
	if src.closed {
		return
	}
	s.noteLoss(at)
	end := at
	if src.wanted {
		src.reorder.Flush(src.take)
		if src.video != nil {
			end = min(at, src.video.stop(at))
		}
		if src.audio != nil {
			src.audio.stop()
		}
	}
	s.counts.lost += src.reorder.Lost()
	s.counts.late += src.reorder.Late()
	src.closed, src.wanted, src.held = true, false, nil
	delete(s.sources, src.tap)
	if s.byID[src.id] == src {
		delete(s.byID, src.id)
	}
	if src.id.Source.IsVideo() {
		s.stage.Close(src.id, end)
	}
}
