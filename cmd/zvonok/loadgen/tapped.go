package loadgen

import (
	"sync/atomic"

	"github.com/zvonok/zvonok/sfu"
	"github.com/zvonok/zvonok/sfu/media"
)

// tapped takes everything that a recorder would and keeps nothing: what recording costs the forwarding path. What the
// recorder makes of it is measured by itself (recorder.TestCost).
type tapped struct{ packets atomic.Uint64 }

func (t *tapped) Open(sfu.TapSource) sfu.TapTrack                     { return t }
func (t *tapped) Speakers(media.ParticipantID, []media.ParticipantID) {}
func (t *tapped) Packet(*media.Packet)                                { t.packets.Add(1) }
func (t *tapped) Report(media.SenderReport)                           {}
func (t *tapped) Close()                                              {}
