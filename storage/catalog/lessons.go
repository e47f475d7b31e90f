package catalog

import (
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

const lessonQuery = `select l.id, l.school_id, l.class_id, c.name, l.teacher_id, p.name, l.title, l.starts_at, l.minutes,
	l.recorded, l.started_at, l.ended_at
	from lessons l join classes c on c.id = l.class_id join people p on p.id = l.teacher_id `

// AddLesson makes a lesson; StartedAt and EndedAt are kept as given.
func (t *Tx) AddLesson(l Lesson) error {
	_, err := t.exec("add lesson", `insert into lessons
		(id, school_id, class_id, teacher_id, title, starts_at, minutes, recorded, started_at, ended_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		l.ID, t.school, l.ClassID, l.TeacherID, l.Title, l.StartsAt.UTC(), l.Minutes, l.Recorded, utc(l.StartedAt), utc(l.EndedAt))
	return err
}

// Lesson gives one lesson.
func (t *Tx) Lesson(id uuid.UUID) (Lesson, error) {
	return one(t, "read lesson", pgx.RowToStructByPos[Lesson], lessonQuery+`where l.id = $1`, id)
}

// Lessons lists up to 1000 that start in [from, to), or are open still, by start. classes nil: of all classes; empty: none.
func (t *Tx) Lessons(from, to time.Time, classes []uuid.UUID) ([]Lesson, error) {
	return many(t, "list lessons", pgx.RowToStructByPos[Lesson], lessonQuery+`
		where (l.starts_at >= $1 and l.starts_at < $2 or l.started_at is not null and l.ended_at is null)
		and ($3::uuid[] is null or l.class_id = any($3)) order by l.starts_at, l.id limit $4`,
		from.UTC(), to.UTC(), classes, maxRows)
}

// OpenLessons lists those that have started and not ended.
func (t *Tx) OpenLessons() ([]Lesson, error) {
	return many(t, "list open lessons", pgx.RowToStructByPos[Lesson],
		lessonQuery+`where l.started_at is not null and l.ended_at is null order by l.started_at, l.id limit $1`, maxRows)
}

// StartLesson opens a lesson; the first time counts. ErrConflict: it has ended.
func (t *Tx) StartLesson(id uuid.UUID, now time.Time) error {
	n, err := t.exec("start lesson", `update lessons set started_at = coalesce(started_at, $2)
		where id = $1 and ended_at is null`, id, now.UTC())
	if err != nil || n > 0 {
		return err
	}
	if _, err := t.Lesson(id); err != nil {
		return err
	}
	return fmt.Errorf("%w: lesson has ended", ErrConflict)
}

// EndLesson ends a lesson, once; the first time counts.
func (t *Tx) EndLesson(id uuid.UUID, now time.Time) error {
	return t.must("end lesson", `update lessons set ended_at = coalesce(ended_at, $2) where id = $1`, id, now.UTC())
}

// SetLessonRecorded changes whether the lesson is recorded.
func (t *Tx) SetLessonRecorded(id uuid.UUID, recorded bool) error {
	return t.must("set lesson recorded", `update lessons set recorded = $2 where id = $1`, id, recorded)
}

// RoomPeople lists everyone who was ever inside the lesson's room, in the order of joining.
func (t *Tx) RoomPeople(lesson uuid.UUID) ([]RoomPerson, error) {
	return many(t, "list room", pgx.RowToStructByPos[RoomPerson], `select person_id, joined_at, left_at, hand_at, removed_at
		from room_people where lesson_id = $1 order by joined_at, person_id`, lesson)
}

// JoinRoom notes that a person is inside; coming back keeps the first time. It does not undo a removal ([Tx.LetIn] does).
func (t *Tx) JoinRoom(lesson, person uuid.UUID, now time.Time) error {
	_, err := t.exec("join room", `insert into room_people (school_id, lesson_id, person_id, joined_at)
		values ($1, $2, $3, $4) on conflict (lesson_id, person_id) do update set left_at = null`,
		t.school, lesson, person, now.UTC())
	return err
}

// LeaveRoom notes that a person has gone; a raised hand is lowered.
func (t *Tx) LeaveRoom(lesson, person uuid.UUID, now time.Time) error {
	return t.must("leave room", `update room_people set left_at = $3, hand_at = null
		where lesson_id = $1 and person_id = $2`, lesson, person, now.UTC())
}

// SetHand raises a hand, or lowers it with nil.
func (t *Tx) SetHand(lesson, person uuid.UUID, at *time.Time) error {
	return t.must("set hand", `update room_people set hand_at = $3 where lesson_id = $1 and person_id = $2`,
		lesson, person, utc(at))
}

// RemoveFromRoom sends a person out until [Tx.LetIn].
func (t *Tx) RemoveFromRoom(lesson, person uuid.UUID, now time.Time) error {
	return t.must("remove from room", `update room_people
		set removed_at = $3, left_at = coalesce(left_at, $3), hand_at = null
		where lesson_id = $1 and person_id = $2`, lesson, person, now.UTC())
}

// LetIn undoes RemoveFromRoom.
func (t *Tx) LetIn(lesson, person uuid.UUID) error {
	return t.must("let in", `update room_people set removed_at = null where lesson_id = $1 and person_id = $2`, lesson, person)
}

const chatQuery = `select m.id, m.lesson_id, m.person_id, p.name, m.client_id, m.text, m.sent_at
	from chat_messages m join people p on p.id = m.person_id `

// AddChat keeps a message. One with a client id that its sender used before in this lesson is the same message sent
// again: the stored one is returned.
func (t *Tx) AddChat(m ChatMessage) (ChatMessage, error) {
	_, err := t.exec("add chat message", `insert into chat_messages
		(id, school_id, lesson_id, person_id, client_id, text, sent_at) values ($1, $2, $3, $4, $5, $6, $7)
		on conflict (lesson_id, person_id, client_id) do nothing`,
		m.ID, t.school, m.LessonID, m.PersonID, m.ClientID, m.Text, m.SentAt.UTC())
	if err != nil {
		return ChatMessage{}, err
	}
	return one(t, "read chat message", pgx.RowToStructByPos[ChatMessage],
		chatQuery+`where m.lesson_id = $1 and m.person_id = $2 and m.client_id = $3`, m.LessonID, m.PersonID, m.ClientID)
}

// Chat gives the last messages before a moment (nil: now), up to limit (at most 1000), oldest first.
func (t *Tx) Chat(lesson uuid.UUID, before *time.Time, limit int) ([]ChatMessage, error) {
	messages, err := many(t, "read chat", pgx.RowToStructByPos[ChatMessage], chatQuery+`
		where m.lesson_id = $1 and ($2::timestamptz is null or m.sent_at < $2)
		order by m.sent_at desc, m.id desc limit $3`, lesson, utc(before), count(limit))
	slices.Reverse(messages)
	return messages, err
}

func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := t.UTC()
	return &u
}
