package policy

import "github.com/google/uuid"

// Record says whether a source of a person goes into a recording. The zero Record is never.
type Record int

// The answers of [MayRecord].
const (
	RecordNever Record = iota
	// RecordOnStage: only while the person is on stage.
	RecordOnStage
	RecordAlways
)

// String names the answer in logs.
func (r Record) String() string {
	switch r {
	case RecordAlways:
		return "always"
	case RecordOnStage:
		return "on_stage"
	case RecordNever:
		return "never"
	}
	return "unknown"
}

// MayRecord says whether the source (by its name in the signaling protocol: microphone, camera, share, share_audio) of
// p may be recorded in the lesson. Staff, the devices that staff let in, and whatever is shared: always. A student: the
// voice always, the camera only on stage. Whoever has no business in the lesson, and every unknown source: never.
func MayRecord(p Person, source string, lesson Object) Record {
	device := p.Role == Device && p.ID != uuid.Nil && !p.Archived
	if !device && !standing(p).Allowed || lesson.Kind != KindLesson || lesson.School == uuid.Nil || lesson.School != p.School {
		return RecordNever
	}
	if p.Role != Admin && !belongs(p, lesson) {
		return RecordNever
	}
	switch source {
	case "microphone", "share", "share_audio":
		return RecordAlways
	case "camera":
		if p.Role == Student {
			return RecordOnStage
		}
		return RecordAlways
	}
	return RecordNever
}
