package loadgen

import (
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/zvonok/zvonok/sfu"
)

// result is what a run gave.
type result struct {
	Joined   int
	JoinTime time.Duration
	Window   time.Duration
	// Received, Lost and Foreign (without a stamp, though decrypted) are the listeners' counts.
	Received, Lost, Foreign uint64
	// Forwarded is what the server says it sent; Calls the system calls for it, Mallocs its process's allocations.
	Forwarded, Calls, Mallocs uint64
	ServerCPU, OwnCPU         time.Duration
	// Picture and Sound are the sampled listeners' latencies, sorted.
	Picture, Sound []time.Duration
	KeyRequests    uint64
	// EmptyBytes and FullBytes are the server's memory with publishers alone and at the end.
	EmptyBytes, FullBytes int64
	// Floor is the processor time of a packet that is only sealed and sent, 0 when it was not measured.
	Floor time.Duration
	Drops [sfu.DropReasons]uint64
}

// perPacket is the server's processor time for each packet that reached a listener.
func (r *result) perPacket() time.Duration {
	if r.Received == 0 {
		return 0
	}
	return r.ServerCPU / time.Duration(r.Received)
}

// loss is in per cent.
func (r *result) loss() float64 {
	if r.Received+r.Lost == 0 {
		return 0
	}
	return 100 * float64(r.Lost) / float64(r.Received+r.Lost)
}

// gather takes the listeners' counts, after their sockets have closed.
func (r *result) gather(listeners []*listener) {
	for _, l := range listeners {
		r.Received += l.tally.received
		r.Lost += l.tally.lost
		r.Foreign += l.tally.foreign
		r.Picture = append(r.Picture, l.tally.picture...)
		r.Sound = append(r.Sound, l.tally.sound...)
	}
	slices.Sort(r.Picture)
	slices.Sort(r.Sound)
}

// percentile of sorted durations; p from 0 to 1.
func percentile(sorted []time.Duration, p float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(len(sorted)-1, int(p*float64(len(sorted))))]
}

const mebi = 1 << 20

func (r *result) print(out io.Writer) {
	seconds := r.Window.Seconds()
	us := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }
	latency := func(sorted []time.Duration) string {
		ms := func(p float64) float64 { return us(percentile(sorted, p)) / 1000 }
		return fmt.Sprintf("p50 %.1f ms, p95 %.1f ms, p99 %.1f ms, max %.1f ms", ms(0.5), ms(0.95), ms(0.99), ms(1))
	}
	fmt.Fprintf(out, "listeners          %d, joined in %.1f s (%.1f joins/s, each until its first picture)\n",
		r.Joined, r.JoinTime.Seconds(), float64(r.Joined)/r.JoinTime.Seconds())
	fmt.Fprintf(out, "packets            %.0f/s forwarded, %.0f/s received\n", float64(r.Forwarded)/seconds, float64(r.Received)/seconds)
	fmt.Fprintf(out, "loss               %.4f %% (%d packets), %d without a stamp\n", r.loss(), r.Lost, r.Foreign)
	fmt.Fprintf(out, "latency, picture   %s\n", latency(r.Picture))
	fmt.Fprintf(out, "latency, sound     %s\n", latency(r.Sound))
	fmt.Fprintf(out, "server             %.1f %% of a processor, %.2f us per packet that reached a listener\n",
		100*r.ServerCPU.Seconds()/seconds, us(r.perPacket()))
	if r.Floor > 0 {
		fmt.Fprintf(out, "floor              %.2f us per packet that is only sealed and sent; the server takes %.2f times that\n",
			us(r.Floor), float64(r.perPacket())/float64(r.Floor))
	}
	if r.Received > 0 {
		fmt.Fprintf(out, "per packet         %.3f system calls to send, %.4f allocations\n",
			float64(r.Calls)/float64(r.Received), float64(r.Mallocs)/float64(r.Received))
	}
	if r.Joined > 0 {
		fmt.Fprintf(out, "memory             %.1f MiB before, %.1f MiB at the end: %.3f MiB for each listener\n",
			float64(r.EmptyBytes)/mebi, float64(r.FullBytes)/mebi, float64(r.FullBytes-r.EmptyBytes)/mebi/float64(r.Joined))
	}
	fmt.Fprintf(out, "generator          %.1f %% of a processor\n", 100*r.OwnCPU.Seconds()/seconds)
	fmt.Fprintf(out, "keyframe requests  %d\n", r.KeyRequests)
	for i, n := range r.Drops {
		if n > 0 {
			fmt.Fprintf(out, "dropped            %d %s\n", n, sfu.DropReason(i))
		}
	}
}
