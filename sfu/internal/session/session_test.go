package session

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/rtcp"
	"github.com/pion/srtp/v3"
	"github.com/pion/stun/v4"

	"github.com/zvonok/zvonok/sfu/internal/egress"
)

const gcm, cm = dtls.SRTP_AEAD_AES_128_GCM, dtls.SRTP_AES128_CM_HMAC_SHA1_80

// connected is a session with its client, keys made.
func (w *world) connected(profile dtls.SRTPProtectionProfile) (*opened, *client, *dtls.Conn, *srtp.Context, *srtp.Context) {
	w.t.Helper()
	certificate := newCertificate(w.t)
	s, c := w.open(certificate), w.client(certificate)
	c.check(s, nominate)
	conn, out, in, err := c.shake(profile)
	if err != nil {
		w.t.Fatal(err)
	}
	if state := receive(w.t, s.states); state != Connected || !s.Ready() {
		w.t.Fatalf("state %v", state)
	}
	return s, c, conn, out, in
}

func TestBothProfilesCarryBothDirections(t *testing.T) {
	for _, profile := range []dtls.SRTPProtectionProfile{gcm, cm} {
		w := newTestWorld(t)
		s, c, _, out, in := w.connected(profile)
		// to the client
		buf := make([]byte, 200)
		copy(buf, []byte{0x80, 96, 0, 7, 0, 0, 0, 1, 0, 0, 0, 9})
		sealed := s.Sealer().RTP(buf, 12, []byte("picture"), 9, 7)
		if _, err := w.port.WriteTo(sealed, s.Dest().Addr()); err != nil {
			t.Fatal(err)
		}
		plain, err := in.DecryptRTP(nil, receive(t, c.rtcp), nil)
		if err != nil || !bytes.HasSuffix(plain, []byte("picture")) {
			t.Errorf("%v: %q %v", profile, plain, err)
		}
		// and from it
		raw, err := rtcp.Marshal([]rtcp.Packet{
			&rtcp.ReceiverReport{SSRC: 1}, &rtcp.TransportLayerNack{SenderSSRC: 1, MediaSSRC: 9, Nacks: []rtcp.NackPair{{PacketID: 65535, LostPackets: 0b101}}},
			&rtcp.PictureLossIndication{SenderSSRC: 1, MediaSSRC: 9}, &rtcp.FullIntraRequest{SenderSSRC: 1, FIR: []rtcp.FIREntry{{SSRC: 10}}},
		})
		if err != nil {
			t.Fatal(err)
		}
		report, err := out.EncryptRTCP(nil, raw, nil)
		if err != nil {
			t.Fatal(err)
		}
		c.send(report)
		if got := receive(t, s.nacks); !slices.Equal(got, []uint16{65535, 0, 2}) {
			t.Errorf("%v: asked for %v", profile, got)
		}
		if a, b := receive(t, s.frames), receive(t, s.frames); a != 9 || b != 10 {
			t.Errorf("%v: keyframes of %d and %d", profile, a, b)
		}
		// replayed, forged, and RTP that nobody wants
		c.send(report)
		report[len(report)-1] ^= 1
		c.send(report)
		c.send(sealed)
		w.until("they are counted", func() bool { d := w.host.Dropped(); return d[DropForged] == 2 && d[DropUnwanted] == 1 })
	}
}

func TestOnlyWhoKnowsThePasswordMovesASession(t *testing.T) {
	w := newTestWorld(t)
	s, c, _, _, _ := w.connected(gcm)
	ufrag, password := s.Local()
	thief, moved := w.client(c.certificate), w.client(c.certificate)
	thief.ask(ufrag, "not the password of this session", nominate)
	thief.send([]byte{0x80, 201, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	w.until("the check is refused", func() bool { return w.host.Dropped()[DropCheck] == 1 })
	if got := s.Dest().Addr(); got != c.address() {
		t.Fatalf("moved to %v", got)
	}
	moved.check(s) // proves itself, but is not chosen
	if got := s.Dest().Addr(); got != c.address() {
		t.Fatalf("moved to %v", got)
	}
	moved.check(s, nominate)
	if got := s.Dest().Addr(); got != moved.address() {
		t.Fatalf("at %v", got)
	}
	if n := len(thief.stun); n != 0 {
		t.Errorf("%d answers to somebody without password", n)
	}
	// Somebody else's session cannot have the address by a forged source.
	other := w.open(c.certificate)
	u, p := other.Local()
	moved.ask(u, p, nominate)
	w.until("the address is refused", func() bool { return w.host.Dropped()[DropAddress] == 1 })
	// What is said without fingerprint or user, or by a client that thinks it is controlled.
	bare, err := stun.Build(stun.TransactionID, stun.BindingRequest, stun.NewUsername(ufrag+":x"), stun.NewShortTermIntegrity(password))
	if err != nil {
		t.Fatal(err)
	}
	c.send(bare.Raw)
	w.until("no fingerprint", func() bool { return w.host.Dropped()[DropCheck] == 2 })
	c.ask(ufrag, password, flag(stun.AttrICEControlled))
	m := c.answered(password)
	var code stun.ErrorCodeAttribute
	if err := code.GetFrom(m); err != nil || code.Code != stun.CodeRoleConflict {
		t.Errorf("%v %v", m, err)
	}
}

func TestAddressesAreBounded(t *testing.T) {
	w := newTestWorld(t)
	s := w.open(newCertificate(t))
	first := w.client(newCertificate(t))
	first.check(s, nominate)
	for range 3 * maxAddresses {
		w.client(first.certificate).check(s)
	}
	s.mu.Lock()
	n, held := len(s.addresses), slices.Contains(s.addresses, first.address())
	s.mu.Unlock()
	if n != maxAddresses || !held || s.Dest().Addr() != first.address() {
		t.Errorf("%d addresses, the chosen one among them: %v", n, held)
	}
}

func TestAForeignCertificateIsRefused(t *testing.T) {
	w := newTestWorld(t)
	s, c := w.open(newCertificate(t)), w.client(newCertificate(t))
	c.check(s, nominate)
	if _, _, _, err := c.shake(gcm); err == nil {
		t.Error("the handshake succeeded")
	}
	if state := receive(t, s.states); state != Failed || s.Sealer() != nil || s.Ready() {
		t.Errorf("state %v", state)
	}
	if n := w.host.Dropped()[DropFingerprint]; n != 1 {
		t.Errorf("%d refusals", n)
	}
}

func TestConsentEndsAndComesBack(t *testing.T) {
	w := newTestWorld(t)
	s, c, _, out, _ := w.connected(gcm)
	w.clock.forward(consent)
	w.host.look()
	if !s.Ready() {
		t.Error("stopped too early")
	}
	w.clock.forward(time.Millisecond)
	w.host.look()
	if s.Ready() {
		t.Error("sends without consent")
	}
	c.check(s)
	if !s.Ready() {
		t.Error("a check did not bring it back")
	}
	w.clock.forward(consent + 1)
	w.host.look()
	raw, err := rtcp.Marshal([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: 3}})
	if err != nil {
		t.Fatal(err)
	}
	report, err := out.EncryptRTCP(nil, raw, nil)
	if err != nil {
		t.Fatal(err)
	}
	c.send(report)
	receive(t, s.frames)
	if !s.Ready() {
		t.Error("a report did not bring it back")
	}
	w.clock.forward(30*time.Second + 1)
	w.host.look()
	if state := receive(t, s.states); state != Failed || s.Ready() {
		t.Errorf("state %v", state)
	}
	ufrag, password := s.Local()
	c.ask(ufrag, password)
	w.until("it stays so", func() bool { return w.host.Dropped()[DropAddress] == 1 })
}

func TestRestartTakesOverWhenItIsUsed(t *testing.T) {
	w := newTestWorld(t)
	s, c, _, _, _ := w.connected(gcm)
	oldUfrag, oldPassword := s.Local()
	unused, _, err := s.Restart()
	if err != nil {
		t.Fatal(err)
	}
	ufrag, password, err := s.Restart()
	if err != nil || ufrag == oldUfrag || password == oldPassword || ufrag == unused {
		t.Fatalf("%q %v", ufrag, err)
	}
	c.ask(oldUfrag, oldPassword) // still good
	c.answered(oldPassword)
	moved := w.client(c.certificate)
	moved.check(s) // with the new credentials, and from elsewhere
	if !s.Ready() || s.Dest().Addr() != moved.address() {
		t.Errorf("at %v", s.Dest().Addr())
	}
	dropped := w.port.Stats().Received
	c.ask(oldUfrag, oldPassword)
	c.ask(unused, oldPassword)
	w.until("the old ones are nobody's", func() bool { return w.port.Stats().Received == dropped+2 })
	if len(c.stun) != 0 {
		t.Error("the old credentials still work")
	}
	s.Close()
	if _, _, err := s.Restart(); !errors.Is(err, ErrClosed) {
		t.Errorf("restarted a closed session: %v", err)
	}
}

func TestBothSidesSayGoodbye(t *testing.T) {
	w := newTestWorld(t)
	s, _, conn, _, _ := w.connected(gcm)
	s.Close()
	s.Close()
	if _, err := conn.Read(make([]byte, 10)); !errors.Is(err, io.EOF) {
		t.Errorf("the client heard no goodbye: %v", err)
	}
	s, _, conn, _, _ = w.connected(gcm)
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
	w.until("sending stops", func() bool { return !s.Ready() })
	w.clock.forward(31 * time.Second)
	w.host.look()
	if state := receive(t, s.states); state != Failed {
		t.Errorf("state %v", state)
	}
}

// A parked connection has no goroutine and hears and says goodbye all the same, after junk too.
func TestAParkedConnectionIsTakenUpAgain(t *testing.T) {
	w := newLingeringWorld(t, 100*time.Millisecond)
	parked := func(s *opened, but *dtls.State) (state *dtls.State) {
		w.until("parked", func() bool {
			s.mu.Lock()
			defer s.mu.Unlock()
			state = s.parked
			return state != nil && state != but && s.link == nil
		})
		return state
	}
	// A record of data, and a goodbye in the clear as anybody could send it.
	junk, forged := []byte{23, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 9, 0, 4, 1, 2, 3, 4}, []byte{21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 1, 0}
	s, c, conn, _, _ := w.connected(gcm)
	state := parked(s, nil)
	for _, record := range [][]byte{junk, forged, {22, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 9, 0xff, 0xff}} {
		c.send(record)
		state = parked(s, state)
		if !s.Ready() {
			t.Errorf("% x ended the session", record)
		}
	}
	s.Close()
	if _, err := conn.Read(make([]byte, 10)); !errors.Is(err, io.EOF) {
		t.Errorf("the client heard no goodbye: %v", err)
	}
	// The goodbye is heard, whatever else waits with it while the connection is taken up.
	s, c, conn, _, _ = w.connected(cm)
	parked(s, nil)
	c.send(junk)
	c.send(forged)
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
	w.until("sending stops", func() bool { return !s.Ready() })
}

// What comes while a connection is being put away is for the one that is taken up next.
func TestRecordsOutliveTheLink(t *testing.T) {
	w := newTestWorld(t)
	s, _, _, _, _ := w.connected(gcm)
	first := newLink(s.Session)
	close(first.ready)
	first.muted.Store(true)
	first.push([]byte("one"))
	if _, _, err := first.ReadFrom(make([]byte, 9)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("a muted link was read: %v", err)
	}
	_ = first.Close()
	first.push([]byte("two"))
	next := newLinkWith(s.Session, first.records)
	_ = next.SetReadDeadline(time.Now().Add(-time.Second))
	if _, _, err := next.ReadFrom(make([]byte, 9)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("read before the connection was up: %v", err)
	}
	_ = next.SetReadDeadline(time.Time{})
	close(next.ready)
	b := make([]byte, 9)
	for _, want := range []string{"one", "two"} {
		if n, _, err := next.ReadFrom(b); err != nil || string(b[:n]) != want {
			t.Errorf("%q instead of %q: %v", b[:n], want, err)
		}
	}
	_ = next.Close()
	if next.push([]byte("three")) {
		t.Error("a closed link took a record")
	}
}

// Sealing and sending take no lock of the session's or its host's: whoever holds one cannot hold up a shard.
func TestSendingTakesNoLock(t *testing.T) {
	w := newTestWorld(t)
	s, _, _, _, _ := w.connected(gcm)
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	batch := egress.NewSocket(conn).Batch()
	sent := make(chan bool, 1)
	w.host.mu.Lock()
	defer w.host.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	go func() {
		header := []byte{0x80, 96, 0, 7, 0, 0, 0, 1, 0, 0, 0, 9}
		buf := batch.Space(s.Dest(), 200)
		if buf == nil || !s.Ready() {
			sent <- false
			return
		}
		copy(buf, header)
		batch.Commit(len(s.Sealer().RTP(buf, len(header), []byte("picture"), 9, 7)), egress.Video)
		s.RTCPIndex()
		sent <- batch.Flush().Sent == 1
	}()
	if !receive(t, sent) {
		t.Error("nothing was sent")
	}
}

func TestJunkEndsNothing(t *testing.T) {
	w := newTestWorld(t)
	s, c, _, out, _ := w.connected(gcm)
	for i := range 200 { // more records than the queue holds
		c.send(append([]byte{22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, byte(i), 0, 4}, 1, 2, 3, 4))
	}
	mangled, err := out.EncryptRTCP(nil, []byte{0x81, 201, 0, 9, 0, 0, 0, 1, 1, 2, 3, 4}, nil)
	if err != nil {
		t.Fatal(err)
	}
	c.send(mangled)
	w.until("it is counted", func() bool { return w.host.Dropped()[DropReport] == 1 })
	c.check(s)
	if !s.Ready() {
		t.Error("junk ended the session")
	}
	before := w.open(newCertificate(t))
	stranger := w.client(newCertificate(t))
	stranger.send([]byte{22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 1, 2, 3, 4})
	stranger.check(before)
	if before.link != nil {
		t.Error("a handshake began before a check")
	}
}

func TestSendersAreBounded(t *testing.T) {
	w := newTestWorld(t)
	s, c, _, out, _ := w.connected(cm)
	for i := range 2 * maxSenders {
		b := []byte{0x80, 201, 0, 1, 0, 0, 0, 0}
		binary.BigEndian.PutUint32(b[4:], uint32(i))
		sealed, err := out.EncryptRTCP(nil, b, nil)
		if err != nil {
			t.Fatal(err)
		}
		c.send(sealed)
		w.until("it came", func() bool { return int(w.host.Dropped()[DropForged]) == max(0, i+1-maxSenders) })
	}
	if n := len(s.keys.Load().in.senders); n != maxSenders {
		t.Errorf("%d senders", n)
	}
}

// Feedback and receiver reports come several times a second from everybody: reading them allocates nothing.
func TestReportsDoNotAllocate(t *testing.T) {
	report := []byte{0x81, 201, 0, 7, 0, 0, 0, 1}
	compound := append(append(report, make([]byte, 24)...), 0x8f, 205, 0, 5, 0, 0, 0, 1, 0, 0, 0, 2, 0, 1, 0, 2, 0, 0, 1, 3, 0x20, 2, 4, 4)
	reports, bytes := 0, 0
	e := &Events{Report: func(rtcp.ReceptionReport) { reports++ }, Transport: func(b []byte) bool { bytes += len(b); return true }}
	if n := testing.AllocsPerRun(100, func() {
		if !dispatch(compound, e) {
			t.Error("refused")
		}
	}); n != 0 || reports != 101 || bytes != 101*24 {
		t.Errorf("%v allocations; %d reports, %d bytes of feedback", n, reports, bytes)
	}
}

// FuzzReports: no compound panics or asks for more than its length allows.
func FuzzReports(f *testing.F) {
	for _, p := range []rtcp.Packet{
		&rtcp.ReceiverReport{SSRC: 1, Reports: []rtcp.ReceptionReport{{SSRC: 2}}}, &rtcp.PictureLossIndication{MediaSSRC: 1},
		&rtcp.TransportLayerNack{MediaSSRC: 1, Nacks: []rtcp.NackPair{{PacketID: 1, LostPackets: 0xffff}}},
		&rtcp.FullIntraRequest{FIR: []rtcp.FIREntry{{SSRC: 1}, {SSRC: 2}}},
	} {
		raw, err := p.Marshal()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Add([]byte{0x8f, 205, 0, 5, 0, 0, 0, 1, 0, 0, 0, 2, 0, 1, 0, 2, 0, 0, 1, 3, 0x20, 2, 4, 4})
	f.Fuzz(func(t *testing.T, b []byte) {
		wishes := 0
		dispatch(b, &Events{
			NACK: func(_ uint32, n []uint16) {
				wishes++
				if len(n) > maxNACK {
					t.Errorf("%d numbers", len(n))
				}
			},
			Keyframe: func(uint32) { wishes++ }, Transport: func([]byte) bool { wishes++; return true }, Report: func(rtcp.ReceptionReport) { wishes++ },
		})
		if wishes > len(b)/4 {
			t.Errorf("%d wishes in %d bytes", wishes, len(b))
		}
	})
}

// FuzzDatagrams: whatever reaches a session is answered or counted, and leaves it as it was.
func FuzzDatagrams(f *testing.F) {
	p, h, _ := newWorld(f, 0)
	s, err := h.Open(nil)
	if err != nil {
		f.Fatal(err)
	}
	ufrag, password := s.Local()
	m, err := stun.Build(stun.TransactionID, stun.BindingRequest, stun.NewUsername(ufrag+":x"), stun.NewShortTermIntegrity(password), stun.Fingerprint)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(m.Raw)
	f.Add([]byte{0x80, 201, 0, 1, 0, 0, 0, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		from := p.Local()
		s.check(from, b)
		if len(b) >= 8 {
			s.report(b)
		}
		if got, _ := s.Local(); got != ufrag || s.Ready() {
			t.Error("changed by junk")
		}
	})
}
