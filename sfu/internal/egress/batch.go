package egress

import "net"

const (
	// maxMessages is how many messages one system call sends.
	maxMessages = 64
	// maxSegments and maxRun bound one segmented message: the kernel takes 64 segments of together one UDP datagram.
	maxSegments, maxRun = 64, 65000
	// arenaBytes holds a few frames to a few dozen subscribers and stays in the processor's cache.
	arenaBytes = 256 << 10
)

// Kind is what a datagram carries; only a [Path] treats the kinds differently, when it has no room for all of them.
type Kind uint8

// The kinds.
const (
	// Control: reports, handshakes. Never dropped for lack of time.
	Control Kind = iota
	// Audio is dropped oldest first.
	Audio
	// Video is dropped up to the next keyframe.
	Video
	// KeyVideo is the first packet of a keyframe.
	KeyVideo
	// Repeat is a retransmission or padding, which nothing that follows depends on.
	Repeat
)

// Counts say what became of datagrams.
type Counts struct {
	Sent uint64
	// Full: the socket's buffer or the path's queue had no room.
	Full uint64
	// Refused: the kernel knew no way, a firewall said no, or the datagram was too long.
	Refused uint64
	// Calls are the system calls that were made.
	Calls uint64
}

// message is a run of datagrams to one destination, which lie one behind the other in the arena: all of them size long,
// but for the last, which may be shorter.
type message struct {
	way      *way
	from, to int
	size     int
	count    int
	closed   bool
}

// wire sends messages. It returns when they are sent or dropped, without waiting for room.
type wire interface {
	send(arena []byte, messages []message, c *Counts)
	// merges says whether a message may hold more than one datagram.
	merges() bool
}

// Batch collects datagrams and sends them together. One goroutine at a time uses it.
type Batch struct {
	wire     wire
	arena    []byte
	used     int
	space    int // the end of the room that was asked for last
	to       *way
	messages []message
	counts   Counts
}

func newBatch(w wire) *Batch {
	return &Batch{wire: w, arena: make([]byte, arenaBytes), messages: make([]message, 0, maxMessages)}
}

// Space is room for one datagram of at most n bytes to d, nil when d is closed; [Batch.Commit] must follow before
// anything else. It sends what waits when the batch is full.
func (b *Batch) Space(d *Dest, n int) []byte {
	w := d.way.Load()
	if w == nil || !d.open.Load() || n > len(b.arena) {
		return nil
	}
	if b.used+n > len(b.arena) || len(b.messages) == maxMessages {
		b.flush()
	}
	b.to, b.space = w, b.used+n
	return b.arena[b.used:b.space:b.space]
}

// Commit says that the datagram in the room that [Batch.Space] gave is n bytes long; 0 gives the room back.
func (b *Batch) Commit(n int, kind Kind) {
	w := b.to
	b.to = nil
	if n <= 0 || b.used+n > b.space {
		return
	}
	if w.path != nil {
		if w.path.Send(b.arena[b.used:b.used+n], kind) {
			b.counts.Sent++
		} else {
			b.counts.Full++
		}
		return
	}
	from := b.used
	b.used += n
	if b.extend(w, n) {
		return
	}
	b.messages = append(b.messages, message{way: w, from: from, to: b.used, size: n, count: 1})
}

// extend makes the datagram that ends at b.used the next segment of the last message, if it may be.
func (b *Batch) extend(w *way, n int) bool {
	if len(b.messages) == 0 {
		return false
	}
	m := &b.messages[len(b.messages)-1]
	if m.way != w || m.closed || n > m.size || m.count == maxSegments || b.used-m.from > maxRun || !b.wire.merges() || w.whole.Load() {
		return false
	}
	m.to = b.used
	m.count++
	m.closed = n < m.size
	return true
}

// Flush sends what waits and returns what became of all datagrams since the last Flush.
func (b *Batch) Flush() Counts {
	b.flush()
	c := b.counts
	b.counts = Counts{}
	return c
}

func (b *Batch) flush() {
	if len(b.messages) > 0 {
		b.wire.send(b.arena, b.messages, &b.counts)
	}
	b.empty()
}

func (b *Batch) empty() {
	clear(b.messages)
	b.messages, b.used, b.to = b.messages[:0], 0, nil
}

func (b *Batch) reset() {
	b.empty()
	b.counts = Counts{}
}

// plain is the wire over any net.PacketConn: one call for each datagram.
type plain struct{ conn net.PacketConn }

func (plain) merges() bool { return false }

func (p plain) send(arena []byte, messages []message, c *Counts) {
	for i := range messages {
		m := &messages[i]
		for at := m.from; at < m.to; at += m.size {
			c.Calls++
			if p.write(arena[at:min(at+m.size, m.to)], m.way) == nil {
				c.Sent++
			} else {
				c.Refused++
			}
		}
	}
}

func (p plain) write(datagram []byte, w *way) error {
	if udp, ok := p.conn.(*net.UDPConn); ok {
		_, err := udp.WriteToUDPAddrPort(datagram, w.addr)
		return err
	}
	_, err := p.conn.WriteTo(datagram, w.udp)
	return err
}
