package catalog

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// What is known before the school is: each of these calls one SECURITY DEFINER function of the schema, which sees all
// schools and answers exactly one question.

// SchoolCount says how many schools there are; 0: the installation wants to be set up.
func (c *Catalog) SchoolCount(ctx context.Context) (int, error) {
	return ask(ctx, c, "count schools", pgx.RowTo[int], `select school_count()`)
}

// Schools lists all schools by name.
func (c *Catalog) Schools(ctx context.Context) ([]School, error) {
	return askAll(ctx, c, "list schools", pgx.RowToStructByPos[School], `select id, name, time_zone from all_schools()`)
}

// AddSetupLink keeps a set-up link by the SHA-256 of its token. Only the owner can: whoever speaks for the application's
// role cannot make itself a school.
func (c *Catalog) AddSetupLink(ctx context.Context, hash []byte, now, expires time.Time) error {
	if err := validHash(hash); err != nil {
		return err
	}
	return c.asOwner(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `insert into setup_links (token_hash, created_at, expires_at) values ($1, $2, $3)`,
			hash, now.UTC(), expires.UTC())
		return refine("add set-up link", err)
	})
}

// SetupLinkValid says whether a set-up link is unused and not expired.
func (c *Catalog) SetupLinkValid(ctx context.Context, hash []byte, now time.Time) (bool, error) {
	return ask(ctx, c, "look at set-up link", pgx.RowTo[bool], `select setup_link_valid($1, $2)`, hash, now.UTC())
}

// CreateSchool makes a school with its first admin in one transaction that consumes the set-up link; ErrNotFound: the
// link is used, expired or unknown. With a nil hash (demo and tests) it is done as the owner.
func (c *Catalog) CreateSchool(ctx context.Context, setup []byte, s School, admin NewPerson, now time.Time) error {
	if err := validSchool(s, admin); err != nil {
		return err
	}
	args := []any{setup, s.ID, s.Name, s.TimeZone, admin.ID, admin.Name, normalLogin(admin.Login), admin.PasswordHash, now.UTC()}
	const call = `select create_school($1, $2, $3, $4, $5, $6, $7, $8, $9)`
	if setup == nil {
		return c.asOwner(ctx, func(tx pgx.Tx) error {
			_, err := tx.Exec(ctx, call, args...)
			return refine("create school", err)
		})
	}
	if err := validHash(setup); err != nil {
		return err
	}
	made, err := ask(ctx, c, "create school", pgx.RowTo[bool], call, args...)
	if err == nil && !made {
		err = fmt.Errorf("%w: set-up link", ErrNotFound)
	}
	return err
}

func validSchool(s School, admin NewPerson) error {
	switch {
	case admin.Role != "admin":
		return fmt.Errorf("%w: a school's first person is its admin", ErrInvalid)
	case len(admin.Classes) > 0:
		return fmt.Errorf("%w: a new school has no classes", ErrInvalid)
	case s.TimeZone == "" || s.TimeZone == "Local":
		return fmt.Errorf("%w: time zone", ErrInvalid)
	}
	if _, err := time.LoadLocation(s.TimeZone); err != nil {
		return fmt.Errorf("%w: time zone", ErrInvalid)
	}
	return nil
}

// PersonByLogin gives the person and the password's hash. ErrNotFound: no such login, no password, or archived.
func (c *Catalog) PersonByLogin(ctx context.Context, login string) (Person, string, error) {
	return askPerson(ctx, c, "read login", `select `+personColumns+`, password_hash from person_by_login($1)`,
		normalLogin(login))
}

// LinkPerson looks at a sign-in link without consuming it: whose it is and where it leads. ErrNotFound: used, expired,
// unknown, or its person is archived.
func (c *Catalog) LinkPerson(ctx context.Context, hash []byte, now time.Time) (Person, string, error) {
	return askPerson(ctx, c, "look at link", `select `+personColumns+`, next from link_person($1, $2)`, hash, now.UTC())
}

// UseLink consumes a sign-in link: of any number of calls for one link exactly one succeeds. ErrNotFound as LinkPerson.
func (c *Catalog) UseLink(ctx context.Context, hash []byte, now time.Time) (Person, string, error) {
	return askPerson(ctx, c, "use link", `select `+personColumns+`, next from use_link($1, $2)`, hash, now.UTC())
}

// SessionByToken gives the session and its person, and notes at most once a minute that it was seen. ErrNotFound: ended,
// expired, unknown, or its person is archived.
func (c *Catalog) SessionByToken(ctx context.Context, hash []byte, now time.Time) (Session, Person, error) {
	type found struct {
		s Session
		p Person
	}
	f, err := ask(ctx, c, "read session", func(row pgx.CollectableRow) (found, error) {
		var f found
		var ids []uuid.UUID
		var names []string
		err := row.Scan(&f.s.ID, &f.s.Browser, &f.s.CreatedAt, &f.s.SeenAt, &f.s.ExpiresAt,
			&f.p.ID, &f.p.SchoolID, &f.p.Name, &f.p.Role, &f.p.Login, &f.p.HasSecret, &f.p.ArchivedAt, &ids, &names)
		f.p.setClasses(ids, names)
		f.s.SchoolID, f.s.PersonID = f.p.SchoolID, f.p.ID
		return f, err
	}, `select session_id, browser, created_at, seen_at, expires_at, `+personColumns+` from session_by_token($1, $2)`,
		hash, now.UTC())
	return f.s, f.p, err
}

// AdminLogins lists the admins of all schools who are not archived.
func (c *Catalog) AdminLogins(ctx context.Context) ([]Person, error) {
	return askAll(ctx, c, "list admins", scanPerson, `select `+personColumns+` from admin_logins()`)
}

// OpenRecordings lists the recordings of all schools that are not ended or not complete, and not deleted: what the
// recorder has to go on with after a restart.
func (c *Catalog) OpenRecordings(ctx context.Context) ([]Recording, error) {
	return askAll(ctx, c, "list open recordings", pgx.RowToStructByPos[Recording], `select id, school_id, lesson_id,
		class_id, started_by, title, class_name, teacher_id, started_at, ended_at, complete_at, published, deleted_at
		from open_recordings()`)
}

func ask[T any](ctx context.Context, c *Catalog, doing string, scan pgx.RowToFunc[T], sql string, args ...any) (T, error) {
	rows, _ := c.pool.Query(ctx, sql, args...) // the error comes again from CollectOneRow
	v, err := pgx.CollectOneRow(rows, scan)
	return v, refine(doing, err)
}

func askAll[T any](ctx context.Context, c *Catalog, doing string, scan pgx.RowToFunc[T], sql string) ([]T, error) {
	rows, _ := c.pool.Query(ctx, sql) // the error comes again from CollectRows
	v, err := pgx.CollectRows(rows, scan)
	return v, refine(doing, err)
}

// askPerson reads personColumns and one text after them.
func askPerson(ctx context.Context, c *Catalog, doing, sql string, args ...any) (Person, string, error) {
	type found struct {
		p    Person
		text string
	}
	f, err := ask(ctx, c, doing, func(row pgx.CollectableRow) (found, error) {
		var f found
		var ids []uuid.UUID
		var names []string
		err := row.Scan(&f.p.ID, &f.p.SchoolID, &f.p.Name, &f.p.Role, &f.p.Login, &f.p.HasSecret, &f.p.ArchivedAt,
			&ids, &names, &f.text)
		f.p.setClasses(ids, names)
		return f, err
	}, sql, args...)
	return f.p, f.text, err
}
