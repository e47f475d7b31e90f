package spool

import (
	"time"

	"github.com/zvonok/zvonok/storage/catalog"
)

// RowKind says what a row is.
type RowKind string

// The kinds of rows.
const (
	RowRecording RowKind = "recording"
	RowTrack     RowKind = "track"
	RowInit      RowKind = "init"
	RowSegment   RowKind = "segment"
	RowStage     RowKind = "stage"
	RowEvent     RowKind = "event"
	// RowMark notes how far the recording had come; it is not for the catalog.
	RowMark RowKind = "mark"
	// RowEnd is the last row of a journal.
	RowEnd RowKind = "end"
	// RowComplete is told when everything is stored and indexed.
	RowComplete RowKind = "complete"
)

// Row is what the catalog is to be told; one of the pointers is set. It is kept as JSON in journals and items. All rows
// may be told again.
type Row struct {
	Kind      RowKind            `json:"kind"`
	Recording *catalog.Recording `json:"recording,omitempty"`
	Track     *catalog.Track     `json:"track,omitempty"`
	Init      *catalog.Init      `json:"init,omitempty"`
	Segment   *catalog.Segment   `json:"segment,omitempty"`
	Stage     *catalog.StageSpan `json:"stage,omitempty"`
	Event     *catalog.Event     `json:"event,omitempty"`
	// AtUS is the mark's or the end's place on the time line, At the end's wall time.
	AtUS int64      `json:"atUs,omitempty"`
	At   *time.Time `json:"at,omitempty"`
}
