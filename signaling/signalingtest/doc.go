// Package signalingtest is a headless client of the signaling protocol, for tests and for load generators: it speaks the
// messages of package signaling over a real WebSocket and knows nothing of rooms.
//
// A [Client] owns its socket and one reading goroutine, joined by Close; its methods may be called from any goroutine.
// It imports signaling for the messages, and nothing else of ours.
package signalingtest
