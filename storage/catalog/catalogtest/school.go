package catalogtest

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/zvonok/zvonok/storage/catalog"
)

// Demo is a school for tests, and a second one beside it.
type Demo struct {
	School catalog.School
	// Class is 7Б; OtherClass another one of the same school.
	Class, OtherClass catalog.Class
	Admin             catalog.Person
	// Teacher teaches 7Б, OtherTeacher the other class.
	Teacher, OtherTeacher catalog.Person
	// Students are four of 7Б; Outsider is a student of the other class.
	Students []catalog.Person
	Outsider catalog.Person

	// Elsewhere is the second school, with a class of the same name and people of its own.
	Elsewhere       catalog.School
	ElsewhereClass  catalog.Class
	ElsewhereAdmin  catalog.Person
	StrangerTeacher catalog.Person
	Stranger        catalog.Person // a student
}

// School makes the two schools.
func School(t testing.TB, c *catalog.Catalog) *Demo {
	t.Helper()
	b := builder{t: t, c: c, now: time.Now()}
	d := &Demo{}
	d.School, d.Admin = b.school("Школа 5", "Ольга Завуч")
	d.Class, d.OtherClass = b.class(d.School, "7Б"), b.class(d.School, "8А")
	d.Teacher = b.person(d.School, "Анна Учитель", "teacher", d.Class)
	d.OtherTeacher = b.person(d.School, "Пётр Учитель", "teacher", d.OtherClass)
	for _, name := range []string{"Аня", "Борис", "Вера", "Глеб"} {
		d.Students = append(d.Students, b.person(d.School, name, "student", d.Class))
	}
	d.Outsider = b.person(d.School, "Даша", "student", d.OtherClass)

	d.Elsewhere, d.ElsewhereAdmin = b.school("Школа 6", "Завуч Шестой")
	d.ElsewhereClass = b.class(d.Elsewhere, "7Б")
	d.StrangerTeacher = b.person(d.Elsewhere, "Чужой Учитель", "teacher", d.ElsewhereClass)
	d.Stranger = b.person(d.Elsewhere, "Чужой", "student", d.ElsewhereClass)
	return d
}

// Lesson makes a lesson of 7Б by Teacher that begins now and is recorded.
func (d *Demo) Lesson(t testing.TB, c *catalog.Catalog) catalog.Lesson {
	t.Helper()
	id := uuid.New()
	var l catalog.Lesson
	in(t, c, d.School, func(tx *catalog.Tx) error {
		err := tx.AddLesson(catalog.Lesson{
			ID: id, ClassID: d.Class.ID, TeacherID: d.Teacher.ID, Title: "Физика", StartsAt: time.Now(), Minutes: 45, Recorded: true,
		})
		if err != nil {
			return err
		}
		l, err = tx.Lesson(id)
		return err
	})
	return l
}

type builder struct {
	t   testing.TB
	c   *catalog.Catalog
	now time.Time
}

func in(t testing.TB, c *catalog.Catalog, s catalog.School, fn func(*catalog.Tx) error) {
	t.Helper()
	if err := c.In(t.Context(), s.ID, fn); err != nil {
		t.Fatal(err)
	}
}

func (b builder) school(name, admin string) (catalog.School, catalog.Person) {
	b.t.Helper()
	s := catalog.School{ID: uuid.New(), Name: name, TimeZone: "Europe/Moscow"}
	first := catalog.NewPerson{ID: uuid.New(), Name: admin, Role: "admin"}
	if err := b.c.CreateSchool(b.t.Context(), nil, s, first, b.now); err != nil {
		b.t.Fatal(err)
	}
	return s, b.read(s, first.ID)
}

func (b builder) class(s catalog.School, name string) catalog.Class {
	b.t.Helper()
	class := catalog.Class{ID: uuid.New(), Name: name}
	in(b.t, b.c, s, func(tx *catalog.Tx) error { return tx.AddClass(class) })
	return class
}

func (b builder) person(s catalog.School, name, role string, class catalog.Class) catalog.Person {
	b.t.Helper()
	id := uuid.New()
	in(b.t, b.c, s, func(tx *catalog.Tx) error {
		return tx.AddPerson(catalog.NewPerson{ID: id, Name: name, Role: role, Classes: []uuid.UUID{class.ID}})
	})
	return b.read(s, id)
}

func (b builder) read(s catalog.School, id uuid.UUID) catalog.Person {
	b.t.Helper()
	var p catalog.Person
	in(b.t, b.c, s, func(tx *catalog.Tx) (err error) {
		p, err = tx.Person(id)
		return err
	})
	return p
}
