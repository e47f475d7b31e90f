package impair

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// piece is how much of a stream travels together: what fits a segment.
	piece = 1400
	// window is how much of a stream may be under way in one direction.
	window = 64 << 10
	// minRTO is the least time after which a lost segment comes again (RFC 6298 has 1 s; stacks use 200 ms).
	minRTO = 200 * time.Millisecond
)

// tcpDoor accepts connections and makes one towards the server for each. Loss becomes what it becomes in TCP: a pause
// in which everything behind waits.
type tcpDoor struct {
	link     *Link
	listener *net.TCPListener
	server   string
	once     sync.Once
	wait     sync.WaitGroup

	mu     sync.Mutex
	pairs  map[*tcpPair]struct{}
	closed bool
}

// tcpPair is one connection through the door.
type tcpPair struct {
	client, server *net.TCPConn
	stop           chan struct{}
	once           sync.Once
	orphan         atomic.Bool
}

// stream is one direction of a pair.
type stream struct {
	link *Link
	lane *lane
	dice dice
	pair *tcpPair
	last time.Time

	mu      sync.Mutex
	changed *sync.Cond
	ready   [][]byte
	onWay   int
	closed  bool
}

// TCP opens a door for streams; see [Link.UDP].
func (l *Link) TCP(listen, server string) (netip.AddrPort, error) {
	at, err := net.ResolveTCPAddr("tcp", listen)
	if err != nil {
		return netip.AddrPort{}, err
	}
	listener, err := net.ListenTCP("tcp", at)
	if err != nil {
		return netip.AddrPort{}, err
	}
	d := &tcpDoor{link: l, listener: listener, server: server, pairs: map[*tcpPair]struct{}{}}
	if !l.adopt(d, func() { l.tcp = append(l.tcp, d) }) {
		_ = listener.Close()
		return netip.AddrPort{}, ErrClosed
	}
	d.wait.Go(d.accept)
	ip, port := addrOf(listener.Addr())
	addr, _ := netip.AddrFromSlice(ip)
	return netip.AddrPortFrom(addr.Unmap(), uint16(port)), nil
}

func (d *tcpDoor) accept() {
	for {
		conn, err := d.listener.AcceptTCP()
		if err != nil {
			return
		}
		d.wait.Go(func() { d.carry(conn) })
	}
}

// carry serves one connection until either side ends it. A closed door accepts and then stays silent, which to a client
// is what a firewall that drops packets looks like soon after.
func (d *tcpDoor) carry(client *net.TCPConn) {
	pair := &tcpPair{client: client, stop: make(chan struct{})}
	if !d.add(pair) {
		_ = client.Close()
		return
	}
	defer d.remove(pair)
	for changed := d.link.blockedUntil("tcp"); changed != nil; changed = d.link.blockedUntil("tcp") {
		select {
		case <-changed:
		case <-pair.stop:
			return
		}
	}
	server, err := net.Dial("tcp", d.server)
	if err != nil {
		return
	}
	d.mu.Lock()
	pair.server = server.(*net.TCPConn)
	d.mu.Unlock()
	_ = client.SetNoDelay(true)
	_ = pair.server.SetNoDelay(true)
	upDice, downDice := d.link.nextFlow()
	up := &stream{link: d.link, lane: d.link.up, dice: upDice, pair: pair}
	down := &stream{link: d.link, lane: d.link.down, dice: downDice, pair: pair}
	var wait sync.WaitGroup
	defer wait.Wait() // after remove has closed the connections
	defer d.remove(pair)
	defer up.end()
	defer down.end()
	for _, s := range []struct {
		*stream
		from, to *net.TCPConn
	}{{up, client, pair.server}, {down, pair.server, client}} {
		s.changed = sync.NewCond(&s.mu)
		wait.Go(func() { s.write(s.to) })
		wait.Go(func() { s.read(s.from) })
	}
	<-pair.stop
}

// read takes pieces off a connection and puts them on the lane; a full window makes the sender wait.
func (s *stream) read(from *net.TCPConn) {
	for {
		buf := make([]byte, piece)
		n, err := from.Read(buf)
		if n > 0 && !s.put(buf[:n]) {
			return
		}
		if err != nil {
			s.finish()
			return
		}
	}
}

// put waits out a black hole, then takes the piece as if it were sent now.
func (s *stream) put(data []byte) bool {
	for {
		changed := s.link.blockedUntil("tcp")
		s.lane.mu.Lock()
		if changed == nil && !s.lane.shape.Blackhole && !s.pair.orphan.Load() {
			break
		}
		if changed == nil {
			changed = s.lane.lifted
		}
		s.lane.mu.Unlock()
		select {
		case <-changed:
		case <-s.pair.stop:
			return false
		}
	}
	s.lane.count.Offered++
	p := parcel{data: data, arrived: time.Now(), stream: s, to: s.arrive}
	if s.dice.next(&s.lane.shape).lost {
		s.lane.count.Lost++
		s.last = later(s.last, p.arrived.Add(max(minRTO, 2*s.lane.shape.Delay)))
	}
	s.lane.appendLocked(p)
	s.lane.mu.Unlock()
	s.lane.poke()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onWay += len(data)
	for s.onWay > window && !s.closed {
		s.changed.Wait()
	}
	return !s.closed
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// after keeps the stream's order; the lane holds its lock.
func (s *stream) after(due time.Time) time.Time {
	s.last = later(s.last, due)
	return s.last
}

// arrive runs on the lane's goroutine.
func (s *stream) arrive(data []byte) {
	s.mu.Lock()
	s.ready = append(s.ready, data)
	s.changed.Broadcast()
	s.mu.Unlock()
}

// finish passes the end of a stream on, once all of it has arrived.
func (s *stream) finish() {
	s.mu.Lock()
	for s.onWay > 0 && !s.closed {
		s.changed.Wait()
	}
	s.mu.Unlock()
	s.pair.end()
}

func (s *stream) write(to *net.TCPConn) {
	for {
		s.mu.Lock()
		for len(s.ready) == 0 && !s.closed {
			s.changed.Wait()
		}
		ready := s.ready
		s.ready = nil
		closed := s.closed
		s.mu.Unlock()
		if closed {
			return
		}
		for _, data := range ready {
			if _, err := to.Write(data); err != nil {
				s.pair.end()
				return
			}
			s.mu.Lock()
			s.onWay -= len(data)
			s.changed.Broadcast()
			s.mu.Unlock()
		}
	}
}

func (s *stream) end() {
	s.mu.Lock()
	s.closed = true
	s.changed.Broadcast()
	s.mu.Unlock()
}

func (p *tcpPair) end() { p.once.Do(func() { close(p.stop) }) }

func (d *tcpDoor) add(p *tcpPair) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return false
	}
	d.pairs[p] = struct{}{}
	return true
}

// remove closes both connections, so that their readers end.
func (d *tcpDoor) remove(p *tcpPair) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.pairs, p)
	_ = p.client.Close()
	if p.server != nil {
		_ = p.server.Close()
	}
}

func (d *tcpDoor) each(f func(*tcpPair)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for p := range d.pairs {
		f(p)
	}
}

// reset breaks all connections, visibly to both sides.
func (d *tcpDoor) reset() {
	d.each(func(p *tcpPair) {
		_ = p.client.SetLinger(0)
		if p.server != nil {
			_ = p.server.SetLinger(0)
		}
		p.end()
	})
}

func (d *tcpDoor) orphan() { d.each(func(p *tcpPair) { p.orphan.Store(true) }) }

// Close ends the door and waits for its connections.
func (d *tcpDoor) Close() error {
	var err error
	d.once.Do(func() {
		d.mu.Lock()
		d.closed = true
		d.mu.Unlock()
		if cause := d.listener.Close(); !errors.Is(cause, net.ErrClosed) {
			err = cause
		}
		d.each(func(p *tcpPair) { p.end() })
	})
	d.wait.Wait()
	return err
}
