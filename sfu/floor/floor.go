package floor

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/zvonok/zvonok/sfu/internal/egress"
	"github.com/zvonok/zvonok/sfu/internal/seal"
)

// headerBytes is an RTP header without extensions.
const headerBytes = 12

// header are its first eight bytes, but for the number: version 2, a payload type that nobody counts.
const header = 0x8060 << 48

// Burst is what goes to every receiver at one time: the lengths of payloads.
type Burst struct {
	At      time.Duration
	Lengths []int
}

// Result is what the floor came to.
type Result struct {
	Packets int
	CPU     time.Duration
}

// PerPacket is the processor time of one packet.
func (r Result) PerPacket() time.Duration {
	if r.Packets == 0 {
		return 0
	}
	return r.CPU / time.Duration(r.Packets)
}

type subscriber struct {
	dest   egress.Dest
	sealer *seal.Sealer
	index  uint64
}

func newSubscriber(addr netip.AddrPort) (*subscriber, error) {
	secret := make([]byte, seal.AES128GCM.KeyLen()+seal.AES128GCM.SaltLen())
	if _, err := rand.Read(secret); err != nil {
		return nil, fmt.Errorf("floor: %w", err)
	}
	sealer, err := seal.New(seal.AES128GCM, secret[:seal.AES128GCM.KeyLen()], secret[seal.AES128GCM.KeyLen():])
	if err != nil {
		return nil, err
	}
	s := &subscriber{sealer: sealer}
	s.dest.Set(addr)
	s.dest.Open()
	return s, nil
}

// Run seals and sends every burst to every receiver, whole to one after the other, at its time since the start. used
// tells the processor time of this process so far; what passes between bursts is not counted. Lengths in one burst are
// evened to the longest when they differ by a few bytes, as forwarding does.
func Run(conn *net.UDPConn, receivers []netip.AddrPort, bursts []Burst, used func() (time.Duration, error)) (r Result, err error) {
	subscribers := make([]*subscriber, len(receivers))
	for i, addr := range receivers {
		if subscribers[i], err = newSubscriber(addr); err != nil {
			return r, err
		}
	}
	payload := make([]byte, maxPayload)
	b := egress.NewSocket(conn).Batch()
	start := time.Now()
	for _, burst := range bursts {
		<-time.After(time.Until(start.Add(burst.At)))
		before, err := used()
		if err != nil {
			return r, err
		}
		lengths := even(burst.Lengths)
		for _, s := range subscribers {
			for _, n := range lengths {
				room := b.Space(&s.dest, headerBytes+n+s.sealer.Overhead())
				binary.BigEndian.PutUint64(room, header|s.index&0xffff<<32)
				binary.BigEndian.PutUint32(room[8:], 1)
				b.Commit(len(s.sealer.RTP(room, headerBytes, payload[:n], 1, s.index)), egress.Video)
				s.index++
			}
		}
		b.Flush()
		after, err := used()
		if err != nil {
			return r, err
		}
		r.CPU += after - before
		r.Packets += len(lengths) * len(subscribers)
	}
	return r, nil
}

// maxPayload is the longest payload of a burst.
const maxPayload = 1500

// slack is by how much lengths may differ to be evened.
const slack = 16

func even(lengths []int) []int {
	out := slices.Clone(lengths)
	longest := 0
	for i, n := range slices.Backward(out) {
		if longest = max(longest, n); n+slack >= longest {
			out[i] = longest
		} else {
			longest = n
		}
	}
	return out
}
