package catalog

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Tx is one transaction inside one school. It belongs to the function that [Catalog.In] calls, on that goroutine, and is
// dead when the function returns.
type Tx struct {
	ctx    context.Context
	tx     pgx.Tx
	school uuid.UUID
}

// In runs fn in one transaction that sees the rows of one school and no others; it commits when fn returns nil. A failed
// statement fails the whole transaction: fn returns the error and starts nothing else.
func (c *Catalog) In(ctx context.Context, school uuid.UUID, fn func(*Tx) error) error {
	if school == uuid.Nil {
		return fmt.Errorf("%w: no school named", ErrInvalid)
	}
	return inTransaction(ctx, c.pool, school, fn)
}

type beginner interface {
	Begin(ctx context.Context) (pgx.Tx, error)
}

func inTransaction(ctx context.Context, db beginner, school uuid.UUID, fn func(*Tx) error) (err error) {
	tx, err := db.Begin(ctx)
	if err != nil {
		return refine("begin", err)
	}
	defer func() {
		// After a commit this does nothing. The caller's context may be over; the connection must be clean all the same.
		rollback, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTime)
		defer cancel()
		if undo := tx.Rollback(rollback); undo != nil && !errors.Is(undo, pgx.ErrTxClosed) && err == nil {
			err = refine("roll back", undo)
		}
	}()
	if _, err := tx.Exec(ctx, `select set_config('zvonok.school', $1, true)`, school.String()); err != nil {
		return refine("name the school", err)
	}
	if err := fn(&Tx{ctx: ctx, tx: tx, school: school}); err != nil {
		return err
	}
	return refine("commit", tx.Commit(ctx))
}

// rollbackTime is how long a roll-back may take before the connection is thrown away.
const rollbackTime = 5 * time.Second

// exec runs a statement and says how many rows it touched.
func (t *Tx) exec(doing, sql string, args ...any) (int64, error) {
	tag, err := t.tx.Exec(t.ctx, sql, args...)
	return tag.RowsAffected(), refine(doing, err)
}

// must is exec for statements that have to find their row.
func (t *Tx) must(doing, sql string, args ...any) error {
	n, err := t.exec(doing, sql, args...)
	if err == nil && n == 0 {
		return fmt.Errorf("%w: %s", ErrNotFound, doing)
	}
	return err
}

// one reads a single row.
func one[T any](t *Tx, doing string, scan pgx.RowToFunc[T], sql string, args ...any) (T, error) {
	rows, _ := t.tx.Query(t.ctx, sql, args...) // the error comes again from CollectOneRow
	v, err := pgx.CollectOneRow(rows, scan)
	return v, refine(doing, err)
}

// many reads all rows; none gives an empty slice.
func many[T any](t *Tx, doing string, scan pgx.RowToFunc[T], sql string, args ...any) ([]T, error) {
	rows, _ := t.tx.Query(t.ctx, sql, args...) // the error comes again from CollectRows
	v, err := pgx.CollectRows(rows, scan)
	return v, refine(doing, err)
}

// count bounds a limit that came from outside.
func count(limit int) int { return max(1, min(limit, maxRows)) }

// maxRows is the most rows that a listing gives.
const maxRows = 1000
