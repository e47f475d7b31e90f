package api

import (
	"fmt"

	"github.com/zvonok/zvonok/sfu"
	"github.com/zvonok/zvonok/sfu/media"
)

// openRoom is one name of an [Open]; its fields are guarded by the Open's lock.
type openRoom struct {
	open  *Open
	name  string
	media *sfu.Room
	seats map[media.ParticipantID]*openSeat
}

// openSeat is one session's place.
type openSeat struct {
	id    media.ParticipantID
	ended func()
}

// sit takes a place in a name's room, which it opens when there is none. before is who had the place, if somebody had.
func (o *Open) sit(name string, seat *openSeat) (r *openRoom, before *openSeat, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return nil, nil, sfu.ErrClosed
	}
	if r = o.rooms[name]; r == nil {
		r = &openRoom{open: o, name: name, seats: map[media.ParticipantID]*openSeat{}}
		// Numbered, since the one of this name before may still be closing.
		o.opened++
		if r.media, err = o.config.Media.OpenRoom(media.RoomID(fmt.Sprintf("%d %s", o.opened, name)), r); err != nil {
			return nil, nil, err
		}
		o.rooms[name] = r
	}
	before = r.seats[seat.id]
	r.seats[seat.id] = seat
	return r, before, nil
}

// leave gives a place up, unless somebody else has it by now; a room without people is closed.
func (o *Open) leave(r *openRoom, seat *openSeat) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if r.seats[seat.id] == seat {
		delete(r.seats, seat.id)
	}
	if len(r.seats) > 0 || o.rooms[r.name] != r {
		return
	}
	delete(o.rooms, r.name)
	// Closing waits for the room's goroutine, on which this may run.
	o.ending.Go(func() { _ = r.media.Close() }) // it has no other error than being closed
}

// Close ends all sessions and rooms and waits for them.
func (o *Open) Close() {
	o.doors.Close()
	o.mu.Lock()
	o.closed = true
	left := o.rooms
	o.rooms = map[string]*openRoom{}
	o.mu.Unlock()
	for _, r := range left {
		_ = r.media.Close() // as above
	}
	o.ending.Wait()
}

var _ sfu.Events = (*openRoom)(nil)

// LegChanged ends the session whose transport failed or said goodbye.
func (r *openRoom) LegChanged(of media.ParticipantID, _ sfu.Leg, state sfu.LegState) {
	if state != sfu.LegFailed && state != sfu.LegClosed {
		return
	}
	r.open.mu.Lock()
	seat := r.seats[of]
	r.open.mu.Unlock()
	if seat != nil {
		seat.ended()
	}
}

// SlotsChanged is nothing that a device is told.
func (r *openRoom) SlotsChanged(media.ParticipantID, []sfu.Occupant) {}

// SpeakersChanged neither.
func (r *openRoom) SpeakersChanged(media.ParticipantID, []media.ParticipantID) {}

// CodecChanged neither.
func (r *openRoom) CodecChanged(media.Codec) {}
