package catalog

import (
	"time"

	"github.com/google/uuid"
)

// School is one school on this installation.
type School struct {
	ID       uuid.UUID
	Name     string
	TimeZone string // IANA name
}

// Class is a class of a school.
type Class struct {
	ID   uuid.UUID
	Name string
}

// Person is an account: someone the school knows.
type Person struct {
	ID         uuid.UUID
	SchoolID   uuid.UUID
	Name       string
	Role       string // admin, teacher, student, device
	Login      string // empty: signs in by links only
	HasSecret  bool   // a password is set
	Classes    []Class
	ArchivedAt *time.Time
}

// Session is a signed-in browser.
type Session struct {
	ID        uuid.UUID
	SchoolID  uuid.UUID
	PersonID  uuid.UUID
	Browser   string
	CreatedAt time.Time
	SeenAt    time.Time
	ExpiresAt time.Time
}

// Lesson is a lesson of a class.
type Lesson struct {
	ID          uuid.UUID
	SchoolID    uuid.UUID
	ClassID     uuid.UUID
	ClassName   string
	TeacherID   uuid.UUID
	TeacherName string
	Title       string
	StartsAt    time.Time
	Minutes     int
	Recorded    bool
	StartedAt   *time.Time
	EndedAt     *time.Time
}

// ChatMessage is one message in a lesson's chat.
type ChatMessage struct {
	ID       uuid.UUID
	LessonID uuid.UUID
	PersonID uuid.UUID
	Name     string // the sender's
	ClientID string
	Text     string
	SentAt   time.Time
}

// RoomPerson is what a room remembers of someone who was inside.
type RoomPerson struct {
	PersonID  uuid.UUID
	JoinedAt  time.Time
	LeftAt    *time.Time
	HandAt    *time.Time
	RemovedAt *time.Time
}

// Recording is one recording of a lesson.
type Recording struct {
	ID         uuid.UUID
	SchoolID   uuid.UUID
	LessonID   uuid.UUID
	ClassID    uuid.UUID
	StartedBy  uuid.UUID
	Title      string // the lesson's
	ClassName  string
	TeacherID  uuid.UUID // the lesson's
	StartedAt  time.Time
	EndedAt    *time.Time
	CompleteAt *time.Time
	Published  bool
	DeletedAt  *time.Time
}

// Track is one track of a recording. Times inside a recording are microseconds since its start.
type Track struct {
	ID          uuid.UUID
	RecordingID uuid.UUID
	PersonID    *uuid.UUID // nil for the mix
	PersonName  string
	Source      string // microphone, camera, share, share_audio, mix
	Codec       string // h264, vp9, av1, vp8, opus
	WrappedKey  []byte
}

// Init is an initialisation section (EXT-X-MAP).
type Init struct {
	ID      uuid.UUID
	TrackID uuid.UUID
	Object  string
	IV      []byte // 16 bytes
	SHA256  []byte // of the object as stored
	Bytes   int64
	Codecs  string // RFC 6381
	Width   int
	Height  int
}

// Segment is one media segment.
type Segment struct {
	ID           uuid.UUID
	TrackID      uuid.UUID
	InitID       uuid.UUID
	Seq          int
	StartUS      int64
	DurationUS   int64
	Independent  bool
	Object       string
	IV           []byte
	SHA256       []byte
	Bytes        int64
	AnchorRTP    int64
	AnchorNTP    *time.Time
	AnchorServer time.Time
}

// StageSpan says which track was on stage from StartUS until the next span; nil: the slate.
type StageSpan struct {
	Seq     int
	StartUS int64
	TrackID *uuid.UUID
}

// Event is something that happened in the lesson, on the recording's time.
type Event struct {
	Seq      int
	AtUS     int64
	Kind     string
	PersonID *uuid.UUID
	Data     []byte // JSON object
}

// NewPerson is an account to be made.
type NewPerson struct {
	ID           uuid.UUID
	Name         string
	Role         string // admin, teacher, student
	Login        string // empty: signs in by links only; case does not matter
	PasswordHash string // empty: no password
	Classes      []uuid.UUID
}

// AuditEntry is one decision or act worth keeping. It holds ids and codes, never names or texts.
type AuditEntry struct {
	At         time.Time
	PersonID   *uuid.UUID // nil: nobody was signed in
	Action     string
	ObjectKind string
	ObjectID   string
	Allowed    bool
	Reason     string
}
