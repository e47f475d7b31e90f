package loadgen

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// processorTime is how long a process has run so far, in user and kernel mode together: the clock of
// clock_getcpuclockid(3), whose number is made of the process's.
func processorTime(pid int) (time.Duration, error) {
	var t unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|2), &t); err != nil {
		return 0, fmt.Errorf("loadgen: processor time: %w", err)
	}
	return time.Duration(t.Nano()), nil
}

// residentBytes is how much memory a process holds.
func residentBytes(pid int) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0, err
	}
	var size, resident int64
	if _, err := fmt.Sscan(string(text), &size, &resident); err != nil {
		return 0, fmt.Errorf("loadgen: strange /proc statm: %w", err)
	}
	return resident * int64(os.Getpagesize()), nil
}

// startPinned starts a child on one processor, or anywhere for a negative number: it inherits the mask of the thread
// that forks.
func startPinned(cmd *exec.Cmd, cpu int) error {
	if cpu < 0 {
		return cmd.Start()
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	before, err := affinity(0)
	if err != nil {
		return err
	}
	if err := setAffinity(0, onlyCPU(cpu)); err != nil {
		return err
	}
	return errors.Join(cmd.Start(), setAffinity(0, before))
}

// pinSelf moves every thread of this process to one processor; threads made later inherit it.
func pinSelf(cpu int) error {
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return err
	}
	for _, t := range threads {
		id, err := strconv.Atoi(t.Name())
		if err != nil {
			return err
		}
		if err := setAffinity(id, onlyCPU(cpu)); err != nil && !errors.Is(err, syscall.ESRCH) {
			return err
		}
	}
	return nil
}

// cpuMask has a bit for each of 1,024 processors, as the kernel's cpu_set_t.
type cpuMask [16]uint64

func onlyCPU(n int) (m cpuMask) {
	m[n/64] = 1 << (n % 64)
	return m
}

func affinity(thread int) (m cpuMask, err error) {
	_, _, errno := syscall.RawSyscall(syscall.SYS_SCHED_GETAFFINITY, uintptr(thread), unsafe.Sizeof(m), uintptr(unsafe.Pointer(&m)))
	if errno != 0 {
		return m, errno
	}
	return m, nil
}

func setAffinity(thread int, m cpuMask) error {
	_, _, errno := syscall.RawSyscall(syscall.SYS_SCHED_SETAFFINITY, uintptr(thread), unsafe.Sizeof(m), uintptr(unsafe.Pointer(&m)))
	if errno != 0 {
		return errno
	}
	return nil
}
