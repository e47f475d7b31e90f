package signin

// Keys is how much the throttle remembers.
func (t *Throttle) Keys() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.keys)
}
