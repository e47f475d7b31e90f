package seal_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"

	"github.com/zvonok/zvonok/sfu/internal/seal"
	"github.com/zvonok/zvonok/sfu/internal/seal/sealtest"
)

var profiles = map[string]struct {
	ours   seal.Profile
	theirs srtp.ProtectionProfile
}{
	"GCM": {seal.AES128GCM, srtp.ProtectionProfileAeadAes128Gcm},
	"CM":  {seal.AES128CM80, srtp.ProtectionProfileAes128CmHmacSha1_80},
}

func random(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rand.Uint32())
	}
	return b
}

// pair is a sealer and Pion's receiver with the same keys.
func pair(t testing.TB, name string) (*seal.Sealer, *srtp.Context) {
	t.Helper()
	p := profiles[name]
	key, salt := random(p.ours.KeyLen()), random(p.ours.SaltLen())
	s, err := seal.New(p.ours, key, salt)
	if err != nil {
		t.Fatal(err)
	}
	c, err := srtp.CreateContext(key, salt, p.theirs, srtp.SRTPReplayProtection(64), srtp.SRTCPReplayProtection(64))
	if err != nil {
		t.Fatal(err)
	}
	return s, c
}

// packet makes a header with extensions of any length and a payload of n bytes.
func packet(t testing.TB, ssrc uint32, index uint64, n int) (header, payload []byte) {
	t.Helper()
	h := rtp.Header{Version: 2, PayloadType: 102, Marker: n%2 == 0, SequenceNumber: uint16(index), Timestamp: uint32(index) * 3000, SSRC: ssrc}
	for id := range uint8(n % 3) {
		if err := h.SetExtension(id+1, random(1+n%7)); err != nil {
			t.Fatal(err)
		}
	}
	header, err := h.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return header, random(n)
}

func TestPionDecryptsRTP(t *testing.T) {
	for name := range profiles {
		t.Run(name, func(t *testing.T) {
			s, c := pair(t, name)
			dst := make([]byte, 2000)
			index := uint64(65500) // over the end of the sequence numbers several times
			for n := range 1400 {
				index += 1 + uint64(n)*97%1000
				header, payload := packet(t, 0x8badf00d, index, n)
				copy(dst, header)
				sealed := s.RTP(dst, len(header), payload, 0x8badf00d, index)
				if len(sealed) != len(header)+n+s.Overhead() {
					t.Fatalf("%d bytes of payload make %d", n, len(sealed))
				}
				plain, err := c.DecryptRTP(nil, sealed, nil)
				if err != nil {
					t.Fatalf("%d bytes, index %d: %v", n, index, err)
				}
				if !bytes.Equal(plain, append(header, payload...)) {
					t.Fatalf("%d bytes, index %d: other content", n, index)
				}
			}
		})
	}
}

func TestThePayloadMayLieWhereItGoes(t *testing.T) {
	for name := range profiles {
		s, c := pair(t, name)
		header, payload := packet(t, 1, 300, 700)
		dst := append(append([]byte(nil), header...), payload...)
		dst = append(dst, make([]byte, s.Overhead())...)
		sealed := s.RTP(dst, len(header), dst[len(header):len(header)+700], 1, 300)
		plain, err := c.DecryptRTP(nil, sealed, nil)
		if err != nil || !bytes.Equal(plain[len(header):], payload) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPionDecryptsRTCP(t *testing.T) {
	for name := range profiles {
		t.Run(name, func(t *testing.T) {
			s, c := pair(t, name)
			dst := make([]byte, 2000)
			for index := range uint32(100) {
				report := &rtcp.SenderReport{SSRC: 7, NTPTime: rand.Uint64(), RTPTime: rand.Uint32(), PacketCount: index}
				for i := range index % 5 {
					report.Reports = append(report.Reports, rtcp.ReceptionReport{SSRC: i, Jitter: rand.Uint32()})
				}
				want, err := report.Marshal()
				if err != nil {
					t.Fatal(err)
				}
				sealed := s.RTCP(dst, want, index+1)
				if len(sealed) != len(want)+s.OverheadRTCP() {
					t.Fatalf("%d bytes make %d", len(want), len(sealed))
				}
				got, err := c.DecryptRTCP(nil, sealed, nil)
				if err != nil || !bytes.Equal(got, want) {
					t.Fatalf("index %d: %v", index, err)
				}
			}
		})
	}
}

// What was changed on the way, or belongs to other keys, must not decrypt: else the tests above say nothing.
func TestPionRefusesForgeries(t *testing.T) {
	for name := range profiles {
		s, c := pair(t, name)
		_, other := pair(t, name)
		header, payload := packet(t, 1, 300, 300)
		dst := append(header, make([]byte, 400)...)
		sealed := s.RTP(dst, len(header), payload, 1, 300)
		if _, err := other.DecryptRTP(nil, sealed, nil); err == nil {
			t.Errorf("%s: other keys decrypt", name)
		}
		for _, at := range []int{1, len(header), len(sealed) - 1} {
			forged := bytes.Clone(sealed)
			forged[at] ^= 1
			if _, err := c.DecryptRTP(nil, forged, nil); err == nil {
				t.Errorf("%s: a changed byte %d is taken", name, at)
			}
		}
	}
}

func TestNewRefuses(t *testing.T) {
	if _, err := seal.New(9, random(16), random(14)); !errors.Is(err, seal.ErrProfile) {
		t.Errorf("an unknown profile: %v", err)
	}
	for _, n := range [][2]int{{15, 12}, {16, 14}, {0, 0}} {
		if _, err := seal.New(seal.AES128GCM, random(n[0]), random(n[1])); !errors.Is(err, seal.ErrKey) {
			t.Errorf("%v: %v", n, err)
		}
	}
}

// The ledger that guards the whole path must notice what it is there for.
func TestTwoDifferentSealsOfOneIndexAreNoticed(t *testing.T) {
	for name := range profiles {
		s, _ := pair(t, name)
		var ledger sealtest.Ledger
		header, payload := packet(t, 5, 1<<16, 100)
		once := func(header, payload []byte, index uint64) error {
			dst := append(bytes.Clone(header), make([]byte, 200)...)
			return ledger.Add(name, 5, index, s.RTP(dst, len(header), payload, 5, index))
		}
		if err := errors.Join(once(header, payload, 1<<16), once(header, payload, 1<<16), once(header, payload, 1<<16+1)); err != nil {
			t.Errorf("%s: the same packet again: %v", name, err)
		}
		if once(header, random(100), 1<<16) == nil {
			t.Errorf("%s: another payload was not noticed", name)
		}
		changed := bytes.Clone(header)
		changed[1] ^= 0x80
		if once(changed, payload, 1<<16) == nil {
			t.Errorf("%s: another header was not noticed", name)
		}
	}
}

func TestSealingDoesNotAllocate(t *testing.T) {
	for name := range profiles {
		s, _ := pair(t, name)
		dst, payload := make([]byte, 1500), random(1200)
		report := random(60)
		index := uint64(1 << 16)
		if n := testing.AllocsPerRun(1000, func() {
			index++
			s.RTP(dst, 12, payload, 9, index)
			s.RTCP(dst, report, uint32(index))
		}); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func BenchmarkRTP(b *testing.B) {
	for name := range profiles {
		b.Run(name, func(b *testing.B) {
			s, _ := pair(b, name)
			dst, payload := make([]byte, 1500), random(1100)
			binary.BigEndian.PutUint32(dst, 0x80660000)
			b.ReportAllocs()
			index := uint64(1 << 16)
			for b.Loop() {
				index++
				s.RTP(dst, 12, payload, 9, index)
			}
		})
	}
}
