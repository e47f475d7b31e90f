// Package media holds the words that the forwarding path, the recorder and the rooms share: packets, identifiers,
// sources, codecs and units.
//
// It owns no state and starts no goroutine; its values may be used from any. It imports nothing else of ours.
// Units: time is time.Time with a monotonic reading or time.Duration, rates are [Bitrate] in bit/s, RTP time is
// Ticks at the codec's clock rate, sequence numbers are 16-bit on the wire and 64-bit once unwrapped.
package media
