package recorder

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"github.com/zvonok/zvonok/sfu"
	"github.com/zvonok/zvonok/sfu/media"
	"github.com/zvonok/zvonok/storage/blob"
	"github.com/zvonok/zvonok/storage/catalog"
	"github.com/zvonok/zvonok/storage/policy"
)

// TapPoint is a room as the recorder sees it; *[sfu.Room] is one.
type TapPoint interface {
	// SetTap replaces the room's tap; nil takes it away. It does not wait.
	SetTap(t sfu.Tap)
}

// Config is what a [Recorder] needs.
type Config struct {
	// Spool is a folder of the recorder's own on a local disk.
	Spool string
	Store blob.Store
	// Catalog is told of everything once it is stored. It may be away for any time.
	Catalog *catalog.Catalog
	// Rooms finds a lesson's room.
	Rooms func(media.RoomID) (TapPoint, bool)
	// MasterKey wraps the tracks' keys and seals the spool.
	MasterKey [32]byte
	// MayRecord is asked once per source, on a goroutine of its own, before anything of it is kept.
	MayRecord func(ctx context.Context, school, lesson uuid.UUID, p media.ParticipantID, s media.Source) policy.Record
	// Logger is optional.
	Logger *slog.Logger
	// Clock gives wall time with a monotonic reading; optional.
	Clock func() time.Time
	// index stands in for Catalog in tests.
	index index
}

// Validate says what is missing, and fills in what is optional.
func (c *Config) Validate() error {
	switch {
	case c.Spool == "":
		return fmt.Errorf("%w: no spool", ErrConfig)
	case c.Store == nil:
		return fmt.Errorf("%w: no store", ErrConfig)
	case c.Catalog == nil && c.index == nil:
		return fmt.Errorf("%w: no catalog", ErrConfig)
	case c.Rooms == nil || c.MayRecord == nil:
		return fmt.Errorf("%w: no rooms or no policy", ErrConfig)
	case c.MasterKey == [32]byte{}:
		return fmt.Errorf("%w: no master key", ErrConfig)
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.index == nil {
		c.index = catalogIndex{c.Catalog}
	}
	return nil
}

// StartRequest says what is to be recorded and who wants it.
type StartRequest struct {
	School, Lesson, Class, StartedBy uuid.UUID
}
