// Package web carries the built web client.
//
// It owns the files of dist, starts no goroutine and imports nothing else of ours: a release build embeds them
// (-tags release), any other reads them from the source tree, so that go build passes on a fresh clone without Node.
// Paths are those of the built client, index.html at the top.
package web
