// Package signaling is the WebSocket protocol and the rooms' rules: who is inside, what they may do, chat, hands,
// moderation, recording on and off, and when a lesson ends. PROTOCOL.md is the normative description.
//
// Devices have no socket: api lets them in and out by [Server.AdmitDevice].
//
// One goroutine owns a room's state; each socket has a reader and a writer, joined by the session that started them.
// It may import sfu, sfu/media and storage; never recorder or api. Times on the wire are RFC 3339 in UTC, sizes
// device pixels.
package signaling
