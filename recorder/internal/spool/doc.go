// Package spool is the recorder's folder on the local disk: what is being recorded, sealed record by record, and what
// waits to be uploaded. The folder is the queue; there is no other.
//
// One folder per recording:
//
//	recording.json          what is recorded and since when (ids and times only)
//	journal-000001.rec      a sealed log per run of the program: tracks, stage, events, the end
//	open/TRACK-000012.rec   a sealed log: the samples of the segment that is still open
//	up/000000042.bin|json   an encrypted object, and what to do with it once it is stored
//
// A sealed log ([Writer], [Read]) is AES-256-GCM record by record under a key of its own, derived from the master key;
// the nonce counts, so a record cannot be moved, repeated or left out. Reading ends at the first record that is cut or
// damaged: after kill -9 or a power cut the log is what had been written before.
//
// A log has one writer: the goroutine of its recording. Objects are written by that goroutine and read and removed by
// the uploader. It imports storage/catalog (models). Sizes are bytes, times microseconds since the recording's start.
package spool
