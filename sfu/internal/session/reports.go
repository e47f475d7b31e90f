package session

import (
	"encoding/binary"
	"errors"
	"sync"

	"github.com/pion/rtcp"
	"github.com/pion/srtp/v3"
)

const (
	// maxReports bounds the packets of one compound, maxNACK the numbers of one packet, maxSenders the SSRCs that a
	// client reports as.
	maxReports = 32
	maxNACK    = 256
	maxSenders = 64

	reportHeader   = 4
	feedbackHeader = 12

	typeReceiver     = 201
	typeTransport    = 205
	typePayload      = 206
	formatNACK       = 1
	formatWide       = 15
	formatPLI        = 1
	formatFIR        = 4
	receptionBytes   = 24
	receiverFirst    = 8
	fullIntraRequest = 8
)

var errSenders = errors.New("session: too many senders")

// opener decrypts the client's RTCP.
type opener struct {
	mu      sync.Mutex // the port and the paths deliver on goroutines of their own
	context *srtp.Context
	senders map[uint32]struct{}
	plain   []byte
}

func newOpener(cfg srtp.Config) (*opener, error) {
	c, err := srtp.CreateContext(cfg.Keys.RemoteMasterKey, cfg.Keys.RemoteMasterSalt, cfg.Profile, srtp.SRTCPReplayProtection(replayWindow))
	if err != nil {
		return nil, err
	}
	return &opener{context: c, senders: map[uint32]struct{}{}}, nil
}

// open gives the packet in the clear; it is valid until mu is unlocked.
func (o *opener) open(b []byte) ([]byte, error) {
	sender := binary.BigEndian.Uint32(b[4:])
	if _, known := o.senders[sender]; !known && len(o.senders) == maxSenders {
		return nil, errSenders
	}
	plain, err := o.context.DecryptRTCP(o.plain[:0], b, nil)
	if err != nil {
		return nil, err
	}
	o.plain = plain
	o.senders[sender] = struct{}{}
	return plain, nil
}

// report takes a compound packet of the client.
func (s *Session) report(data []byte) {
	k := s.keys.Load()
	if k == nil {
		s.host.drop(DropUnkeyed)
		return
	}
	k.in.mu.Lock()
	defer k.in.mu.Unlock()
	plain, err := k.in.open(data)
	if err != nil {
		s.host.drop(DropForged)
		return
	}
	s.alive()
	if e := s.events.Load(); e != nil && !dispatch(plain, e) {
		s.host.drop(DropReport)
	}
}

// dispatch tells what a compound asks for; it is false when it is malformed or too long. What is not known is skipped.
func dispatch(compound []byte, e *Events) bool {
	for range maxReports {
		if len(compound) < reportHeader || compound[0]>>6 != 2 {
			return len(compound) == 0
		}
		n := (int(binary.BigEndian.Uint16(compound[2:])) + 1) * 4
		if n > len(compound) {
			return false
		}
		if !dispatchOne(compound[:n:n], e) {
			return false
		}
		compound = compound[n:]
	}
	return len(compound) == 0
}

func dispatchOne(p []byte, e *Events) bool {
	format := p[0] & 31
	switch p[1] {
	case typeReceiver:
		return e.Report == nil || receptions(p, int(format), e.Report)
	case typeTransport, typePayload:
		if len(p) < feedbackHeader {
			return false
		}
	default:
		return true
	}
	media := binary.BigEndian.Uint32(p[8:])
	switch {
	case p[1] == typeTransport && format == formatNACK:
		if list := numbers(p[feedbackHeader:]); e.NACK != nil && len(list) > 0 {
			e.NACK(media, list)
		}
	case p[1] == typeTransport && format == formatWide && e.Transport != nil:
		return e.Transport(p)
	case p[1] == typePayload && format == formatPLI && e.Keyframe != nil:
		e.Keyframe(media)
	case p[1] == typePayload && format == formatFIR && e.Keyframe != nil:
		if media != 0 {
			e.Keyframe(media)
		}
		for rest := p[feedbackHeader:]; len(rest) >= fullIntraRequest; rest = rest[fullIntraRequest:] {
			if ssrc := binary.BigEndian.Uint32(rest); ssrc != media {
				e.Keyframe(ssrc)
			}
		}
	}
	return true
}

// numbers are the sequence numbers of a NACK (RFC 4585, section 6.2.1).
func numbers(b []byte) []uint16 {
	list := make([]uint16, 0, min(len(b)/2, maxNACK))
	for ; len(b) >= 4; b = b[4:] {
		first, mask := binary.BigEndian.Uint16(b), binary.BigEndian.Uint16(b[2:])
		for i := -1; i < 16; i++ {
			if i >= 0 && mask>>i&1 == 0 {
				continue
			}
			if len(list) == maxNACK {
				return list
			}
			list = append(list, first+uint16(i+1))
		}
	}
	return list
}

// receptions are the blocks of a receiver report (RFC 3550, section 6.4.2).
func receptions(p []byte, count int, tell func(rtcp.ReceptionReport)) bool {
	if len(p) < receiverFirst+count*receptionBytes {
		return false
	}
	for i := range count {
		var r rtcp.ReceptionReport
		at := receiverFirst + i*receptionBytes
		if r.Unmarshal(p[at:at+receptionBytes]) != nil {
			return false
		}
		tell(r)
	}
	return true
}
