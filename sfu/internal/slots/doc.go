// Package slots decides which source feeds which slot of a subscriber.
//
// It is pure: the whole of what matters comes in, the occupants go out; it has no clock and no goroutine. It imports
// sfu/media only. Heights are in device pixels.
package slots
