package policy

import (
	"slices"
	"time"

	"github.com/google/uuid"
)

// Action is something that a route or message does. A route or message without one does not build.
type Action string

// The actions. Those of a lesson's room want the lesson as object.
const (
	// Public is for what anyone on the network may see: the web client, health, looking at a link.
	Public Action = "public"
	// Setup makes the first school; the proof is the set-up link, which the handler consumes.
	Setup Action = "setup"
	// SignedIn is for what concerns only the one who asks: who am I, sign out.
	SignedIn Action = "signed_in"
	// SeeToday lists one's own lessons and recordings.
	SeeToday Action = "today.see"
	// LessonCreate plans or starts a lesson of the object's class; object: a lesson with School and Class.
	LessonCreate Action = "lesson.create"
	// LessonSee reads a lesson.
	LessonSee Action = "lesson.see"
	// LessonJoin enters its room.
	LessonJoin Action = "lesson.join"
	// RoomSpeak sends sound.
	RoomSpeak Action = "room.speak"
	// RoomVideo sends the camera.
	RoomVideo Action = "room.video"
	// RoomShare sends a screen and its sound.
	RoomShare Action = "room.share"
	// RoomChat reads and writes the chat.
	RoomChat Action = "room.chat"
	// RoomHand raises and lowers one's own hand.
	RoomHand Action = "room.hand"
	// RoomModerate mutes, lowers hands, removes and lets in again.
	RoomModerate Action = "room.moderate"
	// RoomRecord starts and stops the recording.
	RoomRecord Action = "room.record"
	// RoomEnd ends the lesson for all.
	RoomEnd Action = "room.end"
	// DoorManage makes, lists and revokes the doors of a lesson: tokens for devices.
	DoorManage Action = "door.manage"
	// DoorPublish lets a device send to the door's lesson, DoorView receive from it; DoorSession is for what either has begun.
	// The one who asks is who made the door: it opens no more than its maker may, and nothing once they may not.
	DoorPublish Action = "door.publish"
	DoorView    Action = "door.view"
	DoorSession Action = "door.session"
	// RecordingWatch reads a recording: page, playlists, keys, segments, one's own place in it.
	RecordingWatch Action = "recording.watch"
	// RecordingDelete deletes it.
	RecordingDelete Action = "recording.delete"
	// SchoolSee lists people and classes; object: the school.
	SchoolSee Action = "school.see"
	// SchoolManage adds people, classes, their members and links.
	SchoolManage Action = "school.manage"
	// MetricsSee reads the server's figures; object: the school.
	MetricsSee Action = "metrics.see"
)

type rule struct {
	// anyone: no person is needed.
	anyone bool
	// kind of object that the action wants; KindNone: the person alone decides.
	kind   Kind
	decide func(Person, Object, time.Time) Decision
}

// rules is every action there is; [May] denies the rest. It is never written to.
var rules = map[Action]rule{
	Public:          {anyone: true},
	Setup:           {anyone: true},
	SignedIn:        {},
	SeeToday:        {},
	LessonCreate:    {kind: KindLesson, decide: createLesson},
	LessonSee:       {kind: KindLesson, decide: member},
	LessonJoin:      {kind: KindLesson, decide: inside},
	RoomSpeak:       {kind: KindLesson, decide: inside},
	RoomVideo:       {kind: KindLesson, decide: inside},
	RoomShare:       {kind: KindLesson, decide: inside},
	RoomChat:        {kind: KindLesson, decide: inside},
	RoomHand:        {kind: KindLesson, decide: inside},
	RoomModerate:    {kind: KindLesson, decide: staffInside},
	RoomRecord:      {kind: KindLesson, decide: staffInside},
	RoomEnd:         {kind: KindLesson, decide: staffInside},
	DoorManage:      {kind: KindLesson, decide: staffInside},
	DoorPublish:     {kind: KindDoor, decide: publishDoor},
	DoorView:        {kind: KindDoor, decide: viewDoor},
	DoorSession:     {kind: KindDoor, decide: openDoor},
	RecordingWatch:  {kind: KindRecording, decide: watch},
	RecordingDelete: {kind: KindRecording, decide: deleteRecording},
	SchoolSee:       {kind: KindSchool, decide: adminOnly},
	SchoolManage:    {kind: KindSchool, decide: adminOnly},
	MetricsSee:      {kind: KindSchool, decide: adminOnly},
}

// Actions lists every action, sorted.
func Actions() []Action {
	all := make([]Action, 0, len(rules))
	for a := range rules {
		all = append(all, a)
	}
	slices.Sort(all)
	return all
}

// Known says whether a is one of [Actions]; registering a route or message with another is a mistake of the program.
func Known(a Action) bool {
	_, ok := rules[a]
	return ok
}

func member(p Person, o Object, _ time.Time) Decision {
	if p.Role == Admin || belongs(p, o) {
		return Decision{Allowed: true, Reason: Allowed}
	}
	return deny(OtherClass)
}

func inside(p Person, o Object, now time.Time) Decision {
	if d := member(p, o, now); !d.Allowed {
		return d
	}
	switch {
	case o.Ended:
		return deny(LessonEnded)
	case o.Removed:
		return deny(SentOut)
	}
	return Decision{Allowed: true, Reason: Allowed}
}

func staffInside(p Person, o Object, now time.Time) Decision {
	if p.Role == Student {
		return deny(WrongRole)
	}
	return inside(p, o, now)
}

// openDoor: the token first, so that one that is over tells nothing of its lesson.
func openDoor(p Person, o Object, now time.Time) Decision {
	switch {
	case o.Revoked:
		return deny(Revoked)
	case !now.Before(o.ExpiresAt):
		return deny(Expired)
	}
	return staffInside(p, o, now)
}

func publishDoor(p Person, o Object, now time.Time) Decision {
	if d := openDoor(p, o, now); !d.Allowed || o.Publishes {
		return d
	}
	return deny(WrongDoor)
}

func viewDoor(p Person, o Object, now time.Time) Decision {
	if d := openDoor(p, o, now); !d.Allowed || !o.Publishes {
		return d
	}
	return deny(WrongDoor)
}

func createLesson(p Person, o Object, now time.Time) Decision {
	if p.Role == Student {
		return deny(WrongRole)
	}
	// The lesson does not exist yet: naming oneself its teacher opens no class that one is not in.
	o.Teacher = uuid.Nil
	return member(p, o, now)
}

func watch(p Person, o Object, now time.Time) Decision {
	if d := member(p, o, now); !d.Allowed {
		return d
	}
	switch {
	case o.Deleted:
		return deny(Deleted)
	case !o.Published && p.Role == Student:
		return deny(Unpublished)
	}
	return Decision{Allowed: true, Reason: Allowed}
}

// deleteRecording is for the lesson's own teacher and the admin: a colleague of the same class may watch, not erase.
func deleteRecording(p Person, o Object, now time.Time) Decision {
	if p.Role == Student {
		return deny(WrongRole)
	}
	if d := member(p, o, now); !d.Allowed {
		return d
	}
	switch {
	case p.Role == Teacher && p.ID != o.Teacher:
		return deny(NotOwner)
	case o.Deleted:
		return deny(Deleted)
	}
	return Decision{Allowed: true, Reason: Allowed}
}

func adminOnly(p Person, _ Object, _ time.Time) Decision {
	if p.Role != Admin {
		return deny(WrongRole)
	}
	return Decision{Allowed: true, Reason: Allowed}
}
