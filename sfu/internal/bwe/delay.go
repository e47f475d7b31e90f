package bwe

import "time"

// usage is what the delay says of the path.
type usage uint8

const (
	normal usage = iota
	overuse
	underuse
)

const (
	// burst joins packets that left together into one group.
	burst = 5 * time.Millisecond
	// points is how many groups the line is laid through.
	points = 20
	// smoothing of the accumulated delay, gain of the slope and the limits of the threshold are those of
	// draft-ietf-rmcat-gcc-02, section 5, in the trendline form that browsers use.
	smoothing   = 0.9
	gain        = 4.0
	maxDeltas   = 60
	startLimit  = 12.5
	minLimit    = 6.0
	maxLimit    = 600.0
	limitUp     = 0.0087
	limitDown   = 0.039
	adaptRange  = 15.0
	overuseTime = 10.0 // ms
	silence     = 2 * time.Second
)

// group is a burst of packets.
type group struct {
	firstSent, lastSent time.Duration
	// transit is the shortest of its packets: how the rest queue behind the first is the burst's own doing.
	transit time.Duration
}

// gradient finds out whether the one-way delay grows: groups of packets, a line through their smoothed transits, and a
// threshold that learns how much the path jitters.
type gradient struct {
	current group
	open    bool

	deltas     int
	smoothed   float64
	x, y       [points]float64 // ms
	filled, at int
	origin     group

	limit      float64
	slope      float64
	over       float64 // ms
	overs      int
	lastUpdate time.Duration
	state      usage
}

// packet takes a packet that arrived, in the order in which they were sent; transit is arrival minus sending.
func (g *gradient) packet(sent, transit time.Duration) {
	switch {
	case !g.open:
		g.current, g.open = group{sent, sent, transit}, true
	case sent < g.current.firstSent:
		// overtaken on the way; its group is gone
	case sent-g.current.firstSent <= burst:
		g.current.lastSent = max(g.current.lastSent, sent)
		g.current.transit = min(g.current.transit, transit)
	default:
		g.update(sent - g.current.lastSent)
		g.current = group{sent, sent, transit}
	}
}

// update lays the line through the finished group too; between is the time to the next one.
func (g *gradient) update(between time.Duration) {
	c := g.current
	if g.deltas > 0 && between > silence {
		*g = gradient{limit: g.limit, open: true, current: c} // what lies that far apart is no gradient
	}
	y := ms(c.transit - g.origin.transit)
	if g.deltas == 0 {
		g.origin, y = c, 0
		g.smoothed = 0
	}
	g.deltas = min(g.deltas+1, maxDeltas)
	g.smoothed = smoothing*g.smoothed + (1-smoothing)*y
	g.x[g.at], g.y[g.at] = ms(c.firstSent-g.origin.firstSent), g.smoothed
	g.at = (g.at + 1) % points
	g.filled = min(g.filled+1, points)
	slope := g.slope
	if g.filled >= 4 {
		slope = g.fit(slope)
	}
	g.detect(slope, ms(between), c.lastSent)
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// fit is the slope of the least-squares line.
func (g *gradient) fit(fallback float64) float64 {
	var sx, sy float64
	for i := range g.filled {
		sx += g.x[i]
		sy += g.y[i]
	}
	mx, my := sx/float64(g.filled), sy/float64(g.filled)
	var num, den float64
	for i := range g.filled {
		num += (g.x[i] - mx) * (g.y[i] - my)
		den += (g.x[i] - mx) * (g.x[i] - mx)
	}
	if den == 0 {
		return fallback
	}
	return num / den
}

func (g *gradient) detect(slope, between float64, at time.Duration) {
	if g.limit == 0 {
		g.limit = startLimit
	}
	strength := float64(g.deltas) * slope * gain
	switch {
	case strength > g.limit:
		g.over += between
		g.overs++
		if g.over > overuseTime && g.overs > 1 && slope >= g.slope {
			g.over, g.overs = 0, 0
			g.state = overuse
		}
	case strength < -g.limit:
		g.over, g.overs = 0, 0
		g.state = underuse
	default:
		g.over, g.overs = 0, 0
		g.state = normal
	}
	g.slope = slope
	g.adapt(strength, at)
}

// adapt moves the threshold towards what the path does, slowly up and quickly down; a leap is no reason to learn.
func (g *gradient) adapt(strength float64, at time.Duration) {
	if g.lastUpdate == 0 {
		g.lastUpdate = at
	}
	size := max(strength, -strength)
	if size <= g.limit+adaptRange {
		k := limitDown
		if size > g.limit {
			k = limitUp
		}
		g.limit += k * (size - g.limit) * min(ms(at-g.lastUpdate), 100)
		g.limit = min(max(g.limit, minLimit), maxLimit)
	}
	g.lastUpdate = at
}
