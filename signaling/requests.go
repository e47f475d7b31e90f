package signaling

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/zvonok/zvonok/sfu"
	"github.com/zvonok/zvonok/sfu/media"
	"github.com/zvonok/zvonok/storage/catalog"
	"github.com/zvonok/zvonok/storage/policy"
)

// sourceAction is what each source asks the policy for.
func sourceAction(s media.Source) policy.Action {
	switch s {
	case media.Microphone:
		return policy.RoomSpeak
	case media.Camera:
		return policy.RoomVideo
	default:
		return policy.RoomShare
	}
}

// helloAgain: a socket says hello once; see visit.hello for the first one.
func (c *call) helloAgain(Hello) (Welcome, error) {
	c.answered = true
	c.socket.send(encodeProblem(c.re, refuse(BadMessage, "hello twice").Problem))
	c.socket.close(closeViolation, "hello twice")
	return Welcome{}, nil
}

func (c *call) publish(m Publish) (Answer, error) {
	p := sfu.Publication{Offer: m.SDP}
	member, err := c.member(func(r *room) {
		for source := range media.Source(media.Sources) {
			p.Allowed[source] = r.may(c.sess.who, sourceAction(source)).Allowed
		}
	})
	if err != nil {
		return Answer{}, err
	}
	return c.answerOffer(member, func(ctx context.Context, member sfu.Member) (string, error) {
		return member.Publish(ctx, p)
	})
}

func (c *call) subscribe(m Subscribe) (Answer, error) {
	s := sfu.Subscription{Offer: m.SDP}
	for _, name := range m.Slots {
		kind, known := media.ParseSlotKind(name)
		if !known {
			return Answer{}, refuse(BadMessage, "d.slots: unknown kind")
		}
		s.Slots = append(s.Slots, kind)
	}
	member, err := c.member(func(*room) {})
	if err != nil {
		return Answer{}, err
	}
	return c.answerOffer(member, func(ctx context.Context, member sfu.Member) (string, error) {
		return member.Subscribe(ctx, s)
	})
}

// member is the session's place in the media, with what else is to be read of the room at that moment.
func (c *call) member(also func(r *room)) (sfu.Member, error) {
	var member sfu.Member
	err := c.do(func(r *room) error {
		if c.sess.member == nil {
			if err := r.joinMedia(c.sess); err != nil {
				return err
			}
		}
		member = c.sess.member
		also(r)
		return nil
	})
	return member, err
}

// answerOffer asks the media for its answer. When the room's media has failed meanwhile, it is joined anew, once.
func (c *call) answerOffer(member sfu.Member, ask func(context.Context, sfu.Member) (string, error)) (Answer, error) {
	ctx, cancel := context.WithTimeout(c.ctx, mediaWithin)
	defer cancel()
	sdp, err := ask(ctx, member)
	if errors.Is(err, sfu.ErrClosed) {
		if member, err = c.rejoin(member); err != nil {
			return Answer{}, err
		}
		sdp, err = ask(ctx, member)
	}
	if errors.Is(err, sfu.ErrBadOffer) {
		return Answer{}, refuse(BadOffer, "%v", err)
	}
	return Answer{SDP: sdp}, err
}

func (c *call) rejoin(failed sfu.Member) (sfu.Member, error) {
	err := c.do(func(r *room) error {
		if c.sess.member != failed {
			return nil
		}
		c.sess.member = nil
		return r.joinMedia(c.sess)
	})
	if err != nil {
		return nil, err
	}
	return c.member(func(*room) {})
}

func (c *call) view(m SetView) (Done, error) {
	return Done{}, c.do(func(*room) error {
		if c.sess.member != nil {
			c.sess.member.SetView(viewOf(m))
		}
		return nil
	})
}

// source: going on needs the source's own right; going off is always fine.
func (c *call) source(m SetSource) (Done, error) {
	source, err := media.ParseSource(m.Source)
	if err != nil {
		return Done{}, refuse(BadMessage, "d.source: unknown")
	}
	action := c.route.Action
	if m.On {
		action = sourceAction(source)
	}
	return Done{}, c.doAs(action, func(r *room) error {
		if m.On && source == media.Share {
			if err := r.shareFree(c.sess); err != nil {
				return err
			}
		}
		r.setSource(c.sess, source, m.On)
		return nil
	})
}

// sendChat: the commit comes before both the acknowledgement and the others.
func (c *call) sendChat(m SendChat) (ChatMessage, error) {
	text := strings.TrimSpace(m.Text)
	if text == "" {
		return ChatMessage{}, refuse(BadMessage, "d.text: blank")
	}
	message := catalog.ChatMessage{
		ID: uuid.New(), LessonID: c.room.id, PersonID: c.sess.person, ClientID: m.ClientID, Text: text,
	}
	if err := c.do(func(r *room) error { message.SentAt = r.nextMoment(); return nil }); err != nil {
		return ChatMessage{}, err
	}
	var stored catalog.ChatMessage
	err := c.room.journal.commit(c.ctx, func(tx *catalog.Tx) error {
		var err error
		stored, err = tx.AddChat(message)
		return err
	})
	if err != nil {
		return ChatMessage{}, err
	}
	sent := chatMessage(stored)
	if stored.ID != message.ID {
		return sent, nil // sent again after a lost acknowledgement: the others have it
	}
	// Whatever became of the sender meanwhile, the message is durable: everyone gets it.
	err = c.room.ask(c.ctx, func() { c.room.publishChat(sent, c.sess.person) })
	return sent, err
}

func (r *room) publishChat(m ChatMessage, from uuid.UUID) {
	r.chat = append(r.chat, m)
	if len(r.chat) > chatBacklog {
		r.chat = append([]ChatMessage(nil), r.chat[len(r.chat)-chatBacklog:]...)
	}
	r.tell("chat", m)
	r.timeline("chat", &from, map[string]string{"id": m.ID})
}

func (c *call) readChat(m ReadChat) (ChatPage, error) {
	var before *time.Time
	if m.Before != "" {
		at, err := time.Parse(time.RFC3339, m.Before)
		if err != nil {
			return ChatPage{}, refuse(BadMessage, "d.before: not a time")
		}
		before = &at
	}
	if err := c.do(func(*room) error { return nil }); err != nil {
		return ChatPage{}, err
	}
	var messages []catalog.ChatMessage
	ctx, cancel := context.WithTimeout(c.ctx, databaseWithin)
	defer cancel()
	err := c.room.cfg.Catalog.In(ctx, c.room.school, func(tx *catalog.Tx) error {
		var err error
		messages, err = tx.Chat(c.room.id, before, chatBacklog+1)
		return err
	})
	if err != nil {
		return ChatPage{}, err
	}
	page := ChatPage{More: len(messages) > chatBacklog}
	if page.More {
		messages = messages[1:] // oldest first: the extra one only says that there is more
	}
	for _, stored := range messages {
		page.Messages = append(page.Messages, chatMessage(stored))
	}
	return page, nil
}

func chatMessage(m catalog.ChatMessage) ChatMessage {
	return ChatMessage{
		ID: m.ID.String(), ClientID: m.ClientID, From: m.PersonID.String(), Name: m.Name, Text: m.Text,
		SentAt: stamp(m.SentAt),
	}
}

func (c *call) hand(m RaiseHand) (Done, error) {
	var at *time.Time
	err := c.do(func(r *room) error {
		if m.Up {
			now := microsecond(r.cfg.Clock())
			at = &now
			if c.sess.handAt != nil {
				at = c.sess.handAt // up already: the place in the queue is kept
			}
		}
		return nil
	})
	if err != nil {
		return Done{}, err
	}
	return Done{}, c.setHands([]*session{c.sess}, at)
}

// setHands writes hands down before anyone sees them.
func (c *call) setHands(of []*session, at *time.Time) error {
	err := c.room.journal.commit(c.ctx, func(tx *catalog.Tx) error {
		for _, s := range of {
			if err := tx.SetHand(c.room.id, s.person, at); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.room.ask(c.ctx, func() {
		for _, s := range of {
			c.room.showHand(s.id, at)
		}
	})
}

// showHand goes by id: another session may have taken the place while the hand was being written down.
func (r *room) showHand(id string, at *time.Time) {
	s := r.sessions[id]
	if s == nil || (s.handAt == nil) == (at == nil) {
		return
	}
	s.handAt = at
	r.tell("participant", s.participant())
	person := s.person
	r.timeline("hand", &person, map[string]bool{"up": at != nil})
}
