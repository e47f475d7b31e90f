//go:build !linux

package egress

func withoutSegments(w wire) wire { return w }
