package recorder

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/zvonok/zvonok/recorder/internal/spool"
	"github.com/zvonok/zvonok/storage/catalog"
)

// index is the part of the catalog that the recorder writes. All rows may be told again.
type index interface {
	// apply tells rows, in order and at once; errDeleted when the recording was deleted.
	apply(ctx context.Context, school, recording uuid.UUID, rows []spool.Row) error
	// lessonOver says whether the lesson has ended.
	lessonOver(ctx context.Context, school, lesson uuid.UUID) (bool, error)
	// orphans lists recordings that are open in the catalog.
	orphans(ctx context.Context) ([]catalog.Recording, error)
	// erase destroys the recording's keys.
	erase(ctx context.Context, school, recording uuid.UUID, rows spool.Row) error
}

// errDeleted: nothing can be added to a deleted recording.
var errDeleted = errors.New("recorder: the recording was deleted")

type catalogIndex struct{ c *catalog.Catalog }

func (i catalogIndex) apply(ctx context.Context, school, recording uuid.UUID, rows []spool.Row) error {
	return i.c.In(ctx, school, func(tx *catalog.Tx) error {
		for _, r := range rows {
			err := applyRow(tx, recording, r)
			if errors.Is(err, catalog.ErrNotFound) {
				return errDeleted
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func applyRow(tx *catalog.Tx, recording uuid.UUID, r spool.Row) error {
	switch {
	case r.Kind == spool.RowRecording && r.Recording != nil:
		return tx.AddRecording(*r.Recording)
	case r.Kind == spool.RowTrack && r.Track != nil:
		return tx.AddTrack(*r.Track)
	case r.Kind == spool.RowInit && r.Init != nil:
		return tx.AddInit(*r.Init)
	case r.Kind == spool.RowSegment && r.Segment != nil:
		return tx.AddSegment(*r.Segment)
	case r.Kind == spool.RowStage && r.Stage != nil:
		return tx.AddStageSpan(recording, *r.Stage)
	case r.Kind == spool.RowEvent && r.Event != nil:
		return tx.AddEvent(recording, *r.Event)
	case r.Kind == spool.RowEnd && r.At != nil:
		return tx.EndRecording(recording, *r.At)
	case r.Kind == spool.RowComplete && r.At != nil:
		return tx.CompleteRecording(recording, *r.At)
	}
	return nil // a mark, or a row of a later version
}

func (i catalogIndex) lessonOver(ctx context.Context, school, lesson uuid.UUID) (over bool, err error) {
	err = i.c.In(ctx, school, func(tx *catalog.Tx) error {
		l, err := tx.Lesson(lesson)
		over = l.EndedAt != nil
		return err
	})
	if errors.Is(err, catalog.ErrNotFound) {
		return true, nil
	}
	return over, err
}

func (i catalogIndex) orphans(ctx context.Context) ([]catalog.Recording, error) {
	return i.c.OpenRecordings(ctx)
}

func (i catalogIndex) erase(ctx context.Context, school, recording uuid.UUID, row spool.Row) error {
	return i.c.In(ctx, school, func(tx *catalog.Tx) error {
		err := tx.DeleteRecording(recording, *row.At)
		if errors.Is(err, catalog.ErrNotFound) && row.Recording != nil {
			// Not told of yet: it is there and deleted, so that nothing of it can be added.
			return errors.Join(tx.AddRecording(*row.Recording), tx.DeleteRecording(recording, *row.At))
		}
		return err
	})
}
