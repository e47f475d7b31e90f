package signaling

import "reflect"

//go:generate go run ./internal/tsgen -comments messages.go -out ../web/src/protocol/generated.ts

// Word is one type of frame: the name that stands in its t, and what its d holds.
type Word struct {
	Name    string
	Message reflect.Type
	// Answer is what the d of ok holds; nil for events.
	Answer reflect.Type
}

// Requests lists every message that a client may send, in the order of PROTOCOL.md.
func Requests() []Word {
	return []Word{
		request[Hello, Welcome]("hello"),
		request[Publish, Answer]("publish"),
		request[Subscribe, Answer]("subscribe"),
		request[SetView, Done]("view"),
		request[SetSource, Done]("source"),
		request[SendChat, ChatMessage]("chat"),
		request[ReadChat, ChatPage]("read_chat"),
		request[RaiseHand, Done]("hand"),
		request[Mute, Done]("mute"),
		request[LowerHand, Done]("lower_hand"),
		request[Remove, Done]("remove"),
		request[Admit, Done]("admit"),
		request[SetRecording, Done]("record"),
		request[EndLesson, Done]("end"),
		request[Leave, Done]("leave"),
		request[Ping, Done]("ping"),
	}
}

// Events lists every event that the server sends, in the order of PROTOCOL.md.
func Events() []Word {
	return []Word{
		event[RoomState]("room"),
		event[Participant]("participant"),
		event[ParticipantLeft]("participant_left"),
		event[Removed]("removed"),
		event[Slots]("slots"),
		event[Speakers]("speakers"),
		event[ChatMessage]("chat"),
		event[Recording]("recording"),
		event[Muted]("muted"),
		event[VideoCodec]("codec"),
		event[Transport]("transport"),
		event[Permissions]("permissions"),
		event[Bye]("bye"),
	}
}

func request[M, A any](name string) Word {
	return Word{Name: name, Message: reflect.TypeFor[M](), Answer: reflect.TypeFor[A]()}
}

func event[M any](name string) Word {
	return Word{Name: name, Message: reflect.TypeFor[M]()}
}
