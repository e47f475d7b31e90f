package cluster

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	// gentle is how long the server may take to stop after SIGINT (fast shutdown: it ends transactions and writes a
	// checkpoint), brisk after SIGQUIT (immediate: the next start recovers from the log).
	gentle = 20 * time.Second
	brisk  = 5 * time.Second
	// tries is how often a server that was never ready is started before Start gives up: processes of a killed server can
	// hold its shared memory for a moment.
	tries = 5
	// firstPause and longestPause lie between two starts.
	firstPause   = 200 * time.Millisecond
	longestPause = 10 * time.Second
)

// run owns the server process until Close.
func (c *Cluster) run() {
	defer close(c.done)
	// The server is asked to stop when the thread that started it ends (prctl(2), PR_SET_PDEATHSIG), that is when Zvonok
	// is killed. So the thread has to stay.
	runtime.LockOSThread()
	pause, failures := firstPause, 0
	for {
		started := time.Now()
		err := c.runOnce()
		if err == nil {
			return // Close asked for it
		}
		if time.Since(started) > time.Minute {
			pause, failures = firstPause, 0
		}
		failures++
		c.log.Error("the database server ended by itself", "err", err, "log", c.output.path)
		if failures == tries {
			select {
			case c.dead <- fmt.Errorf("%w: %w (see %s): %s", ErrStart, err, c.output.path, c.output.tail()):
			default: // nobody waits for the first start any more
			}
		}
		select {
		case <-c.stop:
			return
		case <-time.After(pause):
			pause = min(2*pause, longestPause)
		}
	}
}

// runOnce starts the server and waits for its end; nil: Close asked for it.
func (c *Cluster) runOnce() error {
	cmd := exec.Command(c.programs.path("postgres"), "-D", c.data)
	cmd.Dir = c.data
	cmd.Env = c.programs.environment()
	cmd.Stdout, cmd.Stderr = c.output, c.output
	cmd.WaitDelay = brisk
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Credential: c.user.credential(),
		Pdeathsig:  syscall.SIGINT,
		// A Ctrl-C in the terminal is for Zvonok, which still has to write.
		Setpgid: true,
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }() // joined below on every path
	select {
	case err := <-ended:
		if err == nil {
			err = errors.New("it was told to stop by somebody else")
		}
		return err
	case <-c.stop:
	}
	for _, s := range []struct {
		signal  syscall.Signal
		patient time.Duration
	}{{syscall.SIGINT, gentle}, {syscall.SIGQUIT, brisk}} {
		if err := cmd.Process.Signal(s.signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
			c.log.Error("stopping the database server", "err", err)
		}
		select {
		case <-ended:
			return nil
		case <-time.After(s.patient):
			c.log.Warn("the database server takes long to stop", "after", s.patient)
		}
	}
	if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		c.log.Error("killing the database server", "err", err)
	}
	<-ended
	return nil
}

// evict stops a server that a killed Zvonok left on our data, and clears the traces of one that is gone. The folder's lock
// is ours, so no living Zvonok wants it.
func (c *Cluster) evict(ctx context.Context) error {
	pidFile := filepath.Join(c.data, "postmaster.pid")
	text, err := os.ReadFile(pidFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrFolder, err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err == nil && pid > 1 && c.serves(pid) {
		c.log.Info("stopping the database server that a killed process left behind", "pid", pid)
		if err := c.stopOrphan(ctx, pid); err != nil {
			return err
		}
	}
	// The server would refuse to start if another process had got the old number meanwhile, as in a restarted container.
	if err := os.Remove(pidFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %w", ErrFolder, err)
	}
	lock := filepath.Join(c.socket, ".s.PGSQL."+c.port()+".lock")
	if err := os.Remove(lock); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %w", ErrFolder, err)
	}
	return nil
}

// serves says whether the process is a server on our data: a server works in its data folder.
func (c *Cluster) serves(pid int) bool {
	at, err := os.Readlink("/proc/" + strconv.Itoa(pid) + "/cwd")
	if err != nil {
		return false
	}
	real, err := filepath.EvalSymlinks(c.data)
	return err == nil && at == real
}

func (c *Cluster) stopOrphan(ctx context.Context, pid int) error {
	for _, s := range []struct {
		signal  syscall.Signal
		patient time.Duration
	}{{syscall.SIGINT, gentle}, {syscall.SIGQUIT, brisk}} {
		if err := syscall.Kill(pid, s.signal); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("cluster: stop process %d: %w", pid, err)
		}
		gone, err := c.waitGone(ctx, pid, s.patient)
		if gone || err != nil {
			return err
		}
	}
	return fmt.Errorf("%w: process %d on %s does not stop", ErrInUse, pid, c.data)
}

// waitGone watches a process that is not our child.
func (c *Cluster) waitGone(ctx context.Context, pid int, patient time.Duration) (bool, error) {
	poll := time.NewTicker(readyPoll)
	defer poll.Stop()
	deadline := time.After(patient)
	for c.serves(pid) {
		select {
		case <-ctx.Done():
			return false, fmt.Errorf("cluster: waiting for process %d: %w", pid, ctx.Err())
		case <-deadline:
			return false, nil
		case <-poll.C:
		}
	}
	return true, nil
}
