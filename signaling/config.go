package signaling

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"github.com/zvonok/zvonok/sfu"
	"github.com/zvonok/zvonok/sfu/media"
	"github.com/zvonok/zvonok/storage/catalog"
)

// Config is what a [Server] is made of.
type Config struct {
	Catalog *catalog.Catalog
	// Media opens the media of a room; ev is told what happens there. The room closes the conference.
	Media func(room media.RoomID, ev sfu.Events) (sfu.Conference, error)
	// Recorder is nil on a server that does not record.
	Recorder Recorder
	// Logger gets ids only: no names, no tokens, no text. Nil discards.
	Logger *slog.Logger
	// Clock tells wall time; nil is time.Now. A lesson's end and the resume window go by it.
	Clock func() time.Time
	// Build is the version of server and client together; a client of another one offers a reload.
	Build string
	// Relays gives the ICE servers for somebody whose browser reached the server under host; nil gives none.
	Relays func(person uuid.UUID, host string) []ICEServer
	// Origins are the host patterns that a browser may come from besides the request's own host (path.Match).
	Origins []string
}

// Validate fills in what may be left out; it fails when Catalog or Media is missing.
func (c *Config) Validate() error {
	if c.Catalog == nil || c.Media == nil {
		return errors.New("signaling: a server needs a catalog and media")
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	return nil
}

// Recorder is the recorder as a room sees it; cmd joins the two.
type Recorder interface {
	// Start begins the lesson's recording or continues the open one.
	Start(ctx context.Context, req StartRequest) (recording uuid.UUID, err error)
	// Stop ends it; it returns when everything is in the spool.
	Stop(ctx context.Context, recording uuid.UUID) error
	// Event puts something on the timeline; it must not block.
	Event(recording uuid.UUID, kind string, person *uuid.UUID, data any)
}

// StartRequest says what is to be recorded and who wants it.
type StartRequest struct {
	School, Lesson, Class, StartedBy uuid.UUID
}

// Caller is who opened a socket: api has read the cookie and asked the policy already; the room asks again.
type Caller struct {
	Person catalog.Person
	// Session is the signed-in browser's, so that signing out ends the socket.
	Session uuid.UUID
	// MadeBy is who let a device in; nil for people.
	MadeBy uuid.UUID
}

// Durations of the protocol. PROTOCOL.md names them.
const (
	// helloWithin is how long a socket may stay silent before hello.
	helloWithin = 10 * time.Second
	// resumeWithin is how long a session survives its socket.
	resumeWithin = 30 * time.Second
	// endAfter is how long a lesson goes on without staff.
	endAfter = 5 * time.Minute
	// pingEvery and pongWithin find dead sockets.
	pingEvery  = 20 * time.Second
	pongWithin = 10 * time.Second
	// writeWithin bounds one frame's way into the kernel.
	writeWithin = 10 * time.Second
	// databaseWithin bounds one transaction.
	databaseWithin = 5 * time.Second
	// mediaWithin bounds the answer to an offer.
	mediaWithin = 10 * time.Second
	// stopWithin bounds the recorder's Start and Stop.
	stopWithin = time.Minute
	// tickEvery is how often a room looks at its deadlines.
	tickEvery = 250 * time.Millisecond
	// retryEvery is how soon a failed Start of a wanted recording, or a failed end, is tried again.
	retryEvery = 10 * time.Second
)
