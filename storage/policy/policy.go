package policy

import (
	"time"

	"github.com/google/uuid"
)

// Role is what a person is in their school. The zero Role belongs to nobody and may do nothing.
type Role string

// The roles.
const (
	Admin   Role = "admin"
	Teacher Role = "teacher"
	Student Role = "student"
	// Device is what stands behind a door. It may do nothing by itself.
	Device Role = "device"
)

// Person is who asks. The zero Person is someone who has not signed in.
type Person struct {
	ID, School uuid.UUID
	Role       Role
	// Classes are those that the person belongs to.
	Classes  []uuid.UUID
	Archived bool
}

// Kind is what an [Object] is.
type Kind string

// The kinds of object.
const (
	KindNone      Kind = ""
	KindSchool    Kind = "school"
	KindLesson    Kind = "lesson"
	KindRecording Kind = "recording"
	KindDoor      Kind = "door"
)

// Object is what is asked about; fields that its kind does not have stay zero.
type Object struct {
	School, Class, Teacher, Owner uuid.UUID
	Kind                          Kind
	// Published and Deleted are a recording's.
	Published, Deleted bool
	// Ended is a lesson's; Removed says that the person who asks was sent out of it.
	Ended, Removed bool
	// Publishes, Revoked and ExpiresAt are a door's; the rest of it is its lesson's, and Removed says that the device was
	// sent out.
	Publishes, Revoked bool
	ExpiresAt          time.Time
}

// Reason is a stable code for logs, audit and tests; never shown as the only text.
type Reason = string

// The reasons.
const (
	Allowed       Reason = "allowed"
	UnknownAction Reason = "unknown_action"
	SignedOut     Reason = "signed_out"
	Archived      Reason = "archived"
	OtherSchool   Reason = "other_school"
	WrongKind     Reason = "wrong_kind"
	WrongRole     Reason = "role"
	OtherClass    Reason = "other_class"
	NotOwner      Reason = "not_owner"
	LessonEnded   Reason = "ended"
	SentOut       Reason = "removed"
	Deleted       Reason = "deleted"
	Unpublished   Reason = "unpublished"
	Revoked       Reason = "revoked"
	Expired       Reason = "expired"
	WrongDoor     Reason = "wrong_door"
)

// Decision is the answer. The zero Decision denies.
type Decision struct {
	Allowed bool
	Reason  Reason
}

// May says whether p may do a to o at the moment now. Whatever no rule allows, and every unknown action, role and kind,
// is denied. The rules so far do not depend on now; consent and retention will.
func May(p Person, a Action, o Object, now time.Time) Decision {
	r, known := rules[a]
	if !known {
		return deny(UnknownAction)
	}
	if r.anyone {
		return Decision{Allowed: true, Reason: Allowed}
	}
	if d := standing(p); !d.Allowed {
		return d
	}
	if r.kind == KindNone {
		return Decision{Allowed: true, Reason: Allowed}
	}
	if o.Kind != r.kind {
		return deny(WrongKind)
	}
	// The school comes before everything else about the object, so that another school's rows look all alike.
	if o.School == uuid.Nil || o.School != p.School {
		return deny(OtherSchool)
	}
	return r.decide(p, o, now)
}

// standing checks the person alone: signed in, of a known role, not archived.
func standing(p Person) Decision {
	switch {
	case p.ID == uuid.Nil || p.School == uuid.Nil:
		return deny(SignedOut)
	case p.Archived:
		return deny(Archived)
	case p.Role != Admin && p.Role != Teacher && p.Role != Student:
		return deny(WrongRole)
	}
	return Decision{Allowed: true, Reason: Allowed}
}

func deny(why Reason) Decision { return Decision{Reason: why} }

// belongs says whether p is a member of o's class, or the teacher whom the lesson names.
func belongs(p Person, o Object) bool {
	if p.Role == Teacher && o.Teacher != uuid.Nil && o.Teacher == p.ID {
		return true
	}
	if o.Class == uuid.Nil {
		return false
	}
	for _, c := range p.Classes {
		if c == o.Class {
			return true
		}
	}
	return false
}
