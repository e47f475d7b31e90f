package catalog_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/zvonok/zvonok/storage/catalog"
	"github.com/zvonok/zvonok/storage/catalog/catalogtest"
)

// manyAtOnce runs fn on n goroutines and counts those that succeed; any error but ErrNotFound fails the test.
func manyAtOnce(t *testing.T, n int, fn func() error) int64 {
	t.Helper()
	var won atomic.Int64
	var group sync.WaitGroup
	start := make(chan struct{})
	for range n {
		group.Go(func() {
			<-start
			switch err := fn(); {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, catalog.ErrNotFound):
				t.Errorf("%v, want ErrNotFound", err)
			}
		})
	}
	close(start)
	group.Wait()
	return won.Load()
}

func TestALinkWorksOnce(t *testing.T) {
	c := catalogtest.Open(t)
	d := catalogtest.School(t, c)
	student := d.Students[0]
	in(t, c, d.School.ID, func(tx *catalog.Tx) error {
		return tx.AddLink(hash("token"), student.ID, "/lesson/1", at, at.Add(24*time.Hour))
	})
	for range 2 {
		p, next, err := c.LinkPerson(t.Context(), hash("token"), at)
		if err != nil || next != "/lesson/1" {
			t.Fatalf("LinkPerson = %q, %v", next, err)
		}
		wantEqual(t, "whose link", p, student)
	}
	won := manyAtOnce(t, 24, func() error {
		p, next, err := c.UseLink(t.Context(), hash("token"), at)
		if err == nil && (p.ID != student.ID || next != "/lesson/1") {
			t.Errorf("UseLink = %+v, %q", p, next)
		}
		return err
	})
	if won != 1 {
		t.Errorf("%d of 24 used the link", won)
	}
	if _, _, err := c.LinkPerson(t.Context(), hash("token"), at); !errors.Is(err, catalog.ErrNotFound) {
		t.Errorf("a used link: %v", err)
	}
}

func TestLinksThatDoNotWork(t *testing.T) {
	c := catalogtest.Open(t)
	d := catalogtest.School(t, c)
	in(t, c, d.School.ID, func(tx *catalog.Tx) error {
		return errors.Join(
			tx.AddLink(hash("old"), d.Teacher.ID, "", at, at.Add(time.Hour)),
			tx.AddLink(hash("archived"), d.Students[1].ID, "", at, at.Add(time.Hour)),
			tx.ArchivePerson(d.Students[1].ID, at))
	})
	for name, l := range map[string]struct {
		hash []byte
		now  time.Time
	}{
		"expired": {hash("old"), at.Add(time.Hour)}, "unknown": {hash("no"), at}, "archived": {hash("archived"), at}, "none": {nil, at},
	} {
		if _, _, err := c.LinkPerson(t.Context(), l.hash, l.now); !errors.Is(err, catalog.ErrNotFound) {
			t.Errorf("%s: LinkPerson = %v", name, err)
		}
		if _, _, err := c.UseLink(t.Context(), l.hash, l.now); !errors.Is(err, catalog.ErrNotFound) {
			t.Errorf("%s: UseLink = %v", name, err)
		}
	}
	// The expired one was not consumed by trying.
	if _, _, err := c.UseLink(t.Context(), hash("old"), at.Add(time.Minute)); err != nil {
		t.Errorf("UseLink in time: %v", err)
	}
}

func TestSessions(t *testing.T) {
	c := catalogtest.Open(t)
	d := catalogtest.School(t, c)
	s := catalog.Session{
		ID: uuid.New(), SchoolID: d.School.ID, PersonID: d.Teacher.ID, Browser: "Firefox", CreatedAt: at, SeenAt: at,
		ExpiresAt: at.Add(time.Hour),
	}
	other := s
	other.ID = uuid.New()
	in(t, c, d.School.ID, func(tx *catalog.Tx) error {
		return errors.Join(tx.AddSession(hash("one"), s), tx.AddSession(hash("two"), other))
	})
	look := func(token string, now time.Time) (catalog.Session, error) {
		got, p, err := c.SessionByToken(t.Context(), hash(token), now)
		if err == nil {
			wantEqual(t, "the session's person", p, d.Teacher)
		}
		return got, err
	}
	for _, step := range []struct{ after, seen time.Duration }{
		{0, 0}, {59 * time.Second, 0}, {61 * time.Second, 61 * time.Second}, {90 * time.Second, 61 * time.Second},
	} {
		got, err := look("one", at.Add(step.after))
		if err != nil {
			t.Fatal(err)
		}
		want := s
		want.SeenAt = at.Add(step.seen)
		wantEqual(t, "session after "+step.after.String(), got, want)
	}
	if _, err := look("one", s.ExpiresAt); !errors.Is(err, catalog.ErrNotFound) {
		t.Errorf("expired: %v", err)
	}
	for range 2 {
		in(t, c, d.School.ID, func(tx *catalog.Tx) error { return tx.EndSession(s.ID, at) })
	}
	if _, err := look("one", at); !errors.Is(err, catalog.ErrNotFound) {
		t.Errorf("ended: %v", err)
	}
	if _, err := look("two", at); err != nil {
		t.Errorf("the other browser: %v", err)
	}
	in(t, c, d.School.ID, func(tx *catalog.Tx) error { return tx.ArchivePerson(d.Teacher.ID, at) })
	if _, err := look("two", at); !errors.Is(err, catalog.ErrNotFound) {
		t.Errorf("archived: %v", err)
	}
}

func TestLogins(t *testing.T) {
	c := catalogtest.Open(t)
	d := catalogtest.School(t, c)
	with := catalog.NewPerson{ID: uuid.New(), Name: "Иван", Role: "teacher", Login: "Иван@Школа", PasswordHash: "argon", Classes: []uuid.UUID{d.Class.ID}}
	without := catalog.NewPerson{ID: uuid.New(), Name: "Яна", Role: "teacher", Login: "yana"}
	in(t, c, d.School.ID, func(tx *catalog.Tx) error { return errors.Join(tx.AddPerson(with), tx.AddPerson(without)) })
	for _, login := range []string{"Иван@Школа", " иван@школа ", "ИВАН@ШКОЛА"} {
		p, secret, err := c.PersonByLogin(t.Context(), login)
		if err != nil || p.ID != with.ID || secret != "argon" || !p.HasSecret || len(p.Classes) != 1 {
			t.Errorf("PersonByLogin(%q) = %+v, %q, %v", login, p, secret, err)
		}
	}
	in(t, c, d.School.ID, func(tx *catalog.Tx) error { return tx.SetPassword(without.ID, "later") })
	if _, secret, err := c.PersonByLogin(t.Context(), "yana"); err != nil || secret != "later" {
		t.Errorf("after SetPassword: %q, %v", secret, err)
	}
	in(t, c, d.School.ID, func(tx *catalog.Tx) error {
		return errors.Join(tx.SetPassword(without.ID, ""), tx.ArchivePerson(with.ID, at))
	})
	for _, login := range []string{"yana", "Иван@Школа", "", "nobody"} {
		if _, _, err := c.PersonByLogin(t.Context(), login); !errors.Is(err, catalog.ErrNotFound) {
			t.Errorf("PersonByLogin(%q) = %v", login, err)
		}
	}
}

func TestSetUp(t *testing.T) {
	c := catalogtest.Open(t)
	ctx := t.Context()
	if err := c.AddSetupLink(ctx, hash("setup"), at, at.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]struct {
		hash []byte
		now  time.Time
		ok   bool
	}{
		"valid": {hash("setup"), at, true}, "expired": {hash("setup"), at.Add(time.Hour), false}, "unknown": {hash("x"), at, false},
	} {
		if ok, err := c.SetupLinkValid(ctx, want.hash, want.now); err != nil || ok != want.ok {
			t.Errorf("%s: SetupLinkValid = %v, %v", name, ok, err)
		}
	}
	create := func(ctx context.Context, setup []byte, zone, login string) error {
		return c.CreateSchool(ctx, setup, catalog.School{ID: uuid.New(), Name: "Школа 5", TimeZone: zone},
			catalog.NewPerson{ID: uuid.New(), Name: "Завуч", Role: "admin", Login: login, PasswordHash: "argon"}, at)
	}
	for name, r := range map[string]struct {
		err, want error
	}{
		"time zone":      {create(ctx, hash("setup"), "Mars/Olympus", "a"), catalog.ErrInvalid},
		"no time zone":   {create(ctx, hash("setup"), "", "a"), catalog.ErrInvalid},
		"unknown link":   {create(ctx, hash("x"), "Europe/Moscow", "a"), catalog.ErrNotFound},
		"link, no hash":  {create(ctx, []byte{}, "Europe/Moscow", "a"), catalog.ErrInvalid},
		"not an admin":   {c.CreateSchool(ctx, hash("setup"), catalog.School{TimeZone: "UTC"}, catalog.NewPerson{Role: "student"}, at), catalog.ErrInvalid},
		"classes before": {c.CreateSchool(ctx, hash("setup"), catalog.School{TimeZone: "UTC"}, catalog.NewPerson{Role: "admin", Classes: []uuid.UUID{uuid.New()}}, at), catalog.ErrInvalid},
	} {
		if !errors.Is(r.err, r.want) {
			t.Errorf("%s: %v, want %v", name, r.err, r.want)
		}
	}
	// A refused set-up did not consume the link; of many at once one gets it.
	var number atomic.Int64
	if won := manyAtOnce(t, 8, func() error {
		return create(ctx, hash("setup"), "Europe/Moscow", "admin"+string(rune('a'+number.Add(1))))
	}); won != 1 {
		t.Errorf("%d of 8 made a school with one link", won)
	}
	if ok, err := c.SetupLinkValid(ctx, hash("setup"), at); err != nil || ok {
		t.Errorf("after its use: SetupLinkValid = %v, %v", ok, err)
	}
	schools, err := c.Schools(ctx)
	if err != nil || len(schools) != 1 || schools[0].Name != "Школа 5" || schools[0].TimeZone != "Europe/Moscow" {
		t.Errorf("Schools = %+v, %v", schools, err)
	}
	admins, err := c.AdminLogins(ctx)
	if err != nil || len(admins) != 1 || admins[0].SchoolID != schools[0].ID || !admins[0].HasSecret {
		t.Errorf("AdminLogins = %+v, %v", admins, err)
	}
	if err := create(ctx, nil, "UTC", admins[0].Login); !errors.Is(err, catalog.ErrConflict) {
		t.Errorf("a login taken in another school: %v", err)
	}
}
