package api

import (
	"time"

	"github.com/google/uuid"

	"github.com/zvonok/zvonok/storage/catalog"
	"github.com/zvonok/zvonok/storage/policy"
)

// newestRecordings is how many the start page shows.
const newestRecordings = 20

func (s *Server) getToday(v *visit, _ nothing, _ *nothing) (*Today, error) {
	lessons, err := v.lessonsOfToday()
	if err != nil {
		return nil, err
	}
	page := &Today{Now: v.now, Lessons: make([]Lesson, 0, len(lessons)), Recordings: []RecordingCard{}}
	for _, l := range lessons {
		if !v.may(policy.LessonSee, LessonObject(l, false)) {
			continue
		}
		seen, err := v.lesson(l, len(v.services.Rooms.Inside(l.ID)))
		if err != nil {
			return nil, err
		}
		page.Lessons = append(page.Lessons, seen)
	}
	recordings, err := v.tx.Recordings(v.classes(), newestRecordings)
	if err != nil {
		return nil, err
	}
	for _, r := range recordings {
		if !v.may(policy.RecordingWatch, recordingObject(r)) {
			continue
		}
		card, err := v.card(r)
		if err != nil {
			return nil, err
		}
		page.Recordings = append(page.Recordings, card)
	}
	return page, nil
}

// classes narrows a list to the person's own; nil means all, for the admin. The policy decides again about each row.
func (v *visit) classes() []uuid.UUID {
	if v.who.Role == string(policy.Admin) {
		return nil
	}
	return v.subject().Classes
}

// lessonsOfToday are those that begin on the school's calendar day, and those that still run, in order of their start.
func (v *visit) lessonsOfToday() ([]catalog.Lesson, error) {
	school, err := v.tx.School()
	if err != nil {
		return nil, err
	}
	from, to := dayOf(v.now, school.TimeZone)
	return v.tx.Lessons(from, to, v.classes())
}

// dayOf gives the calendar day of now in a time zone, as a half-open span in UTC.
func dayOf(now time.Time, zone string) (from, to time.Time) {
	place, err := time.LoadLocation(zone)
	if err != nil {
		place = time.UTC
	}
	year, month, day := now.In(place).Date()
	return time.Date(year, month, day, 0, 0, 0, 0, place).UTC(), time.Date(year, month, day+1, 0, 0, 0, 0, place).UTC()
}
