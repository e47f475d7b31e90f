// Package alloc shares one subscriber's rate out among its slots.
//
// It owns the order of importance and the calm of the changes: down at once, up only when the room for it has held for
// a while. It is pure: an [Allocator] keeps what it decided last, the moment is passed in, one goroutine uses it, and in
// steady state it allocates nothing. It imports sfu/media only. Rates are bit/s as the wire carries them, moments are
// durations since an origin that all calls share.
package alloc
