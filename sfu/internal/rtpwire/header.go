package rtpwire

import "encoding/binary"

// Header is what forwarding needs of an RTP packet (RFC 3550, section 5.1).
type Header struct {
	TS          uint32
	SSRC        uint32
	Seq         uint16
	PayloadType uint8
	Marker      bool
	// Payload is the part of the packet without header, extensions and padding; empty for a padding-only packet.
	Payload []byte
	// extensions is the content of the header extension (RFC 8285), without its profile and length.
	extensions []byte
	profile    uint16
}

const (
	fixedHeader    = 12
	profileOneByte = 0xbede
	profileTwoByte = 0x1000
)

// Parse reads a packet. The header's slices point into it. It is false for anything that is not RTP version 2 or
// whose lengths do not add up.
func Parse(packet []byte, h *Header) bool {
	if len(packet) < fixedHeader || packet[0]>>6 != 2 {
		return false
	}
	h.Marker = packet[1]&0x80 != 0
	h.PayloadType = packet[1] & 0x7f
	h.Seq = binary.BigEndian.Uint16(packet[2:])
	h.TS = binary.BigEndian.Uint32(packet[4:])
	h.SSRC = binary.BigEndian.Uint32(packet[8:])
	h.extensions, h.profile = nil, 0

	at := fixedHeader + 4*int(packet[0]&0x0f)
	if packet[0]&0x10 != 0 {
		if len(packet) < at+4 {
			return false
		}
		h.profile = binary.BigEndian.Uint16(packet[at:])
		n := 4 * int(binary.BigEndian.Uint16(packet[at+2:]))
		at += 4
		if len(packet) < at+n {
			return false
		}
		h.extensions = packet[at : at+n]
		at += n
	}
	end := len(packet)
	if packet[0]&0x20 != 0 {
		end -= int(packet[len(packet)-1])
	}
	if at > len(packet) || end < at {
		return false
	}
	h.Payload = packet[at:end:end]
	return true
}

// Extension returns the content of the extension with this id, nil when the packet has none. Both forms of RFC 8285
// are read.
func (h *Header) Extension(id uint8) []byte {
	if id == 0 {
		return nil
	}
	switch {
	case h.profile == profileOneByte:
		return oneByte(h.extensions, id)
	case h.profile&0xfff0 == profileTwoByte:
		return twoByte(h.extensions, id)
	}
	return nil
}

func oneByte(ext []byte, id uint8) []byte {
	for len(ext) > 0 {
		found, n := ext[0]>>4, int(ext[0]&0x0f)+1
		if ext[0] == 0 {
			ext = ext[1:]
			continue
		}
		if found == 15 || len(ext) < 1+n {
			return nil
		}
		if found == id {
			return ext[1 : 1+n]
		}
		ext = ext[1+n:]
	}
	return nil
}

func twoByte(ext []byte, id uint8) []byte {
	for len(ext) > 0 {
		if ext[0] == 0 {
			ext = ext[1:]
			continue
		}
		if len(ext) < 2 || len(ext) < 2+int(ext[1]) {
			return nil
		}
		if ext[0] == id {
			return ext[2 : 2+int(ext[1])]
		}
		ext = ext[2+int(ext[1]):]
	}
	return nil
}

// RTXPayload appends to dst what a retransmission carries: the original sequence number, then the original payload
// (RFC 4588, section 4).
func RTXPayload(dst []byte, seq uint16, payload []byte) []byte {
	dst = binary.BigEndian.AppendUint16(dst, seq)
	return append(dst, payload...)
}
