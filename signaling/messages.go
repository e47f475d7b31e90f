package signaling

// Protocol is the version in hello. It changes when an old tab could no longer understand the server.
const Protocol = 1

// Messages from the client. Every frame is {"t": type, "id": n, "d": {...}}; the server answers each with
// {"t":"ok","re":n,"d":{...}} or {"t":"error","re":n,"d":Problem}.
type (
	// Hello is the first message on every socket.
	Hello struct {
		Protocol     int          `json:"protocol" wire:"min=0,max=1000000"`
		Client       string       `json:"client" wire:"max=64"`       // build of the web client
		Device       string       `json:"device" wire:"min=8,max=64"` // random per browser tab, survives a reload
		Capabilities Capabilities `json:"capabilities"`
		Resume       *Resume      `json:"resume,omitempty"`
		// TakeOver: this tab may replace another one of the same person.
		TakeOver bool `json:"takeOver"`
	}
	// Capabilities is what the browser can code and decode, in order of preference.
	Capabilities struct {
		Decode []Decoder `json:"decode" wire:"max=16"`
		Encode []string  `json:"encode" wire:"max=16,each.max=16"`
	}
	// Decoder is one decodable codec; max streams at once and tallest picture, 0 for no stated limit.
	Decoder struct {
		Codec  string `json:"codec" wire:"max=16"`
		Max    int    `json:"max" wire:"min=0,max=1000"`
		Height int    `json:"height" wire:"min=0,max=16384"`
	}
	// Resume asks for what was missed since the event numbered Last.
	Resume struct {
		Token string `json:"token" wire:"min=1,max=64"`
		Last  uint64 `json:"last"`
	}
	// Publish carries the one offer of a publish transport (m-lines: microphone, camera, share, share_audio).
	Publish struct {
		SDP string `json:"sdp" wire:"min=1,max=250000"`
	}
	// Subscribe carries the one offer of a subscribe transport and the kind of each m-line in order.
	Subscribe struct {
		SDP   string   `json:"sdp" wire:"min=1,max=250000"`
		Slots []string `json:"slots" wire:"min=1,max=64,each.oneof=stage_video|stage_voice|share_video|share_audio|voice|tile"` // stage_video stage_voice share_video share_audio voice tile
	}
	// SetView says what is on the screen; heights in device pixels, 0 for not shown.
	SetView struct {
		Stage       string     `json:"stage" wire:"id,empty"` // pinned participant, or empty for the active speaker
		StageHeight int        `json:"stageHeight" wire:"min=0,max=16384"`
		ShareHeight int        `json:"shareHeight" wire:"min=0,max=16384"`
		Tiles       []TileView `json:"tiles" wire:"max=64"`
	}
	// TileView wants a participant's camera in a tile slot.
	TileView struct {
		Participant string `json:"participant" wire:"id"`
		Height      int    `json:"height" wire:"min=0,max=16384"`
	}
	// SetSource says that a source of mine goes on or off.
	SetSource struct {
		Source string `json:"source" wire:"oneof=microphone|camera|share|share_audio"` // microphone camera share share_audio
		On     bool   `json:"on"`
	}
	// SendChat is acknowledged after the database's commit; ClientID makes a repeat harmless.
	SendChat struct {
		ClientID string `json:"clientId" wire:"min=1,max=64"`
		Text     string `json:"text" wire:"min=1,max=4000"`
	}
	// ReadChat asks for messages before a moment (RFC 3339); the answer is ChatPage.
	ReadChat struct {
		Before string `json:"before,omitempty" wire:"time"`
	}
	// RaiseHand raises or lowers my hand.
	RaiseHand struct {
		Up bool `json:"up"`
	}
	// Mute closes a source of one participant, or of all but the staff when Participant is empty.
	Mute struct {
		Participant string `json:"participant" wire:"id,empty"`
		Source      string `json:"source" wire:"oneof=microphone|camera|share|share_audio"`
	}
	// LowerHand lowers one hand, or all when Participant is empty.
	LowerHand struct {
		Participant string `json:"participant" wire:"id,empty"`
	}
	// Remove sends a participant out until a teacher lets them in again.
	Remove struct {
		Participant string `json:"participant" wire:"id"`
	}
	// Admit lets someone who was removed in again.
	Admit struct {
		Participant string `json:"participant" wire:"id"`
	}
	// SetRecording starts or stops the recording.
	SetRecording struct {
		On bool `json:"on"`
	}
	// EndLesson ends the lesson for all.
	EndLesson struct{}
	// Leave says goodbye, so that others need not wait for the resume window.
	Leave struct{}
	// Ping keeps middleboxes awake and lets the client notice a dead socket; answered with ok.
	Ping struct{}
)

// Answers (the d of ok).
type (
	// Answer is the SDP that answers Publish and Subscribe.
	Answer struct {
		SDP string `json:"sdp"`
	}
	// ChatPage holds messages oldest first.
	ChatPage struct {
		Messages []ChatMessage `json:"messages"`
		More     bool          `json:"more"`
	}
	// Done answers every request that has nothing else to say.
	Done struct{}
	// Welcome answers Hello: the whole state. When Resumed is set the client keeps the state that it has, takes Token
	// and ICE, ignores the other fields, and gets the events after its Resume.Last.
	Welcome struct {
		Resumed     bool          `json:"resumed"`
		Token       string        `json:"token"`
		Last        uint64        `json:"last"` // number of the last event that the state includes
		Self        string        `json:"self"`
		Server      string        `json:"server"` // build; a client of another build offers a reload
		Lesson      LessonInfo    `json:"lesson"`
		Room        RoomState     `json:"room"`
		People      []Participant `json:"people"`
		Chat        []ChatMessage `json:"chat"`
		Recording   Recording     `json:"recording"`
		Speakers    Speakers      `json:"speakers"`
		Codec       string        `json:"codec" wire:"oneof=h264|vp9|av1|vp8"` // video codec to publish in
		Permissions Permissions   `json:"permissions"`
		// Removed are those who were sent out; empty for everyone but staff.
		Removed []Outsider `json:"removed"`
		// ICE are the servers for the client's transports; a resumed client takes these too.
		ICE []ICEServer `json:"ice"`
	}
	// ICEServer is what a browser's RTCPeerConnection takes: a relay of ours, with a credential that expires.
	ICEServer struct {
		URLs       []string `json:"urls"`
		Username   string   `json:"username"`
		Credential string   `json:"credential"`
	}
	// Problem is the d of error. Code is one the client translates.
	Problem struct {
		Code       string `json:"code" wire:"oneof=bad_message|too_large|too_fast|not_allowed|not_now|elsewhere|bad_offer|old_client|ended|removed|unavailable"`
		Detail     string `json:"detail"` // for developers; never shown as the only text
		RetryAfter int    `json:"retryAfter,omitempty"`
	}
)

// Events from the server: {"t": type, "n": number, "d": {...}}; n counts up by one per session.
type (
	// LessonInfo is what the room is about.
	LessonInfo struct {
		ID        string `json:"id"`
		Title     string `json:"title"`
		ClassName string `json:"className"`
		Teacher   string `json:"teacher"`
		Recorded  bool   `json:"recorded"`
		StartsAt  string `json:"startsAt" wire:"time"`
	}
	// RoomState is waiting (no staff yet: no media), live, or ended.
	RoomState struct {
		State string `json:"state" wire:"oneof=waiting|live|ended"`
		// EndsAt is set (RFC 3339) when the last staff left and the lesson will end by itself.
		EndsAt string `json:"endsAt,omitempty" wire:"time"`
	}
	// Participant is someone inside; the event replaces what was known of them.
	Participant struct {
		ID   string `json:"id"`
		Name string `json:"name"`
		Role string `json:"role" wire:"oneof=teacher|admin|student|device"` // teacher, admin, student, device
		// Sources that are on, by name.
		Sources []string `json:"sources" wire:"each.oneof=microphone|camera|share|share_audio"`
		HandAt  string   `json:"handAt,omitempty" wire:"time"` // RFC 3339
		// Away: the socket is lost and may come back.
		Away     bool   `json:"away"`
		JoinedAt string `json:"joinedAt" wire:"time"`
	}
	// ParticipantLeft says that someone is gone. Reason: left, lost, removed.
	ParticipantLeft struct {
		ID     string `json:"id"`
		Reason string `json:"reason" wire:"oneof=left|lost|removed"`
	}
	// Removed lists all who were sent out and not let in again; only staff get it. It replaces what was known.
	Removed struct {
		People []Outsider `json:"people"`
	}
	// Outsider is someone who was sent out.
	Outsider struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	}
	// Slots names the new occupants of the changed slots of my subscribe transport.
	Slots struct {
		Slots []Occupant `json:"slots"`
	}
	// Occupant of one slot; Participant is empty when the slot is free.
	Occupant struct {
		Slot        int    `json:"slot"`
		Participant string `json:"participant"`
		Source      string `json:"source" wire:"oneof=microphone|camera|share|share_audio"`
		Undecodable bool   `json:"undecodable"`
		Paused      bool   `json:"paused"`
	}
	// Speakers names the active speaker and all who are heard, loudest first.
	Speakers struct {
		Active   string   `json:"active"`
		Speaking []string `json:"speaking"`
	}
	// ChatMessage is one message.
	ChatMessage struct {
		ID       string `json:"id"`
		ClientID string `json:"clientId"`
		From     string `json:"from"`
		Name     string `json:"name"`
		Text     string `json:"text"`
		SentAt   string `json:"sentAt" wire:"time"` // RFC 3339
	}
	// Recording is the red light. State: off, starting, on, trouble.
	Recording struct {
		State   string `json:"state" wire:"oneof=off|starting|on|trouble"`
		SavedTo string `json:"savedTo,omitempty" wire:"time"` // RFC 3339: everything before is durable
		Since   string `json:"since,omitempty" wire:"time"`
		Trouble string `json:"trouble,omitempty"` // code: disk_full, storage_away, ...
	}
	// Muted tells me that a teacher closed a source of mine.
	Muted struct {
		Source string `json:"source" wire:"oneof=microphone|camera|share|share_audio"`
		By     string `json:"by"` // name
	}
	// VideoCodec tells every publisher what to send from now on.
	VideoCodec struct {
		Codec string `json:"codec" wire:"oneof=h264|vp9|av1|vp8"`
	}
	// Transport tells me that a transport of mine failed on the server's side: make a new one.
	Transport struct {
		Leg   string `json:"leg" wire:"oneof=publish|subscribe"`             // publish, subscribe
		State string `json:"state" wire:"oneof=connecting|connected|failed"` // connecting, connected, failed
	}
	// Permissions is what I may do in this room now.
	Permissions struct {
		Speak    bool `json:"speak"`
		Video    bool `json:"video"`
		Share    bool `json:"share"`
		Chat     bool `json:"chat"`
		Moderate bool `json:"moderate"`
		Record   bool `json:"record"`
		End      bool `json:"end"`
	}
	// Bye is the last event on a socket. Its number is always 0: it concerns the socket and is never replayed.
	// Reason: removed, ended, replaced (a newer join of mine took over), left, signed_out (my session or my rights
	// ended), upgraded (the server is restarting: come back).
	Bye struct {
		Reason string `json:"reason" wire:"oneof=removed|ended|replaced|left|signed_out|upgraded"`
	}
)
