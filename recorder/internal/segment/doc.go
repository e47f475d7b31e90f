// Package segment is one media segment from its first sample to the object that waits to be uploaded: samples are kept
// and at the same time written to a sealed log in the spool, and when the segment closes they are muxed, encrypted and
// handed to the spool as one object. What a killed program left as a log is closed by the same code.
//
// A [Segment] belongs to the goroutine that owns its recording. It imports recorder/internal/{mux,seal,spool} and
// storage/catalog (models). Times are ticks of the track's timescale.
package segment
