package catalog

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// RoleDevice is the role of those as whom doors are seen in a lesson.
const RoleDevice = "device"

// Door lets one device into one lesson.
type Door struct {
	ID       uuid.UUID
	LessonID uuid.UUID
	MadeBy   uuid.UUID
	// DeviceID is the person as whom the device is seen, Name that person's name.
	DeviceID uuid.UUID
	Name     string
	// Publishes: it sends to the lesson; else it receives.
	Publishes bool
	CreatedAt time.Time
	ExpiresAt time.Time
	RevokedAt *time.Time
}

const doorQuery = `select d.id, d.lesson_id, d.made_by, d.device_id, p.name, d.publishes, d.created_at, d.expires_at, d.revoked_at
	from doors d join people p on p.id = d.device_id `

// AddDoor keeps a door by the SHA-256 of its token, and makes its device a member of the lesson's class.
func (t *Tx) AddDoor(hash []byte, d Door) error {
	if err := validHash(hash); err != nil {
		return err
	}
	lesson, err := t.Lesson(d.LessonID)
	if err != nil {
		return err
	}
	err = t.AddPerson(NewPerson{ID: d.DeviceID, Name: d.Name, Role: RoleDevice, Classes: []uuid.UUID{lesson.ClassID}})
	if err != nil {
		return err
	}
	_, err = t.exec("add door", `insert into doors
		(id, school_id, lesson_id, made_by, device_id, publishes, token_hash, created_at, expires_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		d.ID, t.school, d.LessonID, d.MadeBy, d.DeviceID, d.Publishes, hash, d.CreatedAt.UTC(), d.ExpiresAt.UTC())
	return err
}

// Doors lists a lesson's doors that are not revoked, oldest first.
func (t *Tx) Doors(lesson uuid.UUID) ([]Door, error) {
	return many(t, "list doors", pgx.RowToStructByPos[Door],
		doorQuery+`where d.lesson_id = $1 and d.revoked_at is null order by d.created_at, d.id limit $2`, lesson, maxRows)
}

// RevokeDoor ends a lesson's door for good; repeating it is harmless.
func (t *Tx) RevokeDoor(lesson, door uuid.UUID, now time.Time) error {
	return t.must("revoke door", `update doors set revoked_at = coalesce(revoked_at, $3) where id = $1 and lesson_id = $2`,
		door, lesson, now.UTC())
}

// DoorByToken gives the door of a token, revoked and expired ones too, and who made it. ErrNotFound: there is none.
func (c *Catalog) DoorByToken(ctx context.Context, hash []byte) (Door, Person, error) {
	if err := validHash(hash); err != nil {
		return Door{}, Person{}, fmt.Errorf("%w: door", ErrNotFound)
	}
	type found struct {
		d Door
		p Person
	}
	f, err := ask(ctx, c, "read door", func(row pgx.CollectableRow) (found, error) {
		var f found
		var ids []uuid.UUID
		var names []string
		err := row.Scan(&f.d.ID, &f.d.LessonID, &f.d.DeviceID, &f.d.Name, &f.d.Publishes, &f.d.CreatedAt, &f.d.ExpiresAt, &f.d.RevokedAt,
			&f.p.ID, &f.p.SchoolID, &f.p.Name, &f.p.Role, &f.p.Login, &f.p.HasSecret, &f.p.ArchivedAt, &ids, &names)
		f.p.setClasses(ids, names)
		f.d.MadeBy = f.p.ID
		return f, err
	}, `select door_id, lesson_id, device_id, device_name, publishes, created_at, expires_at, revoked_at, `+personColumns+`
		from door_by_token($1)`, hash)
	return f.d, f.p, err
}
