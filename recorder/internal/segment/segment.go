package segment

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/zvonok/zvonok/recorder/internal/mux"
	"github.com/zvonok/zvonok/recorder/internal/seal"
	"github.com/zvonok/zvonok/recorder/internal/spool"
	"github.com/zvonok/zvonok/storage/catalog"
)

// ErrDamaged is returned for a log that does not begin with a header or has a record that is not samples.
var ErrDamaged = errors.New("segment: damaged log")

// Header is the first record of a segment's log.
type Header struct {
	mux.Ident
	School    uuid.UUID `json:"school"`
	Timescale int64     `json:"timescale"`
	Video     bool      `json:"video"`
	Wrapped   []byte    `json:"wrapped"`
	// IV is chosen at the beginning, so that closing the same segment twice makes the same object.
	IV [16]byte `json:"iv"`
}

// Segment is an open segment.
type Segment struct {
	Header  Header
	Samples []mux.Sample
	flushed int
	log     *spool.Writer
	buf     []byte
}

// Begin opens a segment. Where the log cannot be made it lives in memory alone, and the error says so.
func Begin(f *spool.Folder, h Header) (*Segment, error) {
	s := &Segment{Header: h}
	head, err := json.Marshal(h)
	if err != nil {
		return s, fmt.Errorf("begin segment: %w", err)
	}
	if s.log, err = f.NewLog(fmt.Sprintf("%s-%06d-%s", h.Track, h.Seq, h.Segment)); err != nil {
		return s, err
	}
	return s, s.log.Append(head)
}

// End is where the last sample ends as far as is known.
func (s *Segment) End() int64 {
	if len(s.Samples) == 0 {
		return s.Header.StartUS * s.Header.Timescale / 1e6
	}
	return s.Samples[len(s.Samples)-1].End()
}

// Add takes the next sample; a repeated one is joined to its like.
func (s *Segment) Add(x mux.Sample) {
	if n := len(s.Samples); x.Repeat > 0 && n > s.flushed {
		if last := &s.Samples[n-1]; last.Repeat > 0 && last.Duration == x.Duration && last.End() == x.At {
			last.Repeat += x.Repeat
			return
		}
	}
	s.Samples = append(s.Samples, x)
}

// Flush writes the samples that are not in the log yet.
func (s *Segment) Flush() error {
	if s.log == nil || s.flushed == len(s.Samples) {
		return nil
	}
	s.buf = appendSamples(s.buf[:0], s.Samples[s.flushed:])
	s.flushed = len(s.Samples)
	return s.log.Append(s.buf)
}

// Close makes the segment an object, which ends at end. The log goes once the object is durable.
func (s *Segment) Close(f *spool.Folder, key seal.Key, end int64) error {
	if len(s.Samples) == 0 {
		return s.discard(f)
	}
	if err := finish(f, key, &s.Header, s.Samples, end); err != nil {
		// The log stays; what is in it is closed when the recording is finished, or by the next run.
		if s.log != nil {
			err = errors.Join(err, s.Flush(), s.log.Close())
		}
		return err
	}
	return s.discard(f)
}

func (s *Segment) discard(f *spool.Folder) error {
	if s.log == nil {
		return nil
	}
	f.Retire(s.log.Path())
	return s.log.Close()
}

func finish(f *spool.Folder, key seal.Key, h *Header, samples []mux.Sample, end int64) error {
	if h.Video {
		for i := range samples[:len(samples)-1] {
			samples[i].Duration = samples[i+1].At - samples[i].At
		}
		last := &samples[len(samples)-1]
		last.Duration = max(1, end-last.At)
	}
	from, to := samples[0].At, samples[len(samples)-1].End()
	h.StartUS = from * 1e6 / h.Timescale
	h.DurationUS = to*1e6/h.Timescale - h.StartUS
	plain, err := mux.Segment(h.Ident, h.Timescale, samples)
	if err != nil {
		return err
	}
	o := seal.Media(key, h.IV, plain)
	row := catalog.Segment{
		ID: h.Segment, TrackID: h.Track, InitID: h.Init, Seq: h.Seq, StartUS: h.StartUS, DurationUS: h.DurationUS,
		Independent: h.Independent, Object: h.Object(), IV: o.IV[:], SHA256: o.SHA256[:], Bytes: int64(len(o.Data)),
		AnchorRTP: h.AnchorRTP, AnchorNTP: h.AnchorNTP, AnchorServer: h.AnchorServer,
	}
	data, err := json.Marshal(spool.Row{Kind: spool.RowSegment, Segment: &row})
	if err != nil {
		return err
	}
	return f.Put(spool.Item{Key: row.Object, SHA256: row.SHA256, Bytes: row.Bytes, Row: data}, o.Data)
}

// Object is the segment's key in the store.
func (h *Header) Object() string {
	return fmt.Sprintf("%s%s/%06d-%s.m4s", Prefix(h.School, h.Recording), h.Track, h.Seq, h.Segment)
}

// Prefix begins the keys of all objects of a recording.
func Prefix(school, recording uuid.UUID) string {
	return fmt.Sprintf("recordings/%s/%s/", school, recording)
}

// Recover closes the segment that a log holds and retires the log; the end is in ticks, 0 when there was no sample.
func Recover(f *spool.Folder, path string, master [32]byte) (h Header, end int64, err error) {
	records, err := f.Records(path, 0)
	if err != nil {
		return h, 0, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	var samples []mux.Sample
	if len(records) > 0 {
		if h, samples, err = Decode(records); err != nil {
			return h, 0, err
		}
	}
	if len(samples) == 0 {
		f.Retire(path)
		return h, 0, nil
	}
	key, err := seal.Unwrap(master, h.Track, h.Wrapped)
	if err != nil {
		return h, 0, err
	}
	last := samples[len(samples)-1]
	end = last.End()
	if h.Video {
		end = last.At + h.Timescale/30
		if n := len(samples); n > 1 {
			end = last.At + min(last.At-samples[n-2].At, h.Timescale)
		}
	}
	if err := finish(f, key, &h, samples, end); err != nil {
		return h, 0, err
	}
	f.Retire(path)
	return h, end, nil
}

// Decode reads a log's records.
func Decode(records [][]byte) (h Header, samples []mux.Sample, err error) {
	if err := json.Unmarshal(records[0], &h); err != nil {
		return h, nil, fmt.Errorf("%w: header: %w", ErrDamaged, err)
	}
	if h.Timescale <= 0 || h.Timescale > 1e6 {
		return h, nil, fmt.Errorf("%w: timescale %d", ErrDamaged, h.Timescale)
	}
	for _, r := range records[1:] {
		if samples, err = readSamples(samples, r); err != nil {
			return h, nil, err
		}
	}
	return h, samples, nil
}

func appendSamples(b []byte, samples []mux.Sample) []byte {
	for _, s := range samples {
		b = binary.AppendUvarint(b, uint64(s.At))
		b = binary.AppendUvarint(b, uint64(s.Duration))
		repeat := uint64(s.Repeat) << 1
		if s.Key {
			repeat |= 1
		}
		b = binary.AppendUvarint(b, repeat)
		b = binary.AppendUvarint(b, uint64(len(s.Data)))
		b = append(b, s.Data...)
	}
	return b
}

// maxTicks and maxRepeat bound what a sample may say: a day, an hour of silence.
const (
	maxTicks  = 90000 * 86400
	maxRepeat = 50 * 3600
)

func readSamples(all []mux.Sample, b []byte) ([]mux.Sample, error) {
	for len(b) > 0 {
		var v [4]uint64
		for i := range v {
			n := 0
			if v[i], n = binary.Uvarint(b); n <= 0 {
				return nil, fmt.Errorf("%w: number", ErrDamaged)
			}
			b = b[n:]
		}
		if v[0] > maxTicks || v[1] > maxTicks || v[2]>>1 > maxRepeat || v[3] > uint64(len(b)) {
			return nil, fmt.Errorf("%w: sample", ErrDamaged)
		}
		s := mux.Sample{At: int64(v[0]), Duration: int64(v[1]), Repeat: int(v[2] >> 1), Key: v[2]&1 != 0, Data: b[:v[3]]}
		b = b[v[3]:]
		if n := len(all); n > 0 && s.At < all[n-1].At {
			return nil, fmt.Errorf("%w: backwards", ErrDamaged)
		}
		all = append(all, s)
	}
	return all, nil
}
