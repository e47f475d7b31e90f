package signaling

import (
	"github.com/google/uuid"

	"github.com/zvonok/zvonok/sfu/media"
	"github.com/zvonok/zvonok/storage/catalog"
)

// mute closes a gate in the server, whatever the other's client does. They may open it again themselves.
func (c *call) mute(m Mute) (Done, error) {
	source, err := media.ParseSource(m.Source)
	if err != nil {
		return Done{}, refuse(BadMessage, "d.source: unknown")
	}
	sources := []media.Source{source}
	if source == media.Share {
		sources = append(sources, media.ShareAudio) // its sound goes with it
	}
	return Done{}, c.do(func(r *room) error {
		by := c.sess.who.Person.Name
		if m.Participant != "" {
			s, err := r.find(m.Participant)
			if err != nil {
				return err
			}
			r.muteBy(s, by, sources...)
			return nil
		}
		for _, s := range r.sessions {
			if !s.staff() && s.door == nil { // a hall's microphone is not the class talking
				r.muteBy(s, by, sources...)
			}
		}
		return nil
	})
}

func (c *call) lowerHand(m LowerHand) (Done, error) {
	var raised []*session
	err := c.do(func(r *room) error {
		if m.Participant != "" {
			s, err := r.find(m.Participant)
			raised = append(raised, s)
			return err
		}
		for _, s := range r.sessions {
			if s.handAt != nil {
				raised = append(raised, s)
			}
		}
		return nil
	})
	if err != nil {
		return Done{}, err
	}
	return Done{}, c.setHands(raised, nil)
}

// remove is durable before anything happens: a server that falls right after it keeps them out as well.
func (c *call) remove(m Remove) (Done, error) {
	var target *session
	err := c.do(func(r *room) (err error) {
		target, err = r.find(m.Participant)
		if err == nil && target.staff() {
			err = refuse(NotAllowed, "staff cannot be removed")
		}
		return err
	})
	if err != nil {
		return Done{}, err
	}
	person := target.person
	err = c.room.journal.commit(c.ctx, func(tx *catalog.Tx) error {
		return tx.RemoveFromRoom(c.room.id, person, c.room.cfg.Clock())
	})
	if err != nil {
		return Done{}, err
	}
	return Done{}, c.room.ask(c.ctx, func() { c.room.sendOut(target) })
}

func (r *room) sendOut(target *session) {
	r.removed[target.id] = Outsider{ID: target.id, Name: target.who.Person.Name}
	// A takeover may have come in between: whoever has the place now goes.
	if s := r.sessions[target.id]; s != nil {
		r.expel(s, "removed", closeRemoved, "removed")
	}
	r.tellOutsiders()
}

// letIn undoes remove; they come back by their own click.
func (c *call) letIn(m Admit) (Done, error) {
	person, err := uuid.Parse(m.Participant)
	if err != nil {
		return Done{}, refuse(BadMessage, "d.participant: not an id")
	}
	err = c.do(func(r *room) error {
		if _, out := r.removed[m.Participant]; !out {
			return refuse(NotNow, "they were not sent out")
		}
		return nil
	})
	if err != nil {
		return Done{}, err
	}
	err = c.room.journal.commit(c.ctx, func(tx *catalog.Tx) error { return tx.LetIn(c.room.id, person) })
	if err != nil {
		return Done{}, err
	}
	return Done{}, c.room.ask(c.ctx, func() {
		delete(c.room.removed, m.Participant)
		c.room.tellOutsiders()
	})
}

func (r *room) tellOutsiders() {
	for _, s := range r.sessions {
		if s.staff() {
			r.tellOne(s, "removed", Removed{People: r.outsiders()})
		}
	}
}

func (c *call) record(m SetRecording) (Done, error) {
	err := c.do(func(r *room) error {
		if m.On && r.cfg.Recorder == nil {
			return refuse(Unavailable, "this server does not record")
		}
		return nil
	})
	if err != nil {
		return Done{}, err
	}
	if err = c.room.journal.commit(c.ctx, commitRecorded(c.room.id, m.On)); err != nil {
		return Done{}, err
	}
	return Done{}, c.do(func(r *room) error {
		r.setRecording(m.On, c.sess.person)
		return nil
	})
}

// end is in the catalog before anyone is sent home.
func (c *call) end(EndLesson) (Done, error) {
	if err := c.do(func(*room) error { return nil }); err != nil {
		return Done{}, err
	}
	if err := c.room.commitEnd(c.ctx); err != nil {
		return Done{}, err
	}
	return Done{}, c.room.ask(c.ctx, func() {
		c.answer(Done{})
		c.room.closing.committed = true
		c.room.finish()
	})
}

func (c *call) leave(Leave) (Done, error) {
	return Done{}, c.do(func(r *room) error {
		c.answer(Done{})
		r.expel(c.sess, "left", closeNormal, "left")
		return nil
	})
}

func (c *call) ping(Ping) (Done, error) {
	return Done{}, c.do(func(*room) error { return nil })
}
