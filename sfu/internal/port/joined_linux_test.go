package port

import (
	"testing"

	"golang.org/x/sys/unix"
)

// What the sender gives the kernel in one piece may arrive in one piece.
func TestJoinedDatagramsAreTakenApart(t *testing.T) {
	p, client := open(t, "127.0.0.1:0")
	s := newInbox()
	p.Bind(addressOf(client), s)
	raw, err := client.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	if err := raw.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.IPPROTO_UDP, unix.UDP_SEGMENT, 500) }); err != nil {
		t.Fatal(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	piece := append(append(rtp(500, 1), rtp(500, 2)...), rtp(200, 3)...)
	send(t, client, piece)
	got := s.wait(t, 3)
	for i, want := range []string{string(rtp(500, 1)), string(rtp(500, 2)), string(rtp(200, 3))} {
		if got[i].data != want {
			t.Errorf("datagram %d has %d bytes", i, len(got[i].data))
		}
	}
}
