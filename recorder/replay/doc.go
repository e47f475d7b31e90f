// Package replay turns the catalog's rows of a recording into HLS playlists (RFC 8216): a master, the stage as one video
// playlist spliced from the tracks, and the mix.
//
// It is pure: no clock, no store, no goroutine; its values may be used from any. It imports storage/catalog (models),
// recorder/slate and recorder/internal/seal. Times are microseconds since the recording's start.
//
// Rules that the recorder and this package share:
//   - Every decode time counts from the recording's start, so a place in a playlist is a place in the media.
//   - A stage span begins where a segment of its track begins, with a keyframe. A segment that began before its span is
//     left out of it (it cannot be shown from its middle), and the slate stands in its place; one that outlasts its
//     span is used, and its entry ends with the span: what follows overwrites its tail.
//   - A hole of up to half a second is bridged by the entry before it; a longer one is slate.
//   - Where source, initialisation section or continuity changes there is a discontinuity, in both playlists at the
//     same instant: the recorder closes the mix's segment there. A mix segment that straddles such an instant all the
//     same keeps together; its discontinuity comes at its end. The time line is one, so sound and picture stay in step.
//   - While the recording runs, the playlists (EVENT) only ever grow: a span is settled once the mix has passed its end,
//     because segments are indexed in the order in which they were closed and the mix closes last. Sound is listed as far
//     as the picture.
package replay
