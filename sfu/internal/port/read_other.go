//go:build !linux

package port

func (p *Port) readUDP() {
	buf := make([]byte, maxDatagram+1)
	for {
		n, from, err := p.udp.ReadFromUDPAddrPort(buf)
		if err != nil {
			if !p.rest() {
				return
			}
			continue
		}
		p.arrived(from, buf[:n])
	}
}
