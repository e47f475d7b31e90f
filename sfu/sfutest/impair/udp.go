package impair

import (
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

const maxDatagram = 65535

// udpDoor listens for clients; each client address is a flow with a socket of its own towards the server.
type udpDoor struct {
	link   *Link
	conn   *net.UDPConn
	server *net.UDPAddr
	once   sync.Once
	wait   sync.WaitGroup

	mu     sync.Mutex
	flows  map[netip.AddrPort]*udpFlow
	closed bool
}

// udpFlow is one client. up is used by the door's reader only, down by the upstream's reader.
type udpFlow struct {
	door     *udpDoor
	client   netip.AddrPort
	up, down dice
	downMu   sync.Mutex // two upstream readers overlap for a moment while rebinding
	upstream atomic.Pointer[net.UDPConn]
	orphan   atomic.Bool
}

// UDP opens a door: what clients send to the address it returns goes on to the server and back. listen is a host and
// port, "127.0.0.1:0" for a free one.
func (l *Link) UDP(listen, server string) (netip.AddrPort, error) {
	to, err := net.ResolveUDPAddr("udp", server)
	if err != nil {
		return netip.AddrPort{}, err
	}
	at, err := net.ResolveUDPAddr("udp", listen)
	if err != nil {
		return netip.AddrPort{}, err
	}
	conn, err := net.ListenUDP("udp", at)
	if err != nil {
		return netip.AddrPort{}, err
	}
	_ = conn.SetReadBuffer(4 << 20) // the kernel caps it at its own limit
	d := &udpDoor{link: l, conn: conn, server: to, flows: map[netip.AddrPort]*udpFlow{}}
	if !l.adopt(d, func() { l.udp = append(l.udp, d) }) {
		_ = conn.Close()
		return netip.AddrPort{}, ErrClosed
	}
	d.wait.Go(d.read)
	return conn.LocalAddr().(*net.UDPAddr).AddrPort(), nil
}

func (d *udpDoor) read() {
	buf := make([]byte, maxDatagram)
	for {
		n, from, err := d.conn.ReadFromUDPAddrPort(buf)
		if err != nil {
			if d.isClosed() {
				return
			}
			continue // a client that is gone answers with ICMP
		}
		now := time.Now()
		f := d.flow(netip.AddrPortFrom(from.Addr().Unmap(), from.Port()))
		if f == nil {
			continue
		}
		if f.orphan.Load() || d.link.blockedUntil("udp") != nil {
			d.link.up.swallow()
			continue
		}
		d.link.up.offer(&f.up, append([]byte(nil), buf[:n]...), now, f.send)
	}
}

func (d *udpDoor) isClosed() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.closed
}

// flow finds a client's flow or begins it; nil when the door is closed or no socket is left.
func (d *udpDoor) flow(client netip.AddrPort) *udpFlow {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil
	}
	if f := d.flows[client]; f != nil {
		return f
	}
	f := &udpFlow{door: d, client: client}
	f.up, f.down = d.link.nextFlow()
	if d.connectLocked(f) != nil {
		return nil
	}
	d.flows[client] = f
	return f
}

// connectLocked gives a flow a new socket towards the server.
func (d *udpDoor) connectLocked(f *udpFlow) error {
	conn, err := net.DialUDP("udp", nil, d.server)
	if err != nil {
		return err
	}
	_ = conn.SetReadBuffer(4 << 20)
	if old := f.upstream.Swap(conn); old != nil {
		_ = old.Close()
	}
	d.wait.Go(func() { f.read(conn) })
	return nil
}

// send hands a datagram to the server.
func (f *udpFlow) send(data []byte) {
	_, _ = f.upstream.Load().Write(data) // a full or closed socket loses it, as any network may
}

// read brings back what the server sends, until the socket is closed.
func (f *udpFlow) read(conn *net.UDPConn) {
	buf := make([]byte, maxDatagram)
	back := func(data []byte) { _, _ = f.door.conn.WriteToUDPAddrPort(data, f.client) }
	for {
		n, err := conn.Read(buf)
		if err != nil {
			if f.upstream.Load() != conn || f.door.isClosed() {
				return
			}
			continue // the server's port is closed for now
		}
		now := time.Now()
		if f.orphan.Load() || f.door.link.blockedUntil("udp") != nil {
			f.door.link.down.swallow()
			continue
		}
		f.downMu.Lock()
		f.door.link.down.offer(&f.down, append([]byte(nil), buf[:n]...), now, back)
		f.downMu.Unlock()
	}
}

func (d *udpDoor) rebind() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return ErrClosed
	}
	for _, f := range d.flows {
		if f.orphan.Load() {
			continue
		}
		if err := d.connectLocked(f); err != nil {
			return err
		}
	}
	return nil
}

func (d *udpDoor) orphan() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, f := range d.flows {
		f.orphan.Store(true)
	}
}

// Close ends the door and waits for its readers.
func (d *udpDoor) Close() error {
	var err error
	d.once.Do(func() {
		d.mu.Lock()
		d.closed = true
		for _, f := range d.flows {
			_ = f.upstream.Load().Close()
		}
		d.mu.Unlock()
		err = d.conn.Close()
	})
	d.wait.Wait()
	return err
}
