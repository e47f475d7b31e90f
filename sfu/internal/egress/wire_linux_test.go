package egress

import (
	"net"
	"testing"

	"golang.org/x/sys/unix"
)

func withoutSegments(w wire) wire {
	if m, ok := w.(*mmsg); ok {
		m.socket.noSegments.Store(true)
	}
	return w
}

func TestAUDPSocketIsWrittenToDirectly(t *testing.T) {
	if _, ok := newWire(NewSocket(listen(t, "udp4", "127.0.0.1:0"))).(*mmsg); !ok {
		t.Error("not by sendmmsg")
	}
	if _, ok := newWire(NewSocket(struct{ net.PacketConn }{listen(t, "udp4", "127.0.0.1:0")})).(plain); !ok {
		t.Error("what is no UDP socket was taken for one")
	}
}

// Runs of equal length go as one message each: 7 packets of one length and a shorter one to each of 20 are one call.
func TestRunsAreOneMessage(t *testing.T) {
	b := NewSocket(listen(t, "udp4", "127.0.0.1:0")).Batch()
	for range 20 {
		r := newReceiver(t, "udp4", "127.0.0.1:0")
		for range 7 {
			write(b, r.dest, make([]byte, 1100), Video)
		}
		write(b, r.dest, make([]byte, 60), Video)
	}
	if len(b.messages) != 20 {
		t.Errorf("%d messages", len(b.messages))
	}
	if c := b.Flush(); c.Sent != 160 || c.Calls != 1 {
		t.Errorf("%+v", c)
	}
}

// A way whose packets are shorter than a segment refuses segments (EINVAL), a device without offload refuses them all
// (EIO): neither is tried again. Loopback refuses nothing, so that the kernel's answer is given here.
func TestARefusalIsRemembered(t *testing.T) {
	b := NewSocket(listen(t, "udp4", "127.0.0.1:0")).Batch()
	r := newReceiver(t, "udp4", "127.0.0.1:0")
	datagram := make([]byte, 1200)
	w := b.wire.(*mmsg)
	w.remember(r.dest.way.Load(), unix.EINVAL)
	write(b, r.dest, datagram, Video)
	write(b, r.dest, datagram, Video)
	if len(b.messages) != 2 {
		t.Errorf("%d messages on a way that refuses segments", len(b.messages))
	}
	if c := b.Flush(); c.Sent != 2 {
		t.Errorf("%+v", c)
	}
	w.remember(r.dest.way.Load(), unix.EIO)
	if b.wire.merges() {
		t.Error("a device without offload is tried again")
	}
}

// A message that is refused whole is sent apart at once: nothing is lost by finding out.
func TestARefusedRunIsSentApart(t *testing.T) {
	b := NewSocket(listen(t, "udp4", "127.0.0.1:0")).Batch()
	r := newReceiver(t, "udp4", "127.0.0.1:0")
	for range 3 {
		write(b, r.dest, make([]byte, 500), Video)
	}
	write(b, r.dest, make([]byte, 100), Video)
	w := b.wire.(*mmsg)
	var c Counts
	w.apart(0, b.arena, &b.messages[0], &c)
	if c.Sent != 4 {
		t.Errorf("%+v", c)
	}
	for _, want := range []int{500, 500, 500, 100} {
		if got := len(r.next(t)); got != want {
			t.Errorf("%d bytes in place of %d", got, want)
		}
	}
}
