package mixer

import (
	"math"

	"github.com/google/uuid"

	"github.com/zvonok/zvonok/recorder/internal/opus"
)

const (
	// bitrate of the mix in bit/s.
	bitrate = 48000
	// hush is how many silent frames are still encoded after sound, so that it may fade.
	hush = 10
	// maxQueued bounds the decoded sound of one talker: 2 s.
	maxQueued = 100
)

// Mixer mixes one recording.
type Mixer struct {
	enc    opus.Encoder
	pos    int64
	silent int
	voices map[uuid.UUID]*voice
	frame  [opus.Frame]float32
	errors uint64
}

type voice struct {
	dec    opus.Decoder
	blocks []block
	// closed: no more packets come.
	closed bool
}

type block struct {
	at  int64
	pcm []float32
}

// New makes a mixer whose first frame begins at pos.
func New(pos int64) (*Mixer, error) {
	enc, err := opus.NewEncoder(bitrate)
	if err != nil {
		return nil, err
	}
	return &Mixer{enc: enc, pos: pos, silent: hush, voices: make(map[uuid.UUID]*voice)}, nil
}

// Pos is where the next frame begins.
func (m *Mixer) Pos() int64 { return m.pos }

// Errors counts packets that could not be decoded.
func (m *Mixer) Errors() uint64 { return m.errors }

// Add takes a talker's next packet, which is heard at the given time. What comes too late is not heard.
func (m *Mixer) Add(track uuid.UUID, at int64, packet []byte) { m.add(track, at, packet) }

// Lost conceals a lost packet of 20 ms.
func (m *Mixer) Lost(track uuid.UUID, at int64) {
	if v := m.voices[track]; v != nil {
		m.add(track, at, nil)
	}
}

func (m *Mixer) add(track uuid.UUID, at int64, packet []byte) {
	v := m.voices[track]
	if v == nil {
		dec, err := opus.NewDecoder()
		if err != nil {
			m.errors++
			return
		}
		v = &voice{dec: dec}
		m.voices[track] = v
	}
	v.closed = false
	// Decoded even when it is too late: the next packet needs the decoder's state.
	pcm, err := v.dec.Decode(packet)
	if err != nil {
		m.errors++
		return
	}
	at -= opus.Lookahead
	if at+int64(len(pcm)) <= m.pos || len(v.blocks) >= maxQueued {
		return
	}
	v.blocks = append(v.blocks, block{at, append([]float32(nil), pcm...)})
}

// Close says that no more packets of a talker come for now.
func (m *Mixer) Close(track uuid.UUID) {
	if v := m.voices[track]; v != nil {
		v.closed = true
	}
}

// Next makes the frame at [Mixer.Pos] and goes on to the next. The packet is the caller's.
func (m *Mixer) Next() []byte {
	clear(m.frame[:])
	sound := false
	for id, v := range m.voices {
		if v.into(&m.frame, m.pos) {
			sound = true
		}
		if v.closed && len(v.blocks) == 0 {
			delete(m.voices, id)
		}
	}
	m.pos += opus.Frame
	if !sound {
		if m.silent++; m.silent > hush {
			return opus.Silence(opus.Frame)
		}
	} else {
		m.silent = 0
	}
	for i, x := range m.frame {
		m.frame[i] = limit(x)
	}
	packet, err := m.enc.Encode(m.frame[:])
	if err != nil {
		m.errors++
		return opus.Silence(opus.Frame)
	}
	return append([]byte(nil), packet...)
}

// into adds what the voice says in the frame at pos; false: nothing.
func (v *voice) into(frame *[opus.Frame]float32, pos int64) bool {
	used, sound := 0, false
	for _, b := range v.blocks {
		if b.at >= pos+opus.Frame {
			break
		}
		sound = true
		from, to := max(b.at, pos), min(b.at+int64(len(b.pcm)), pos+opus.Frame)
		for i := from; i < to; i++ {
			frame[i-pos] += b.pcm[i-b.at]
		}
		if b.at+int64(len(b.pcm)) <= pos+opus.Frame {
			used++
		}
	}
	v.blocks = v.blocks[used:]
	return sound
}

// limit bends what is above the knee so that it never clips.
func limit(x float32) float32 {
	const knee = 0.7
	a := float64(x)
	if math.Abs(a) <= knee {
		return x
	}
	return float32(math.Copysign(knee+(1-knee)*math.Tanh((math.Abs(a)-knee)/(1-knee)), a))
}
