package demo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/zvonok/zvonok/api/signin"
	"github.com/zvonok/zvonok/storage/catalog"
	"github.com/zvonok/zvonok/storage/policy"
)

// SchoolName is the demo school's.
const SchoolName = "Школа 5"

const (
	zone        = "Europe/Moscow"
	lessonTitle = "Физика. Плотность вещества"
)

// namespace makes the ids of the demo school, the same at every start.
var namespace = uuid.MustParse("6c1b5f5e-6f0b-4a55-9d0d-5a2d1f7e0705")

func idOf(name string) uuid.UUID { return uuid.NewSHA1(namespace, []byte(name)) }

type person struct {
	key, name string
	role      policy.Role
	class     string
}

var people = []person{
	{"admin", "Ольга Петровна Завьялова", policy.Admin, ""},
	{"teacher", "Анна Сергеевна Иванова", policy.Teacher, "7Б"},
	{"student-1", "Пётр Соколов", policy.Student, "7Б"},
	{"student-2", "Мария Кузнецова", policy.Student, "7Б"},
	{"student-3", "Тимур Галиев", policy.Student, "7Б"},
	{"student-4", "Алиса Константинопольская", policy.Student, "7Б"},
	{"student-8a", "Иван Орлов", policy.Student, "8А"},
}

var classes = []string{"7Б", "8А"}

// Link is one person's sign-in link.
type Link struct {
	Name  string `json:"name"`
	Role  string `json:"role"`
	Class string `json:"class"`
	URL   string `json:"url"`
}

// Lesson is the lesson of today.
type Lesson struct {
	ID    string `json:"id"`
	Title string `json:"title"`
}

// School is what was made.
type School struct {
	Links  []Link
	Lesson Lesson
}

// Make makes what is missing of the demo school, and a fresh link for each of its people. base is the address that the
// links begin with.
func Make(ctx context.Context, db *catalog.Catalog, base string, now time.Time) (School, error) {
	now = now.UTC()
	school := idOf("school")
	known, err := db.Schools(ctx)
	if err != nil {
		return School{}, err
	}
	exists := false
	for _, s := range known {
		exists = exists || s.ID == school
	}
	if !exists {
		admin := catalog.NewPerson{ID: idOf(people[0].key), Name: people[0].name, Role: string(people[0].role)}
		if err := db.CreateSchool(ctx, nil, catalog.School{ID: school, Name: SchoolName, TimeZone: zone}, admin, now); err != nil {
			return School{}, fmt.Errorf("create school: %w", err)
		}
	}
	var made School
	err = db.In(ctx, school, func(tx *catalog.Tx) error {
		made = School{}
		if err := addClasses(tx); err != nil {
			return err
		}
		if err := addPeople(tx); err != nil {
			return err
		}
		if made.Lesson, err = lessonOfToday(tx, school, now); err != nil {
			return err
		}
		made.Links, err = addLinks(tx, base, now)
		return err
	})
	return made, err
}

func addClasses(tx *catalog.Tx) error {
	known, err := tx.Classes()
	if err != nil {
		return err
	}
	have := map[uuid.UUID]bool{}
	for _, c := range known {
		have[c.ID] = true
	}
	for _, name := range classes {
		if id := idOf("class " + name); !have[id] {
			if err := tx.AddClass(catalog.Class{ID: id, Name: name}); err != nil {
				return fmt.Errorf("add class: %w", err)
			}
		}
	}
	return nil
}

func addPeople(tx *catalog.Tx) error {
	for _, p := range people {
		_, err := tx.Person(idOf(p.key))
		if err == nil {
			continue
		}
		if !errors.Is(err, catalog.ErrNotFound) {
			return err
		}
		account := catalog.NewPerson{ID: idOf(p.key), Name: p.name, Role: string(p.role)}
		if p.class != "" {
			account.Classes = []uuid.UUID{idOf("class " + p.class)}
		}
		if err := tx.AddPerson(account); err != nil {
			return fmt.Errorf("add person: %w", err)
		}
	}
	return nil
}

// lessonOfToday finds the demo lesson of today that is not over, or makes one that has just begun.
func lessonOfToday(tx *catalog.Tx, school uuid.UUID, now time.Time) (Lesson, error) {
	for n := 1; ; n++ {
		id := idOf(fmt.Sprintf("lesson %s %d", now.Format(time.DateOnly), n))
		known, err := tx.Lesson(id)
		if err == nil && known.EndedAt != nil {
			continue
		}
		if err == nil {
			return Lesson{ID: id.String(), Title: known.Title}, nil
		}
		if !errors.Is(err, catalog.ErrNotFound) {
			return Lesson{}, err
		}
		lesson := catalog.Lesson{
			ID: id, SchoolID: school, ClassID: idOf("class 7Б"), TeacherID: idOf("teacher"), Title: lessonTitle,
			StartsAt: now.Truncate(5 * time.Minute), Minutes: 45, Recorded: true,
		}
		if err := tx.AddLesson(lesson); err != nil {
			return Lesson{}, fmt.Errorf("add lesson: %w", err)
		}
		return Lesson{ID: id.String(), Title: lessonTitle}, nil
	}
}

func addLinks(tx *catalog.Tx, base string, now time.Time) ([]Link, error) {
	links := make([]Link, 0, len(people))
	for _, p := range people {
		token, hash := signin.NewToken()
		if err := tx.AddLink(hash, idOf(p.key), "", now, now.Add(signin.LinkLife)); err != nil {
			return nil, fmt.Errorf("add link: %w", err)
		}
		links = append(links, Link{Name: p.name, Role: string(p.role), Class: p.class, URL: base + "/l/" + token})
	}
	return links, nil
}
