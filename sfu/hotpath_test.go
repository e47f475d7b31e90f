package sfu

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/dtls/v3/pkg/crypto/selfsign"
	"github.com/pion/stun/v4"

	"github.com/zvonok/zvonok/sfu/internal/egress"
	"github.com/zvonok/zvonok/sfu/internal/port"
	"github.com/zvonok/zvonok/sfu/media"
)

// hall is a bench whose takers are subscribers' real transports: keys by a handshake, a real socket, an estimate of
// each path; only goroutines of the room are left out, so that each packet is counted.
type hall struct {
	*bench
	server *Server
	legs   []*subscribeLeg
}

func newHall(t *testing.T, listeners int) *hall {
	t.Helper()
	server, err := NewServer(Config{Listen: "127.0.0.1:0", Shards: 1, TCP: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	h := &hall{bench: newBench(media.Camera), server: server}
	h.room = newRoom(server, "hall", nil)
	h.shard, h.up.room = h.room.shards[0], h.room
	h.shard.ticker, h.shard.alarm = time.NewTicker(time.Hour), time.NewTimer(time.Hour)
	t.Cleanup(h.shard.ticker.Stop)
	certificate, err := selfsign.GenerateSelfSigned()
	if err != nil {
		t.Fatal(err)
	}
	for range listeners {
		h.enter(t, certificate)
	}
	return h
}

func (h *hall) enter(t *testing.T, certificate tls.Certificate) {
	t.Helper()
	sum := sha256.Sum256(certificate.Certificate[0])
	fingerprint := strings.TrimSpace(strings.ReplaceAll(fmt.Sprintf("% X", sum[:]), " ", ":"))
	l, err := newOwnDownlink(h.server, Subscription{Offer: hallOffer + "a=fingerprint:sha-256 " + fingerprint + "\r\n", Slots: []media.SlotKind{media.SlotStageVideo}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.close)
	connected := make(chan struct{})
	l.listen(func(LegState) { close(connected) }, func(int, []uint16) {})
	shakeHands(t, l, certificate)
	<-connected
	leg := newSubscribeLeg(l, []media.SlotKind{media.SlotStageVideo}, func(media.Codec) int { return 1 })
	l.attach(h.shard)
	h.shard.watch(l.path)
	for _, d := range leg.downs {
		h.shard.add(d)
		d.retarget(h.up.source, h.up)
	}
	h.legs = append(h.legs, leg)
}

const hallOffer = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\nm=video 9 UDP/TLS/RTP/SAVPF 102 103\r\n" +
	"a=rtpmap:102 H264/90000\r\na=fmtp:102 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f\r\n" +
	"a=rtcp-fb:102 nack\r\na=rtcp-fb:102 nack pli\r\na=rtcp-fb:102 transport-cc\r\na=rtpmap:103 rtx/90000\r\na=fmtp:103 apt=102\r\n" +
	"a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01\r\n" +
	"c=IN IP4 0.0.0.0\r\na=mid:0\r\na=recvonly\r\na=rtcp-mux\r\na=setup:active\r\na=ice-ufrag:them\r\na=ice-pwd:0123456789012345678901\r\n"

// ear is a listener's socket as its DTLS sees it: records only. Once deaf, it says nothing more, a goodbye least of all;
// the socket stays, and the kernel drops what it has no room for.
type ear struct {
	*net.UDPConn
	deaf atomic.Bool
}

func (e *ear) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		n, from, err := e.UDPConn.ReadFrom(b)
		if err != nil || port.Classify(b[:n]) == port.DTLS {
			return n, from, err
		}
	}
}

func (e *ear) WriteTo(b []byte, _ net.Addr) (int, error) {
	if e.deaf.Load() {
		return len(b), nil
	}
	return e.Write(b)
}

func (e *ear) Close() error { return nil }

// shakeHands proves the listener's address and makes the keys.
func shakeHands(t *testing.T, l *ownDownlink, certificate tls.Certificate) {
	t.Helper()
	local := net.UDPAddrFromAddrPort(netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), l.server.port.Local().Port()))
	conn, err := net.DialUDP("udp4", nil, local)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if _, err = conn.Write(nomination(t, l)); err == nil {
		_, err = conn.Read(make([]byte, 1500)) // the answer
	}
	if err != nil {
		t.Fatal(err)
	}
	e := &ear{UDPConn: conn}
	client, err := dtls.ClientWithOptions(e, local, dtls.WithCertificates(certificate), dtls.WithInsecureSkipVerify(true),
		dtls.WithSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := client.HandshakeContext(ctx); err != nil {
		t.Fatal(err)
	}
	e.deaf.Store(true)
	_ = client.Close()
}

// nomination is a check that moves the session to where it comes from.
func nomination(t *testing.T, l *ownDownlink) []byte {
	t.Helper()
	ufrag, password := l.session.Local()
	m, err := stun.Build(stun.TransactionID, stun.BindingRequest, stun.NewUsername(ufrag+":them"), stun.RawAttribute{Type: stun.AttrUseCandidate},
		stun.NewShortTermIntegrity(password), stun.Fingerprint)
	if err != nil {
		t.Fatal(err)
	}
	return m.Raw
}

// frame lets the publisher send a picture of n packets that differ by a few bytes, as an encoder's do.
func (h *hall) frame(wire []byte, n int) {
	h.ts += 3000
	h.now = h.now.Add(time.Second / 30)
	for i := range n {
		h.seq++
		wire[1], wire[2], wire[3] = h.pt, byte(h.seq>>8), byte(h.seq)
		wire[4], wire[5], wire[6], wire[7] = byte(h.ts>>24), byte(h.ts>>16), byte(h.ts>>8), byte(h.ts)
		if i == n-1 {
			wire[1] |= 0x80
		}
		h.up.receive(wire[:len(wire)-i%3], h.now)
	}
	h.shard.begin()
	h.shard.takeAll()
	h.shard.settle()
	h.shard.flush()
}

// What is pinned of the forwarding path, whole, from the publisher's datagram to the kernel: 100,000 packets to 50
// subscribers allocate nothing but the publisher's packets themselves, and leave in few system calls.
func TestALectureAllocatesNothingAndLeavesInBatches(t *testing.T) {
	const listeners, packets, perFrame = 50, 100_000, 8
	h := newHall(t, listeners)
	for _, leg := range h.legs {
		leg.path.outlet.budget.SetTarget(100_000_000) // pacing is another test's
	}
	h.receive(append(keyPayload, make([]byte, 300)...))
	wire := h.wire(append(bytes.Clone(deltaPayload), make([]byte, 1100)...), 0)
	for range 50 {
		h.frame(wire, perFrame)
	}
	c := h.room.counters
	forwarded, calls, drops := c.forwarded.Load(), c.sendCalls.Load(), h.dropped()
	frames := packets / listeners / perFrame
	h.up.slab.packets = make([]media.Packet, frames*perFrame) // the packets themselves; TestAPacketCostsLittleMemory has them
	h.up.slab.bytes = make([]byte, frames*perFrame*len(wire))
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for range frames {
		h.frame(wire, perFrame)
	}
	runtime.ReadMemStats(&after)
	forwarded, calls = c.forwarded.Load()-forwarded, c.sendCalls.Load()-calls
	mallocs := after.Mallocs - before.Mallocs
	t.Logf("%d packets in %d system calls (%.4f each), %d allocations", forwarded, calls, float64(calls)/float64(forwarded), mallocs)
	if forwarded != packets || h.dropped() != drops {
		t.Errorf("%d packets went, dropped %v, before %v", forwarded, h.dropped(), drops)
	}
	if mallocs > 10 {
		t.Errorf("%d allocations", mallocs)
	}
	if runtime.GOOS == "linux" && calls > packets/100 {
		t.Errorf("%d system calls", calls)
	}
}

func (h *hall) dropped() string {
	var b strings.Builder
	for i := range h.room.counters.drops {
		if n := h.room.counters.drops[i].Load(); n > 0 {
			fmt.Fprintf(&b, "%s %d, ", DropReason(i), n)
		}
	}
	return b.String()
}

// A keyframe is more than a slow link's queue takes at once: it leaves over several ticks, in order and whole, with the
// pictures that follow behind it.
func TestAKeyframeIsPaced(t *testing.T) {
	const target, size, perKeyframe = 1_500_000, 1100, 40
	b := newBench(media.Camera)
	to := &box{}
	o := &outlet{}
	o.budget.SetTarget(target)
	b.down(to).outlet = o
	step := func() {
		b.shard.begin()
		b.shard.takeAll()
		b.shard.settle()
	}
	b.up.receive(b.wire(append(bytes.Clone(keyPayload), make([]byte, size)...), 0), b.now)
	for range perKeyframe - 1 {
		b.up.receive(b.wire(append(bytes.Clone(deltaPayload), make([]byte, size)...), 0), b.now)
	}
	step()
	b.up.receive(b.wire(deltaPayload, 0), b.now) // the next picture
	b.shard.takeAll()
	most, ticks := len(to.packets), 0
	for ; len(to.packets) < perKeyframe+1 && ticks < 100; ticks++ {
		had := len(to.packets)
		b.shard.now += egress.Tick
		b.shard.settle()
		most = max(most, len(to.packets)-had)
	}
	if most > 10 {
		t.Errorf("%d packets within a tick", most)
	}
	// 44 KB at two and a half times 1.5 Mbit/s would take 94 ms; ten packets may go in each tick of 5 ms whatever the target.
	if ticks > 10 {
		t.Errorf("%d ticks for a keyframe", ticks)
	}
	for i := 1; i < len(to.seqs); i++ {
		if to.seqs[i] != to.seqs[i-1]+1 {
			t.Fatalf("number %d follows %d", to.seqs[i], to.seqs[i-1])
		}
	}
}

// Subscribers behind TCP that take nothing hold nobody up: the others on the shard get every packet, and no burst waits.
func TestAStalledTCPSubscriberHoldsUpNobody(t *testing.T) {
	const listeners, stalled, frames, perFrame = 8, 3, 2000, 8
	h := newHall(t, listeners)
	for _, leg := range h.legs {
		leg.path.outlet.budget.SetTarget(20_000_000_000) // the frames come as fast as they can
	}
	for _, leg := range h.legs[:stalled] {
		l := leg.path.link
		conn, err := net.Dial("tcp", l.server.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		check := nomination(t, l)
		if _, err := conn.Write(append([]byte{byte(len(check) >> 8), byte(len(check))}, check...)); err != nil { // RFC 4571
			t.Fatal(err)
		}
		if _, err := conn.Read(make([]byte, 2)); err != nil { // answered: moved; nothing more is ever read
			t.Fatal(err)
		}
		if l.session.Dest().Addr().IsValid() {
			t.Fatal("the session stayed with UDP")
		}
	}
	h.receive(append(keyPayload, make([]byte, 300)...))
	wire := h.wire(append(bytes.Clone(deltaPayload), make([]byte, 1100)...), 0)
	c := h.room.counters
	forwarded := c.forwarded.Load()
	took := make([]time.Duration, frames)
	for i := range took {
		began := time.Now()
		h.frame(wire, perFrame)
		took[i] = time.Since(began)
	}
	slices.Sort(took)
	full := c.drops[DropSendFull].Load()
	reached := c.forwarded.Load() - forwarded - full
	t.Logf("a frame to %d took %v, at most %v; %d packets went, %d found a full queue", listeners, took[frames/2], took[frames-1], reached, full)
	if least := uint64((listeners - stalled) * frames * perFrame); reached < least || full < stalled*frames*perFrame/2 {
		t.Errorf("%d packets went, %d were refused", reached, full)
	}
	if p99 := took[frames*99/100]; p99 > 20*time.Millisecond {
		t.Errorf("one frame in a hundred took %v", p99)
	}
}
