package mux

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/fmp4/seekablebuffer"
	"github.com/google/uuid"
)

// FragmentLength bounds a fragment.
const FragmentLength = 250 * time.Millisecond

// identBox is the extended type of the uuid box that carries an [Ident].
var identBox = uuid.MustParse("7a766f6e-6f6b-4365-a767-6d656e743031")

// Sample is one coded picture, or one packet of sound.
type Sample struct {
	// At is the presentation time, Duration how long it lasts, in ticks. Video has no reordering: decoding order is
	// presentation order.
	At       int64
	Duration int64
	Key      bool
	Data     []byte
	// Repeat says how many times the same sample follows itself (silence); 0 and 1 are once.
	Repeat int
}

// End is where the sample, with its repeats, ends.
func (s *Sample) End() int64 { return s.At + s.Duration*int64(max(1, s.Repeat)) }

// Ident says what a segment is, so that the index can be rebuilt from the segments.
type Ident struct {
	Segment     uuid.UUID `json:"segment"`
	Recording   uuid.UUID `json:"recording"`
	Track       uuid.UUID `json:"track"`
	Init        uuid.UUID `json:"init"`
	Seq         int       `json:"seq"`
	StartUS     int64     `json:"startUs"`
	DurationUS  int64     `json:"durationUs"`
	Independent bool      `json:"independent"`
	// The anchor: RTP ticks, the sender's wall clock (if known) and the server's at the first sample.
	AnchorRTP    int64      `json:"anchorRtp"`
	AnchorNTP    *time.Time `json:"anchorNtp,omitempty"`
	AnchorServer time.Time  `json:"anchorServer"`
}

// Segment writes a media segment; samples are in order and do not overlap. Where one ends before the next begins, the
// time between is a hole.
func Segment(id Ident, timescale int64, samples []Sample) ([]byte, error) {
	head, err := json.Marshal(id)
	if err != nil {
		return nil, fmt.Errorf("write segment: %w", err)
	}
	var b seekablebuffer.Buffer
	_, _ = b.Write(appendBox(nil, "styp", []byte("msdh\x00\x00\x00\x00msdhmsixcmfs")))
	_, _ = b.Write(appendBox(nil, "uuid", append(identBox[:], head...)))
	for i, f := range fragments(timescale, samples) {
		part := fmp4.Part{
			// mfhd numbers only need to grow along a track; there are never a thousand fragments in a segment.
			SequenceNumber: uint32(id.Seq*1000 + i + 1),
			Tracks:         []*fmp4.PartTrack{{ID: 1, BaseTime: uint64(f.at), Samples: f.samples}},
		}
		var pb seekablebuffer.Buffer // offsets inside a part count from its own start
		if err := part.Marshal(&pb); err != nil {
			return nil, fmt.Errorf("write segment: %w", err)
		}
		_, _ = b.Write(pb.Bytes())
	}
	return b.Bytes(), nil
}

type fragment struct {
	at, end int64
	samples []*fmp4.Sample
}

func fragments(timescale int64, samples []Sample) []fragment {
	limit := timescale * int64(FragmentLength) / int64(time.Second)
	var all []fragment
	for i := range samples {
		s := &samples[i]
		for n := range int64(max(1, s.Repeat)) {
			at := s.At + n*s.Duration
			last := len(all) - 1
			if last < 0 || all[last].end != at || at+s.Duration-all[last].at > limit {
				all = append(all, fragment{at: at})
				last++
			}
			all[last].end = at + s.Duration
			all[last].samples = append(all[last].samples, &fmp4.Sample{
				Duration: uint32(s.Duration), IsNonSyncSample: !s.Key, Payload: s.Data,
			})
		}
	}
	return all
}

// ReadIdent finds a segment's own description; false: it has none.
func ReadIdent(segment []byte) (Ident, bool) {
	var id Ident
	for len(segment) >= 8 {
		n := int(binary.BigEndian.Uint32(segment))
		if n < 8 || n > len(segment) {
			return id, false
		}
		if string(segment[4:8]) == "uuid" && n >= 24 && uuid.UUID(segment[8:24]) == identBox {
			return id, json.Unmarshal(segment[24:n], &id) == nil
		}
		segment = segment[n:]
	}
	return id, false
}

func appendBox(b []byte, kind string, body []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(8+len(body)))
	b = append(b, kind...)
	return append(b, body...)
}
