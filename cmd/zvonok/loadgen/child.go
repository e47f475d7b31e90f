package loadgen

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"runtime/pprof"
	"sync"
	"sync/atomic"
	"time"

	"github.com/zvonok/zvonok/sfu"
	"github.com/zvonok/zvonok/sfu/floor"
	"github.com/zvonok/zvonok/sfu/media"
)

// request asks the child for one thing; Op is join, publish, subscribe, view, stats, floor, profile or leave.
type request struct {
	ID    uint64              `json:"id"`
	Op    string              `json:"op"`
	Who   media.ParticipantID `json:"who,omitempty"`
	SDP   string              `json:"sdp,omitempty"`
	Slots []media.SlotKind    `json:"slots,omitempty"`
	View  *sfu.View           `json:"view,omitempty"`
	// To and Bursts are of floor: whom to send what. File and End are of profile: where to write, and that it ends.
	To     []netip.AddrPort `json:"to,omitempty"`
	Bursts []floor.Burst    `json:"bursts,omitempty"`
	File   string           `json:"file,omitempty"`
	End    bool             `json:"end,omitempty"`
}

// reply answers the request of the same ID.
type reply struct {
	ID    uint64     `json:"id"`
	SDP   string     `json:"sdp,omitempty"`
	Error string     `json:"error,omitempty"`
	Stats *sfu.Stats `json:"stats,omitempty"`
	// Mallocs are the allocations of the server's process so far.
	Mallocs uint64        `json:"mallocs,omitempty"`
	Floor   *floor.Result `json:"floor,omitempty"`
}

// maxLine bounds one line between parent and child: the largest offer is far below.
const maxLine = 1 << 20

// serving is a server under test, driven by lines of JSON.
type serving interface {
	// member does join, publish, subscribe, view or leave; the answer to a description is another.
	member(ctx context.Context, req request) (sdp string, err error)
	stats() sfu.Stats
	close() error
}

// newServing makes the server of a kind of its own: plain, or ours, with a tap or without.
func newServing(kind string) (serving, error) {
	switch kind {
	case hallOurs, hallTapped:
		return newHall(kind == hallTapped)
	case hallPlain:
		return newPlain()
	}
	return nil, fmt.Errorf("loadgen: no server %q", kind)
}

// The kinds of a hall.
const hallOurs, hallTapped, hallPlain = "ours", "tapped", "plain"

// hall is the child's side: a media server with one room.
type hall struct {
	server *sfu.Server
	room   *sfu.Room

	mu      sync.Mutex
	members map[media.ParticipantID]sfu.Member
}

func newHall(tap bool) (*hall, error) {
	server, err := sfu.NewServer(sfu.Config{Listen: "127.0.0.1:0"})
	if err != nil {
		return nil, err
	}
	room, err := server.OpenRoom("lecture", quiet{})
	if err != nil {
		return nil, errors.Join(err, server.Close())
	}
	if tap {
		room.SetTap(&tapped{})
	}
	return &hall{server: server, room: room, members: map[media.ParticipantID]sfu.Member{}}, nil
}

func (h *hall) stats() sfu.Stats { return h.server.Stats() }

func (h *hall) close() error { return h.server.Close() }

// serveHall runs the server under test until stdin ends.
func serveHall(kind string, in io.Reader, out io.Writer) error {
	h, err := newServing(kind)
	if err != nil {
		return err
	}
	defer func() { _ = h.close() }()
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxLine)
	var (
		wait    sync.WaitGroup
		writing sync.Mutex
		encode  = json.NewEncoder(out)
	)
	for lines.Scan() {
		var req request
		if err := json.Unmarshal(lines.Bytes(), &req); err != nil {
			return fmt.Errorf("loadgen: request: %w", err)
		}
		wait.Go(func() {
			answer := do(h, req)
			answer.ID = req.ID
			writing.Lock()
			defer writing.Unlock()
			// A parent that is gone needs no answer: stdin ends next.
			_ = encode.Encode(answer)
		})
	}
	wait.Wait()
	return lines.Err()
}

func do(h serving, req request) reply {
	switch req.Op {
	case "stats":
		s := h.stats()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return reply{Stats: &s, Mallocs: m.Mallocs}
	case "floor":
		return measureFloor(req)
	case "profile":
		return profile(req.File, req.End)
	}
	sdp, err := h.member(context.Background(), req)
	if err != nil {
		return reply{Error: err.Error()}
	}
	return reply{SDP: sdp}
}

// measureFloor seals and sends only; see the package floor.
func measureFloor(req request) reply {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return reply{Error: err.Error()}
	}
	defer func() { _ = conn.Close() }()
	r, err := floor.Run(conn, req.To, req.Bursts, func() (time.Duration, error) { return processorTime(os.Getpid()) })
	if err != nil {
		return reply{Error: err.Error()}
	}
	return reply{Floor: &r}
}

// profile begins a profile of the processor, or ends it and writes one of the memory beside it.
func profile(path string, end bool) reply {
	if end {
		pprof.StopCPUProfile()
		file, err := os.Create(path + ".heap")
		if err == nil {
			err = errors.Join(pprof.Lookup("heap").WriteTo(file, 0), file.Close())
		}
		if err != nil {
			return reply{Error: err.Error()}
		}
		return reply{}
	}
	file, err := os.Create(path)
	if err == nil {
		err = pprof.StartCPUProfile(file)
	}
	if err != nil {
		return reply{Error: err.Error()}
	}
	return reply{}
}

func (h *hall) member(ctx context.Context, req request) (sdp string, err error) {
	if req.Op == "join" {
		m, err := h.room.Join(ctx, req.Who, sfu.Capabilities{
			Decode: []sfu.Decoder{{Codec: media.H264}}, Encode: []media.Codec{media.H264},
		})
		if err != nil {
			return "", err
		}
		h.mu.Lock()
		h.members[req.Who] = m
		h.mu.Unlock()
		return "", nil
	}
	h.mu.Lock()
	m := h.members[req.Who]
	h.mu.Unlock()
	if m == nil {
		return "", fmt.Errorf("loadgen: %s is not inside", req.Who)
	}
	switch req.Op {
	case "publish":
		m.SetSource(media.Microphone, true)
		m.SetSource(media.Camera, true)
		return m.Publish(ctx, sfu.Publication{Offer: req.SDP, Allowed: [media.Sources]bool{media.Microphone: true, media.Camera: true}})
	case "subscribe":
		return m.Subscribe(ctx, sfu.Subscription{Offer: req.SDP, Slots: req.Slots})
	case "view":
		m.SetView(*req.View)
	case "leave":
		m.Leave()
	default:
		return "", fmt.Errorf("loadgen: no operation %q", req.Op)
	}
	return "", nil
}

// quiet listens to a room and does nothing: nobody signals here.
type quiet struct{}

func (quiet) SlotsChanged(media.ParticipantID, []sfu.Occupant)           {}
func (quiet) SpeakersChanged(media.ParticipantID, []media.ParticipantID) {}
func (quiet) LegChanged(media.ParticipantID, sfu.Leg, sfu.LegState)      {}
func (quiet) CodecChanged(media.Codec)                                   {}

// child is the parent's side.
type child struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
	next  atomic.Uint64
	done  chan struct{}

	mu      sync.Mutex
	waiting map[uint64]chan reply
}

// startChild runs this same program as the server under test, on one processor of its own when pin is 0 or more.
func startChild(kind string, pin int, stderr io.Writer) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &child{cmd: exec.Command(self, "loadgen", "--hall", kind), done: make(chan struct{}), waiting: map[uint64]chan reply{}}
	c.cmd.Stderr = stderr
	if c.stdin, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	stdout, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := startPinned(c.cmd, pin); err != nil {
		return nil, err
	}
	go c.read(stdout)
	return c, nil
}

func (c *child) read(stdout io.Reader) {
	defer close(c.done)
	lines := bufio.NewScanner(stdout)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		var r reply
		if json.Unmarshal(lines.Bytes(), &r) != nil {
			continue
		}
		c.mu.Lock()
		answer := c.waiting[r.ID]
		delete(c.waiting, r.ID)
		c.mu.Unlock()
		if answer != nil {
			answer <- r // has room for one
		}
	}
}

// ask sends a request and waits for its answer or the child's end.
func (c *child) ask(req request) (reply, error) {
	req.ID = c.next.Add(1)
	answer := make(chan reply, 1)
	line, err := json.Marshal(req)
	if err != nil {
		return reply{}, err
	}
	c.mu.Lock()
	c.waiting[req.ID] = answer
	_, err = c.stdin.Write(append(line, '\n'))
	c.mu.Unlock()
	if err != nil {
		return reply{}, err
	}
	select {
	case r := <-answer:
		if r.Error != "" {
			return r, fmt.Errorf("loadgen: %s: %s", req.Op, r.Error)
		}
		return r, nil
	case <-c.done:
		return reply{}, fmt.Errorf("loadgen: the server ended before answering %s", req.Op)
	}
}

// close ends the child and waits for it.
func (c *child) close() error {
	_ = c.stdin.Close()
	<-c.done
	return c.cmd.Wait()
}
