package catalog

import (
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

var (
	// ErrNotFound: there is no such row in this school, or it is used, expired, ended or deleted.
	ErrNotFound = errors.New("catalog: not found")
	// ErrConflict: another row has this name, login or number already.
	ErrConflict = errors.New("catalog: already taken")
	// ErrInvalid: a value is too long, empty, of an unknown kind, or names a row that does not exist.
	ErrInvalid = errors.New("catalog: invalid value")
	// ErrServer: the server cannot serve as a catalog; the text says what to change.
	ErrServer = errors.New("catalog: database server refused")
	// ErrClosed: the catalog was closed.
	ErrClosed = errors.New("catalog: closed")
)

// SQLSTATE codes (PostgreSQL manual, appendix A).
const (
	uniqueViolation     = "23505"
	foreignKeyViolation = "23503"
	notNullViolation    = "23502"
	checkViolation      = "23514"
	tooLong             = "22001"
	badText             = "22P02"
	badBytes            = "22021" // a zero byte in text, or not UTF-8
	outOfRange          = "22003"
	insufficientRight   = "42501" // also: a new row violates row-level security
)

// refine turns what the driver says into the package's sentinels. The message keeps the constraint's name and never the
// values.
func refine(doing string, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, pgx.ErrNoRows) {
		return fmt.Errorf("%w: %s", ErrNotFound, doing)
	}
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return fmt.Errorf("catalog: %s: %w", doing, err)
	}
	switch pg.Code {
	case uniqueViolation:
		return fmt.Errorf("%w: %s (%s)", ErrConflict, doing, pg.ConstraintName)
	case foreignKeyViolation, notNullViolation, checkViolation, tooLong, badText, badBytes, outOfRange, insufficientRight:
		return fmt.Errorf("%w: %s (%s %s%s)", ErrInvalid, doing, pg.Code, pg.ConstraintName, pg.ColumnName)
	}
	return fmt.Errorf("catalog: %s: %w", doing, err)
}
