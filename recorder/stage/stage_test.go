package stage

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/zvonok/zvonok/sfu/media"
)

// play runs lines of "SECONDS EVENT [WHO [SOURCE]]" and gives the actions as words. A picture comes 100 ms after a
// keyframe was asked for, unless its source is mute.
func play(lines string, mute ...string) string {
	var out []string
	var m *Machine
	var asked []ID
	name := func(id ID) string {
		if id.Source == media.Share {
			return string(id.Participant) + "'s share"
		}
		return string(id.Participant)
	}
	m = New(func(a Action) {
		switch a.Kind {
		case Want:
			out = append(out, "want "+name(a.ID))
		case Unwant:
			out = append(out, "unwant "+name(a.ID))
		case Keyframe:
			asked = append(asked, a.ID)
		case Cut:
			out = append(out, fmt.Sprintf("%.1f %s", a.At.Seconds(), name(a.ID)))
		case CutToSlate:
			out = append(out, fmt.Sprintf("%.1f slate", a.At.Seconds()))
		}
	})
	rows := strings.Split(strings.TrimSpace(lines), "\n")
	for at := time.Duration(0); at <= 30*time.Second; at += 100 * time.Millisecond {
		answers := asked
		asked = nil
		for _, id := range answers {
			if !strings.Contains(strings.Join(mute, ","), name(id)) {
				m.Picture(id, at)
			}
		}
		for len(rows) > 0 {
			f := strings.Fields(rows[0])
			var sec float64
			_, _ = fmt.Sscan(f[0], &sec)
			if time.Duration(sec*1e9) > at {
				break
			}
			rows = rows[1:]
			id := ID{Source: media.Camera}
			if len(f) > 2 {
				id.Participant = media.ParticipantID(f[2])
			}
			if len(f) > 3 {
				id.Source = media.Share
			}
			switch f[1] {
			case "open":
				m.Open(Source{id, id.Participant == "teacher" || id.Source == media.Share}, at)
			case "close":
				m.Close(id, at)
			case "speaks":
				m.Speaker(id.Participant, at)
			}
		}
		m.Tick(at)
	}
	return strings.Join(out, "; ")
}

func TestStories(t *testing.T) {
	for name, c := range map[string]struct{ lines, want, mute string }{
		"late teacher":    {"5 open teacher", "5.1 teacher", ""},
		"nobody":          {"1 speaks pupil", "", ""},
		"a silent pupil":  {"1 open pupil", "", ""},
		"speaker":         {"0 open teacher\n1 open pupil\n6 speaks pupil", "0.1 teacher; want pupil; 6.1 pupil", ""},
		"speaker without": {"0 open teacher\n6 speaks pupil", "0.1 teacher", ""},
		"stays four seconds": {"0 open teacher\n0 open pupil\n1 speaks pupil",
			"0.1 teacher; want pupil; 4.2 pupil", ""},
		"changed its mind": {"0 open teacher\n0 open pupil\n1 speaks pupil\n3 speaks teacher", "0.1 teacher", ""},
		"back to the teacher": {"0 open teacher\n0 open pupil\n5 speaks pupil\n11 speaks teacher",
			"0.1 teacher; want pupil; 5.1 pupil; 11.1 teacher; unwant pupil", ""},
		"share": {"0 open teacher\n0 open pupil\n5 open pupil share\n6 speaks pupil\n12 close pupil share",
			"0.1 teacher; 5.1 pupil's share; want pupil; 12.1 pupil", ""},
		"vanishes, slate":     {"0 open teacher\n3 close teacher", "0.1 teacher; 3.0 slate", ""},
		"vanishes, successor": {"0 open teacher\n0 open pupil\n5 speaks pupil\n6 close pupil", "0.1 teacher; want pupil; 5.1 pupil; 6.1 teacher", ""},
		"vanishes, successor is slow": {"0 open teacher\n0 open b share\n6 close b share",
			"0.1 b's share; 6.0 slate", "teacher"},
		"gives no keyframe": {"0 open teacher\n0 open pupil\n5 speaks pupil\n12 speaks teacher",
			"0.1 teacher; want pupil; unwant pupil", "pupil"},
		"pupil stays when a mute teacher speaks": {"0 open pupil\n1 speaks pupil\n9 speaks teacher", "want pupil; 1.1 pupil", ""},
		"pending vanishes":                       {"0 open teacher\n0 open pupil\n5 speaks pupil\n5 close pupil", "0.1 teacher; want pupil", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := play(c.lines, c.mute); got != c.want {
				t.Errorf("\n got %s\nwant %s", got, c.want)
			}
		})
	}
}

// Whatever happens: time goes forward but for the grace, a source is on stage only while it is open, what is recorded
// only on stage is wanted only then or just before, and a source stays four seconds unless it vanished.
func TestProperty(t *testing.T) {
	for seed := range uint64(500) {
		rnd := rand.New(rand.NewPCG(seed, 5))
		open, wanted := map[ID]bool{}, map[ID]bool{}
		var on *ID
		var since, gone time.Duration
		m := New(func(a Action) {
			switch a.Kind {
			case Want:
				if wanted[a.ID] || !open[a.ID] {
					t.Fatalf("seed %d: want %v", seed, a.ID)
				}
				wanted[a.ID] = true
			case Unwant:
				delete(wanted, a.ID)
			case Keyframe:
			case Cut, CutToSlate:
				if a.At < since {
					t.Fatalf("seed %d: a cut at %v after one at %v", seed, a.At, since)
				}
				if on != nil && open[*on] && a.At-since < Stay && gone < since {
					t.Fatalf("seed %d: %v was on stage from %v to %v", seed, *on, since, a.At)
				}
				since, on = a.At, nil
				if a.Kind == Cut {
					if !open[a.ID] {
						t.Fatalf("seed %d: %v is on stage and not open", seed, a.ID)
					}
					id := a.ID
					on = &id
				}
			}
		})
		for at := time.Duration(0); at < 2*time.Minute; at += time.Duration(20+rnd.IntN(400)) * time.Millisecond {
			id := ID{media.ParticipantID(rune('a' + rnd.IntN(4))), media.Camera}
			if rnd.IntN(6) == 0 {
				id.Source = media.Share
			}
			switch rnd.IntN(12) {
			case 0:
				if !open[id] {
					open[id] = true
					m.Open(Source{id, id.Participant == "a" || id.Source == media.Share}, at)
				}
			case 1:
				if open[id] {
					delete(open, id)
					delete(wanted, id)
					if on != nil && *on == id {
						gone = at
					}
					m.Close(id, at)
				}
			case 2:
				m.Speaker(id.Participant, at)
			case 3, 4, 5:
				if p, ok := m.Pending(); ok {
					m.Picture(p, at)
				}
			default:
				m.Tick(at)
			}
		}
		if len(wanted) > 2 {
			t.Fatalf("seed %d: wanted at the end: %v", seed, wanted)
		}
	}
}
