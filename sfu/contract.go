package sfu

import (
	"context"

	"github.com/zvonok/zvonok/sfu/media"
)

// Decoder says that a subscriber can decode a codec.
type Decoder struct {
	Codec media.Codec
	// Max is how many streams of it at once; 0 means no stated limit.
	Max int
	// Height is the tallest picture in pixels; 0 means no stated limit.
	Height int
}

// Capabilities is what a participant's client can encode and decode, in its order of preference.
type Capabilities struct {
	Decode []Decoder
	Encode []media.Codec
}

// View is what a subscriber looks at; sizes are in device pixels of height. It is replaced as a whole.
type View struct {
	// Stage is the participant pinned to the stage pair; empty: the room's active speaker (never oneself).
	Stage media.ParticipantID
	// StageOnly leaves the stage pair empty while the pinned participant is away, in place of showing another.
	StageOnly bool
	// StageHeight is 0 when the stage is not shown; its reserved voice is heard all the same.
	StageHeight int
	// ShareHeight is 0 when the share is not shown; its sound is heard all the same.
	ShareHeight int
	// Tiles are the cameras wanted in tile slots. The server keeps an occupant in its slot while it is wanted.
	Tiles []TileView
}

// TileView wants one participant's camera.
type TileView struct {
	Participant media.ParticipantID
	Height      int
}

// Occupant names what a slot carries now.
type Occupant struct {
	// Slot is the index of the m-line in the subscribe offer.
	Slot int
	// Participant is empty when the slot is free.
	Participant media.ParticipantID
	Source      media.Source
	// Undecodable is set when the occupant is wanted but cannot be decoded by this subscriber; nothing is sent.
	Undecodable bool
	// Paused is set when the occupant is wanted but the subscriber's network has no room for it; nothing is sent.
	Paused bool
}

// Leg is one of a participant's two transports.
type Leg uint8

// The two transports.
const (
	PublishLeg Leg = iota
	SubscribeLeg
)

// LegState is what has become of a transport.
type LegState uint8

// The states of a transport.
const (
	LegConnecting LegState = iota
	LegConnected
	// LegFailed: the client makes a new transport with a new offer.
	LegFailed
	// LegClosed: the other side said goodbye. A client that has a socket says there what comes next; others are gone.
	LegClosed
)

// Events tells the room's owner (signaling) what happened. All run on the room's goroutine.
type Events interface {
	// SlotsChanged lists the slots of one subscriber whose occupant changed.
	SlotsChanged(to media.ParticipantID, changed []Occupant)
	// SpeakersChanged names the active speaker (empty: nobody yet) and all who are heard speaking, loudest first.
	SpeakersChanged(active media.ParticipantID, speaking []media.ParticipantID)
	// LegChanged reports a transport's state.
	LegChanged(of media.ParticipantID, leg Leg, state LegState)
	// CodecChanged names the video codec that every publisher should now send: the best that all can decode.
	CodecChanged(codec media.Codec)
}

// Tap is the recorder's view of a room. All methods run on the room's goroutine and must not block.
type Tap interface {
	// Open is called for each source that is being published and not muted, once its first packet has told its codec,
	// when the tap is set and afterwards when one begins. A nil TapTrack: this source is not wanted.
	Open(src TapSource) TapTrack
	// Speakers repeats [Events.SpeakersChanged].
	Speakers(active media.ParticipantID, speaking []media.ParticipantID)
}

// TapSource is one source of one participant that a tap may take.
type TapSource struct {
	Participant media.ParticipantID
	Source      media.Source
	Codec       media.Codec
	// RequestKeyframe asks the publisher for a keyframe (coalesced and limited by the room); any goroutine may call it.
	RequestKeyframe func()
	// SetWanted says which layer is to be kept and handed over: true the best one, false none at all (packets stop).
	// It starts as true; any goroutine may call it.
	SetWanted func(bool)
}

// TapTrack receives one source's packets: after layer selection, in one continuous sequence and timestamp space,
// RTX already unwrapped, padding-only packets dropped, possibly out of order and with gaps. Video begins with a
// keyframe, and so does every change of layer; all packets are of the codec in [TapSource]. All methods run on one
// goroutine, the tap's own, and must not block: what does not fit its queue is counted and lost.
type TapTrack interface {
	Packet(p *media.Packet)
	// Report gives the publisher's sender reports, in the same timestamp space.
	Report(sr media.SenderReport)
	// Close is called once when the source is muted, stopped, changes its codec (another track is opened then), or its
	// publisher left, or the tap was replaced.
	Close()
}

// Publication is a publish offer with its rights.
type Publication struct {
	// Offer is SDP with one m-line for each of Sources, each sendonly or inactive.
	Offer string
	// Sources says which m-line is which source; empty: the four of [media.Source] in their order.
	Sources []media.Source
	// Allowed are the sources that may be forwarded; others are received and dropped, whatever the SDP says.
	Allowed [media.Sources]bool
}

// Subscription is a subscribe offer with what its m-lines are for.
type Subscription struct {
	// Offer is SDP with only recvonly m-lines.
	Offer string
	// Slots is the kind of each m-line, in order.
	Slots []media.SlotKind
}

// Conference is the part of a room that signaling uses; [Room] implements it. Every method is safe from any goroutine.
type Conference interface {
	// Join adds a participant, or replaces the one of the same id (closing its transports; its handle answers ErrClosed).
	Join(ctx context.Context, id media.ParticipantID, caps Capabilities) (Member, error)
	// Close ends all transports and waits for the room's goroutines.
	Close() error
}

// Member is one participant's handle on its room; [Participant] implements it. Safe from any goroutine.
type Member interface {
	// Publish answers a publish offer; an earlier publish transport of this member is closed.
	Publish(ctx context.Context, p Publication) (answer string, err error)
	// Subscribe answers a subscribe offer; an earlier subscribe transport of this member is closed.
	Subscribe(ctx context.Context, s Subscription) (answer string, err error)
	// SetView replaces what the member looks at; a new member looks at nothing and hears everything.
	SetView(v View)
	// SetSource opens or closes the gate of one source: closed, nothing of it is forwarded, heard, counted as speech or
	// recorded. A new member's sources are all closed; the gate outlives publish transports.
	SetSource(s media.Source, open bool)
	// Leave closes the transports; idempotent.
	Leave()
}
