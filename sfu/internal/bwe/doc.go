// Package bwe estimates how much one subscriber's path carries, from the transport-wide feedback that the subscriber
// sends about what it was sent.
//
// It owns the arithmetic of one path: a history of sent packets, the delay gradient, the loss, the acknowledged rate,
// the rate control and the probes. One goroutine uses an [Estimator]; there is no clock, no goroutine and, once the
// history exists, no allocation. It imports sfu/media and Pion's rtcp only. Moments are durations since an origin that all callers
// share, rates are bit/s, sizes are bytes as the wire carries them (IP and UDP included).
package bwe
