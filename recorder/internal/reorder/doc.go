// Package reorder puts one track's packets back in order and says where packets are missing for good.
//
// A [Buffer] belongs to the goroutine that owns its recording; time is passed in. It imports sfu/media only.
// Sequence numbers are the unwrapped ones of [media.Packet].
package reorder
