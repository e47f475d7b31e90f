package sfu

import (
	"errors"
	"os"
	"testing"

	"github.com/zvonok/zvonok/sfu/media"
)

// FuzzOffers: no offer panics, every refusal is ErrBadOffer, and what is accepted is accepted again unchanged in shape.
func FuzzOffers(f *testing.F) {
	for _, name := range []string{"publish", "subscribe"} {
		b, err := os.ReadFile("testdata/chromium/" + name + ".sdp")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(b))
	}
	f.Add("v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=rtpmap:111 opus/48000/2\r\n")
	kinds := []media.SlotKind{0, 1, 2, 3, 4, 4, 4, 5, 5}
	f.Fuzz(func(t *testing.T, offer string) {
		for _, sources := range [][]media.Source{nil, {media.Microphone}, {media.Camera, media.Microphone}} {
			good, err := parsePublish(Publication{Offer: offer, Sources: sources})
			if err == nil {
				again, err := parsePublish(Publication{Offer: good.sdp, Sources: sources})
				if err != nil || len(again.mids) != len(good.mids) {
					t.Errorf("the reduced offer is refused: %v", err)
				}
			} else if !errors.Is(err, ErrBadOffer) {
				t.Error(err)
			}
		}
		if _, err := parseSubscribe(Subscription{Offer: offer, Slots: kinds}); err != nil && !errors.Is(err, ErrBadOffer) {
			t.Error(err)
		}
	})
}
