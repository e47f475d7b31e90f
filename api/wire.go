package api

import "time"

// The bodies of requests and responses. Fields are camelCase; the web client's types are generated from these.

// Named is something with an id and a name.
type Named struct {
	ID   string `json:"id" format:"uuid"`
	Name string `json:"name"`
}

// SchoolInfo is the school as its people see it.
type SchoolInfo struct {
	ID       string `json:"id" format:"uuid"`
	Name     string `json:"name"`
	TimeZone string `json:"timeZone" doc:"IANA name" example:"Europe/Moscow"`
}

// Me is who is signed in.
type Me struct {
	ID      string  `json:"id" format:"uuid"`
	Name    string  `json:"name"`
	Role    string  `json:"role" enum:"admin,teacher,student"`
	Classes []Named `json:"classes" nullable:"false"`
}

// MeInfo is the answer of /me.
type MeInfo struct {
	Person  Me         `json:"person"`
	School  SchoolInfo `json:"school"`
	Version string     `json:"version" doc:"Build of the server"`
}

// Token is the secret part of a personal or set-up link.
type Token struct {
	Token string `json:"token" minLength:"1" maxLength:"100"`
}

// LinkLook says whom a link would sign in.
type LinkLook struct {
	Name   string `json:"name"`
	School string `json:"school"`
}

// SignedIn says where to go after signing in: a local path, or empty for the start page.
type SignedIn struct {
	Next string `json:"next"`
}

// Password is a sign-in by password.
type Password struct {
	Login    string `json:"login" minLength:"1" maxLength:"100"`
	Password string `json:"password" minLength:"1" maxLength:"256"`
}

// SetupRequest makes the first school and its admin.
type SetupRequest struct {
	Token    string `json:"token" minLength:"1" maxLength:"100"`
	School   string `json:"school" minLength:"1" maxLength:"200"`
	TimeZone string `json:"timeZone" minLength:"1" maxLength:"64" doc:"IANA name"`
	Name     string `json:"name" minLength:"1" maxLength:"200" doc:"The admin's name"`
	Login    string `json:"login" minLength:"1" maxLength:"100"`
	Password string `json:"password" minLength:"10" maxLength:"256"`
}

// SetupDone carries what has to be kept in a safe place.
type SetupDone struct {
	MasterKeyBackup string `json:"masterKeyBackup" doc:"Without this key no recording can be opened after a loss of the server's disk"`
}

// Empty is a body without fields.
type Empty struct{}

// Lesson is a lesson as one person sees it.
type Lesson struct {
	ID          string    `json:"id" format:"uuid"`
	Title       string    `json:"title"`
	ClassID     string    `json:"classId" format:"uuid"`
	ClassName   string    `json:"className"`
	TeacherID   string    `json:"teacherId" format:"uuid"`
	TeacherName string    `json:"teacherName"`
	StartsAt    time.Time `json:"startsAt"`
	Minutes     int       `json:"minutes" format:"int32"`
	Recorded    bool      `json:"recorded"`
	State       string    `json:"state" enum:"planned,live,ended"`
	Inside      int       `json:"inside" format:"int32" doc:"How many people are in the room"`
	MayJoin     bool      `json:"mayJoin"`
	MayModerate bool      `json:"mayModerate"`
}

// LessonDetail adds who is inside.
type LessonDetail struct {
	Lesson
	People []Named `json:"people" nullable:"false" doc:"Who is in the room now"`
}

// NewLesson is a lesson to be made; without startsAt it starts now.
type NewLesson struct {
	ClassID  string     `json:"classId" format:"uuid"`
	Title    string     `json:"title" minLength:"1" maxLength:"200"`
	StartsAt *time.Time `json:"startsAt,omitempty"`
	Minutes  int        `json:"minutes,omitempty" format:"int32" minimum:"1" maximum:"600" default:"45"`
	Recorded bool       `json:"recorded"`
}

// RecordingCard is a recording in a list.
type RecordingCard struct {
	ID            string    `json:"id" format:"uuid"`
	LessonID      string    `json:"lessonId" format:"uuid"`
	Title         string    `json:"title"`
	ClassName     string    `json:"className"`
	StartedAt     time.Time `json:"startedAt"`
	Seconds       float64   `json:"seconds" doc:"Length so far"`
	State         string    `json:"state" enum:"live,finishing,ready"`
	ResumeSeconds float64   `json:"resumeSeconds" doc:"Where this person stopped watching"`
	MayDelete     bool      `json:"mayDelete"`
}

// Today is the start page.
type Today struct {
	Now        time.Time       `json:"now"`
	Lessons    []Lesson        `json:"lessons" nullable:"false"`
	Recordings []RecordingCard `json:"recordings" nullable:"false"`
}

// RecordingEvent is something that happened in the lesson.
type RecordingEvent struct {
	At         float64        `json:"at" doc:"Seconds since the recording's start"`
	Kind       string         `json:"kind"`
	PersonName string         `json:"personName"`
	Data       map[string]any `json:"data"`
}

// StageChange says who came on stage; source is slate when nobody's picture is shown.
type StageChange struct {
	At         float64 `json:"at"`
	PersonName string  `json:"personName"`
	Source     string  `json:"source" enum:"camera,share,slate"`
}

// Gap is a span that was not recorded.
type Gap struct {
	From float64 `json:"from"`
	To   float64 `json:"to"`
}

// RecordedMessage is a chat message on the recording's time.
type RecordedMessage struct {
	At   float64 `json:"at"`
	Name string  `json:"name"`
	Text string  `json:"text"`
}

// Recording is a recording with its time line.
type Recording struct {
	RecordingCard
	Events []RecordingEvent  `json:"events" nullable:"false"`
	Stage  []StageChange     `json:"stage" nullable:"false"`
	Gaps   []Gap             `json:"gaps" nullable:"false"`
	Chat   []RecordedMessage `json:"chat" nullable:"false"`
}

// ViewPosition is where a person stopped watching.
type ViewPosition struct {
	Seconds float64 `json:"seconds" minimum:"0" maximum:"86400"`
}

// Person is an account as the admin sees it.
type Person struct {
	ID      string  `json:"id" format:"uuid"`
	Name    string  `json:"name"`
	Role    string  `json:"role" enum:"admin,teacher,student"`
	Login   string  `json:"login" doc:"Empty: signs in by links only"`
	Classes []Named `json:"classes" nullable:"false"`
}

// People is everyone of the school.
type People struct {
	People  []Person `json:"people" nullable:"false"`
	Classes []Named  `json:"classes" nullable:"false"`
}

// NewClass is a class to be made.
type NewClass struct {
	Name string `json:"name" minLength:"1" maxLength:"60"`
}

// NewPerson is an account to be made.
type NewPerson struct {
	Name     string   `json:"name" minLength:"1" maxLength:"200"`
	Role     string   `json:"role" enum:"admin,teacher,student"`
	Login    string   `json:"login,omitempty" maxLength:"100"`
	ClassIDs []string `json:"classIds" nullable:"false" maxItems:"50"`
}

// NewLink asks for a personal link; next is the local path where the person lands.
type NewLink struct {
	Next string `json:"next,omitempty" maxLength:"200"`
}

// Link is a personal sign-in link; it is shown once and not stored.
type Link struct {
	URL       string    `json:"url"`
	ExpiresAt time.Time `json:"expiresAt"`
}

// NewDoor is a door to be made: a token that lets one device into the lesson.
type NewDoor struct {
	Name    string `json:"name" minLength:"1" maxLength:"60" doc:"Under which the device is seen in the lesson"`
	Kind    string `json:"kind" enum:"publish,watch" doc:"publish: the device sends (WHIP); watch: it receives (WHEP)"`
	Minutes int    `json:"minutes,omitempty" format:"int32" minimum:"5" maximum:"10080" default:"480" doc:"How long the token is good; in any case only during the lesson"`
}

// Door is a door as staff see it.
type Door struct {
	ID         string    `json:"id" format:"uuid"`
	DeviceID   string    `json:"deviceId" format:"uuid" doc:"The participant as whom the device is seen"`
	Name       string    `json:"name"`
	Kind       string    `json:"kind" enum:"publish,watch"`
	MadeByName string    `json:"madeByName"`
	ExpiresAt  time.Time `json:"expiresAt"`
	Expired    bool      `json:"expired"`
	Connected  bool      `json:"connected"`
	URL        string    `json:"url" doc:"The address that the device is given"`
}

// Doors is a lesson's doors, oldest first; revoked ones are gone.
type Doors struct {
	Doors []Door `json:"doors" nullable:"false"`
}

// DoorMade carries the token, which is shown once and not stored.
type DoorMade struct {
	Door
	Token string `json:"token" doc:"Bearer token of the device"`
}
