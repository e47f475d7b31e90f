package catalog

import (
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

const personColumns = `id, school_id, name, role, login, has_secret, archived_at, class_ids, class_names`

// scanPerson reads personColumns.
func scanPerson(row pgx.CollectableRow) (Person, error) {
	var p Person
	var ids []uuid.UUID
	var names []string
	err := row.Scan(&p.ID, &p.SchoolID, &p.Name, &p.Role, &p.Login, &p.HasSecret, &p.ArchivedAt, &ids, &names)
	if err != nil {
		return Person{}, err
	}
	p.setClasses(ids, names)
	return p, nil
}

func (p *Person) setClasses(ids []uuid.UUID, names []string) {
	for i, id := range ids {
		p.Classes = append(p.Classes, Class{ID: id, Name: names[i]})
	}
}

// normalLogin is how logins are kept and compared.
func normalLogin(login string) string { return strings.ToLower(strings.TrimSpace(login)) }

// School gives the transaction's own school.
func (t *Tx) School() (School, error) {
	return one(t, "read school", pgx.RowToStructByPos[School],
		`select id, name, time_zone from schools where id = $1`, t.school)
}

// People lists everyone who is not archived, by role and name; devices are no people.
func (t *Tx) People() ([]Person, error) {
	return many(t, "list people", scanPerson,
		`select `+personColumns+` from person_cards where archived_at is null and role <> 'device' order by role, name, id`)
}

// Person gives one person, archived or not.
func (t *Tx) Person(id uuid.UUID) (Person, error) {
	return one(t, "read person", scanPerson, `select `+personColumns+` from person_cards where id = $1`, id)
}

// AddPerson makes an account. ErrConflict: the login is taken, in this school or another.
func (t *Tx) AddPerson(p NewPerson) error {
	_, err := t.exec("add person", `insert into people (id, school_id, name, role, login, password_hash)
		values ($1, $2, $3, $4, nullif($5, ''), nullif($6, ''))`,
		p.ID, t.school, p.Name, p.Role, normalLogin(p.Login), p.PasswordHash)
	if err != nil {
		return err
	}
	for _, class := range p.Classes {
		if err := t.AddToClass(class, p.ID); err != nil {
			return err
		}
	}
	return nil
}

// SetPassword replaces the password's hash; empty: no password any more. Sessions go on ([Tx.EndSessions] ends them).
func (t *Tx) SetPassword(person uuid.UUID, hash string) error {
	return t.must("set password", `update people set password_hash = nullif($2, '') where id = $1`, person, hash)
}

// ArchivePerson ends an account and its sessions; what the person did stays.
func (t *Tx) ArchivePerson(person uuid.UUID, now time.Time) error {
	err := t.must("archive person", `update people set archived_at = coalesce(archived_at, $2) where id = $1`,
		person, now.UTC())
	if err != nil {
		return err
	}
	return t.EndSessions(person, now)
}

// Classes lists the school's classes by name.
func (t *Tx) Classes() ([]Class, error) {
	return many(t, "list classes", pgx.RowToStructByPos[Class], `select id, name from classes order by name, id`)
}

// AddClass makes a class. ErrConflict: the school has one of this name.
func (t *Tx) AddClass(c Class) error {
	_, err := t.exec("add class", `insert into classes (id, school_id, name) values ($1, $2, $3)`, c.ID, t.school, c.Name)
	return err
}

// AddToClass makes a person a member of a class; repeating it is harmless.
func (t *Tx) AddToClass(class, person uuid.UUID) error {
	_, err := t.exec("add to class", `insert into class_members (school_id, class_id, person_id) values ($1, $2, $3)
		on conflict (school_id, class_id, person_id) do nothing`, t.school, class, person)
	return err
}

// RemoveFromClass is the inverse of AddToClass; repeating it is harmless.
func (t *Tx) RemoveFromClass(class, person uuid.UUID) error {
	_, err := t.exec("remove from class", `delete from class_members where class_id = $1 and person_id = $2`, class, person)
	return err
}

// AddLink keeps a sign-in link by the SHA-256 of its token; next is the page that the person lands on.
func (t *Tx) AddLink(hash []byte, person uuid.UUID, next string, now, expires time.Time) error {
	if err := validHash(hash); err != nil {
		return err
	}
	_, err := t.exec("add link", `insert into sign_in_links (token_hash, school_id, person_id, next, created_at, expires_at)
		values ($1, $2, $3, $4, $5, $6)`, hash, t.school, person, next, now.UTC(), expires.UTC())
	return err
}

// AddSession keeps a session by the SHA-256 of its token; the school is the transaction's.
func (t *Tx) AddSession(hash []byte, s Session) error {
	if err := validHash(hash); err != nil {
		return err
	}
	_, err := t.exec("add session", `insert into sessions
		(token_hash, id, school_id, person_id, browser, created_at, seen_at, expires_at)
		values ($1, $2, $3, $4, left($5, 300), $6, $7, $8)`,
		hash, s.ID, t.school, s.PersonID, s.Browser, s.CreatedAt.UTC(), s.SeenAt.UTC(), s.ExpiresAt.UTC())
	return err
}

// EndSession signs one browser out; repeating it is harmless.
func (t *Tx) EndSession(id uuid.UUID, now time.Time) error {
	return t.must("end session", `update sessions set ended_at = coalesce(ended_at, $2) where id = $1`, id, now.UTC())
}

// EndSessions signs a person out everywhere.
func (t *Tx) EndSessions(person uuid.UUID, now time.Time) error {
	_, err := t.exec("end sessions", `update sessions set ended_at = $2 where person_id = $1 and ended_at is null`,
		person, now.UTC())
	return err
}

// Audit appends one entry. Texts longer than their column are cut: an entry too long is better kept than lost.
func (t *Tx) Audit(a AuditEntry) error {
	_, err := t.exec("audit", `insert into audit (school_id, at, person_id, action, object_kind, object_id, allowed, reason)
		values ($1, $2, $3, left($4, 100), left($5, 100), left($6, 200), $7, left($8, 200))`,
		t.school, a.At.UTC(), a.PersonID, a.Action, a.ObjectKind, a.ObjectID, a.Allowed, a.Reason)
	return err
}

// validHash refuses what is not a SHA-256: a token handed over in the clear by mistake must not be stored.
func validHash(hash []byte) error {
	if len(hash) != 32 {
		return fmt.Errorf("%w: token hash of %d bytes", ErrInvalid, len(hash))
	}
	return nil
}
