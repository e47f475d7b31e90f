package sfu

import "errors"

// The errors that callers tell apart with errors.Is.
var (
	// ErrClosed answers every call on a closed server or room, and on a participant who left or was replaced.
	ErrClosed = errors.New("sfu: closed")
	// ErrBadOffer answers an offer that is too large, is not SDP, or has not the shape that [Publication] or
	// [Subscription] ask for. The text after it is for developers.
	ErrBadOffer = errors.New("sfu: bad offer")
	// ErrRoomExists answers OpenRoom for an id that is open already.
	ErrRoomExists = errors.New("sfu: room exists")
	// ErrConfig answers a configuration that cannot work.
	ErrConfig = errors.New("sfu: configuration")
	// ErrNoRestart answers an ICE restart that the transport cannot do.
	ErrNoRestart = errors.New("sfu: no ICE restart")
	// ErrRoomFull answers Join when the room has MaxParticipants.
	ErrRoomFull = errors.New("sfu: room is full")
)
