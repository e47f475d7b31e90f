package catalogtest_test

import (
	"testing"

	"github.com/zvonok/zvonok/storage/catalog"
	"github.com/zvonok/zvonok/storage/catalog/catalogtest"
)

func TestEachTestHasItsOwnDatabase(t *testing.T) {
	for range 2 {
		t.Run("fresh", func(t *testing.T) {
			t.Parallel()
			c := catalogtest.Open(t)
			if n, err := c.SchoolCount(t.Context()); err != nil || n != 0 {
				t.Fatalf("SchoolCount = %d, %v; want an empty catalog", n, err)
			}
			d := catalogtest.School(t, c)
			if n, err := c.SchoolCount(t.Context()); err != nil || n != 2 {
				t.Fatalf("SchoolCount = %d, %v; want 2", n, err)
			}
			l := d.Lesson(t, c)
			if l.ClassName != "7Б" || l.TeacherName != d.Teacher.Name {
				t.Errorf("lesson = %+v", l)
			}
			if len(d.Teacher.Classes) != 1 || d.Teacher.Classes[0] != (catalog.Class{ID: d.Class.ID, Name: "7Б"}) {
				t.Errorf("teacher's classes = %+v", d.Teacher.Classes)
			}
		})
	}
}
