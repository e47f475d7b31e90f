package port

import "sync/atomic"

// Drop says why a datagram went nowhere.
type Drop uint8

// The reasons.
const (
	// DropUnknown: none of the protocols that share the port.
	DropUnknown Drop = iota
	// DropTruncated: longer than any datagram of ours.
	DropTruncated
	// DropVirtual: from the network, with an address that only paths have.
	DropVirtual
	// DropStranger: from an address that has not proved itself by a connectivity check.
	DropStranger
	// DropQueue: the publish legs could not keep up.
	DropQueue
	// DropStrangerQueue: checks of strangers came faster than the publish legs took them.
	DropStrangerQueue
	// DropRead: the socket gave an error.
	DropRead
	// Drops is how many there are.
	Drops = int(iota)
)

var dropNames = [Drops]string{"unknown", "truncated", "virtual", "stranger", "queue", "stranger_queue", "read"}

// String gives the name for a metric's label.
func (d Drop) String() string {
	if int(d) < len(dropNames) {
		return dropNames[d]
	}
	return "unknown"
}

// counters are written by the reading goroutine and by Deliver.
type counters struct {
	received atomic.Uint64
	drops    [Drops]atomic.Uint64
}

func (c *counters) drop(d Drop) { c.drops[d].Add(1) }

// Stats is a snapshot; counts only grow.
type Stats struct {
	// Received is how many datagrams came, Dropped how many of them went nowhere, by [Drop].
	Received uint64
	Dropped  [Drops]uint64
}

// Stats sums the counters.
func (p *Port) Stats() Stats {
	s := Stats{Received: p.counters.received.Load()}
	for i := range p.counters.drops {
		s.Dropped[i] = p.counters.drops[i].Load()
	}
	return s
}
