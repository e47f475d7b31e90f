package signaling

import (
	"context"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"github.com/zvonok/zvonok/storage/catalog"
)

// journalEntries is how many writes of one room may wait for the database.
const journalEntries = 256

// journal writes a room's rows in the order in which they happened. Its goroutine is started and joined by the room.
type journal struct {
	catalog *catalog.Catalog
	school  uuid.UUID
	log     *slog.Logger

	entries chan entry
	quit    chan struct{}
	done    chan struct{}
}

type entry struct {
	write func(*catalog.Tx) error
	// reply gets the outcome once; nil when nobody waits.
	reply chan error
}

func newJournal(c *catalog.Catalog, school uuid.UUID, log *slog.Logger) *journal {
	return &journal{
		catalog: c, school: school, log: log,
		entries: make(chan entry, journalEntries), quit: make(chan struct{}), done: make(chan struct{}),
	}
}

// run writes until close, and then what still waits.
func (j *journal) run() {
	defer close(j.done)
	for {
		select {
		case e := <-j.entries:
			j.write(e)
		case <-j.quit:
			for {
				select {
				case e := <-j.entries:
					j.write(e)
				default:
					return
				}
			}
		}
	}
}

func (j *journal) write(e entry) {
	ctx, cancel := context.WithTimeout(context.Background(), databaseWithin)
	defer cancel()
	err := j.catalog.In(ctx, j.school, e.write)
	if e.reply != nil {
		e.reply <- err
		return
	}
	if err != nil {
		j.log.Warn("attendance not written", "err", err)
	}
}

// note writes attendance, which nobody waits for. When the database is so far behind that the journal is full, the row
// is lost and said to be: a lesson goes on without its attendance rather than the other way round.
func (j *journal) note(write func(*catalog.Tx) error) {
	select {
	case j.entries <- entry{write: write}:
	default:
		j.log.Warn("attendance lost: the database is too slow")
	}
}

// commit returns when the write is durable. When the journal is full the caller, one socket's reader, waits.
func (j *journal) commit(ctx context.Context, write func(*catalog.Tx) error) error {
	e := entry{write: write, reply: make(chan error, 1)}
	ctx, cancel := context.WithTimeout(ctx, 2*databaseWithin)
	defer cancel()
	select {
	case j.entries <- e:
	case <-j.done:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-e.reply:
		return err
	case <-j.done:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

// close returns when everything has been tried; each write is bounded by databaseWithin.
func (j *journal) close() {
	close(j.quit)
	<-j.done
}

// microsecond is what the database keeps of a moment.
func microsecond(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
