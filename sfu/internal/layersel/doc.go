// Package layersel chooses which simulcast layer a subscriber gets.
//
// It owns no state, is pure (any goroutine may call it), and imports nothing of ours. Heights are in pixels; layers
// count from 0, the smallest.
package layersel
