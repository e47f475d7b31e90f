package rtpwire_test

import (
	"bytes"
	"testing"

	"github.com/pion/rtp"

	"github.com/zvonok/zvonok/sfu/internal/rtpwire"
)

func packet(t testing.TB, edit func(*rtp.Packet)) []byte {
	p := &rtp.Packet{
		Header:  rtp.Header{Version: 2, PayloadType: 102, SequenceNumber: 65535, Timestamp: 1 << 31, SSRC: 7, Marker: true, CSRC: []uint32{1, 2}},
		Payload: []byte{1, 2, 3, 4, 5},
	}
	edit(p)
	b, err := p.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestParseReadsBothFormsOfExtensions(t *testing.T) {
	for name, edit := range map[string]func(*rtp.Packet){
		"none": func(*rtp.Packet) {},
		"one byte": func(p *rtp.Packet) {
			_ = p.SetExtension(1, []byte{9})
			_ = p.SetExtension(14, []byte("mid"))
		},
		"two bytes": func(p *rtp.Packet) {
			p.Extension, p.ExtensionProfile = true, 0x1000
			_ = p.SetExtension(1, []byte{9})
			_ = p.SetExtension(200, bytes.Repeat([]byte{5}, 30))
		},
		"padding": func(p *rtp.Packet) { p.Header.Padding, p.PaddingSize = true, 8 },
	} {
		wire := packet(t, edit)
		var want rtp.Packet
		if err := want.Unmarshal(wire); err != nil {
			t.Fatal(err)
		}
		var h rtpwire.Header
		if !rtpwire.Parse(wire, &h) {
			t.Fatalf("%s: refused", name)
		}
		if h.Seq != want.SequenceNumber || h.TS != want.Timestamp || h.SSRC != want.SSRC || h.Marker != want.Marker ||
			h.PayloadType != want.PayloadType || !bytes.Equal(h.Payload, want.Payload) {
			t.Errorf("%s: %+v, not %+v", name, h, want)
		}
		for _, id := range []uint8{1, 14, 200, 3} {
			if got := h.Extension(id); !bytes.Equal(got, want.GetExtension(id)) {
				t.Errorf("%s: extension %d is %v, not %v", name, id, got, want.GetExtension(id))
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(packet(f, func(p *rtp.Packet) { _ = p.SetExtension(1, []byte{9}) }))
	f.Add(packet(f, func(p *rtp.Packet) { p.Header.Padding, p.PaddingSize = true, 255 }))
	f.Add([]byte{0xbf, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Add([]byte{0x90, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xbe, 0xde, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, wire []byte) {
		var h rtpwire.Header
		ok := rtpwire.Parse(wire, &h)
		var want rtp.Header
		if n, err := want.Unmarshal(wire); ok && err == nil {
			if h.Seq != want.SequenceNumber || h.TS != want.Timestamp || h.SSRC != want.SSRC || h.PayloadType != want.PayloadType {
				t.Errorf("%+v, not %+v (%d)", h, want, n)
			}
		}
		for id := range 256 {
			h.Extension(uint8(id))
		}
	})
}

func TestParseDoesNotAllocate(t *testing.T) {
	wire := packet(t, func(p *rtp.Packet) { _ = p.SetExtension(1, []byte{9}) })
	if n := testing.AllocsPerRun(100, func() {
		var h rtpwire.Header
		if !rtpwire.Parse(wire, &h) || h.Extension(1)[0] != 9 {
			t.Fatal("misread")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestRTXPayloadCarriesTheOriginalNumber(t *testing.T) {
	if got := rtpwire.RTXPayload(nil, 0x1234, []byte{5, 6}); !bytes.Equal(got, []byte{0x12, 0x34, 5, 6}) {
		t.Errorf("% x", got)
	}
}
