// Package rtpwire reads RTP headers as they come off the wire and writes the payload of retransmissions.
//
// It owns nothing and starts no goroutine; its functions are pure, do not allocate, and never panic on any input. It
// imports nothing of ours. Offsets and lengths are in bytes.
package rtpwire
