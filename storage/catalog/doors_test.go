package catalog_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/zvonok/zvonok/storage/catalog"
)

func TestDoors(t *testing.T) {
	c, _ := openWithURL(t)
	f := fill(t, c)
	token := hash("door" + f.own.school.String())
	door, maker, err := c.DoorByToken(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	if door.ID != f.own.door.ID || door.LessonID != f.own.lesson || door.Name != "Камера в зале" || !door.Publishes || door.RevokedAt != nil ||
		!door.ExpiresAt.Equal(at.Add(time.Hour)) || maker.ID != f.own.teacher || door.MadeBy != f.own.teacher || len(maker.Classes) == 0 {
		t.Errorf("%+v made by %+v", door, maker)
	}
	for name, token := range map[string][]byte{"unknown": hash("x"), "no hash": []byte("door")} {
		if _, _, err := c.DoorByToken(t.Context(), token); !errors.Is(err, catalog.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	in(t, c, f.own.school, func(tx *catalog.Tx) error {
		device, err := tx.Person(door.DeviceID)
		if err != nil || device.Role != catalog.RoleDevice || device.Login != "" || device.Classes[0].ID != f.own.class {
			t.Errorf("the device is %+v, %v", device, err)
		}
		people, err := tx.People()
		for _, p := range people {
			if p.ID == door.DeviceID {
				t.Error("a device is listed among the people")
			}
		}
		return err
	})
	// A door of one lesson is not another lesson's to revoke.
	if err := try(t, c, f.own.school, func(tx *catalog.Tx) error { return tx.RevokeDoor(uuid.New(), door.ID, at) }); !errors.Is(err, catalog.ErrNotFound) {
		t.Errorf("another lesson's: %v", err)
	}
	for _, now := range []time.Time{at, at.Add(time.Minute)} {
		in(t, c, f.own.school, func(tx *catalog.Tx) error { return tx.RevokeDoor(f.own.lesson, door.ID, now) })
	}
	if door, _, err = c.DoorByToken(t.Context(), token); err != nil || door.RevokedAt == nil || !door.RevokedAt.Equal(at) {
		t.Errorf("revoked: %+v %v", door, err)
	}
	in(t, c, f.own.school, func(tx *catalog.Tx) error {
		left, err := tx.Doors(f.own.lesson)
		if len(left) != 0 {
			t.Errorf("still listed: %+v", left)
		}
		return err
	})
}
