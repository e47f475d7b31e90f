package layersel

// Layer is what is known of one received encoding.
type Layer struct {
	// Alive: packets came within the last few hundred milliseconds.
	Alive bool
	// Height is the real height, 0 when unknown.
	Height int
}

// Choice is what a subscriber asks of a source.
type Choice struct {
	// Height wanted; 0 wants nothing.
	Height int
	// Limit is the tallest picture that may be sent, 0 for none.
	Limit int
	// Current is the layer that was chosen last, -1 for none.
	Current int
}

// fallback is the assumed height of a top layer whose size nobody told.
const fallback = 720

// Heights fills in unknown heights by the ratios 1/4, 1/2 and 1 of whichever height is known.
func Heights(layers []Layer) (out [3]int) {
	n := min(len(layers), len(out))
	top := 0
	for i := n - 1; i >= 0; i-- {
		if layers[i].Height > 0 {
			top = layers[i].Height << (n - 1 - i)
			break
		}
	}
	if top == 0 {
		top = fallback
	}
	for i := range n {
		if out[i] = layers[i].Height; out[i] == 0 {
			out[i] = top >> (n - 1 - i)
		}
	}
	return out
}

// Choose gives the smallest living layer that is not noticeably smaller than asked, else the tallest living one; -1
// when nothing is wanted, nothing may be sent, or nothing is known. When no layer lives, the current choice stays.
// A current layer that fits stays until the wanted height moved by a tenth beyond the border between two layers.
func Choose(c Choice, layers []Layer) int {
	if c.Height == 0 {
		return -1
	}
	heights := Heights(layers)
	best := -1
	alive := false
	for i := range min(len(layers), len(heights)) {
		if !layers[i].Alive {
			continue
		}
		alive = true
		if c.Limit > 0 && heights[i] > c.Limit {
			continue
		}
		if best >= 0 && heights[best] >= border(c, best, i) {
			break
		}
		best = i
	}
	if !alive && c.Current >= 0 && c.Current < len(layers) {
		return c.Current
	}
	return best
}

// border is the height that layer low must reach for layer high to be unnecessary: a picture may be scaled up by a
// fifth without harm, by a tenth more or less when that keeps the current layer.
func border(c Choice, low, high int) int {
	b := c.Height * 5 / 6
	switch {
	case c.Current >= high:
		return b + b/10
	case c.Current >= 0 && c.Current <= low:
		return b - b/10
	}
	return b
}
