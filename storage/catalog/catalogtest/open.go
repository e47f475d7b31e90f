package catalogtest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/zvonok/zvonok/storage/catalog"
	"github.com/zvonok/zvonok/storage/catalog/internal/cluster"
)

// startTime bounds the start of the cluster on a busy machine.
const startTime = 2 * time.Minute

const template = "zvonok_template"

// Open gives an empty, migrated catalog in a database of its own, closed and dropped when the test ends. Without
// PostgreSQL's programs the test fails: `make tools` brings them.
func Open(t testing.TB) *catalog.Catalog {
	t.Helper()
	c, err := catalog.Open(t.Context(), catalog.Config{URL: URL(t), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatalf("open catalog: %v", err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Errorf("close catalog: %v", err)
		}
	})
	return c
}

var databases atomic.Int64

// URL makes a database for the test and gives its superuser's connection URL, for [catalog.Config] or for looking past
// the fences. The database is dropped when the test ends.
func URL(t testing.TB) string {
	t.Helper()
	server, err := start()
	if err != nil {
		t.Fatalf("no PostgreSQL for tests (run `make tools`): %v", err)
	}
	name := "test_" + strconv.FormatInt(databases.Add(1), 10)
	if err := run(server, "create database "+name+" template "+template); err != nil {
		t.Fatalf("create database: %v", err)
	}
	t.Cleanup(func() {
		if err := run(server, "drop database "+name+" with (force)"); err != nil {
			t.Errorf("drop database: %v", err)
		}
	})
	return server.URL(name)
}

// start is called once per process.
var start = sync.OnceValues(func() (*cluster.Cluster, error) {
	// Wanted: without the archive the search would go on to the system's programs, and a test would not test what is shipped.
	archive, err := catalog.Programs()
	if err != nil {
		return nil, err
	}
	if err := archive.Close(); err != nil {
		return nil, err
	}
	unpacked, err := sharedFolder()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "zvonok-catalogtest-")
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTime)
	defer cancel()
	log := slog.New(slog.DiscardHandler)
	server, err := cluster.Start(ctx, cluster.Config{
		Dir: dir, Archive: catalog.Programs, Unpacked: unpacked, Volatile: true, Logger: log,
	})
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if err := removeAfterwards(dir, server.Socket()); err != nil {
		return nil, err
	}
	if err := run(server, "create database "+template); err != nil {
		return nil, err
	}
	c, err := catalog.Open(ctx, catalog.Config{URL: server.URL(template), Logger: log})
	if err != nil {
		return nil, err
	}
	return server, c.Close()
})

// one statement at a time: copying a template wants nobody else near it.
var one sync.Mutex

func run(server *cluster.Cluster, sql string) error {
	one.Lock()
	defer one.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), startTime)
	defer cancel()
	conn, err := pgx.Connect(ctx, server.URL("postgres"))
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, sql)
	if closing := conn.Close(ctx); err == nil {
		err = closing
	}
	return err
}

// sharedFolder holds the unpacked programs for the test processes of one user.
func sharedFolder() (string, error) {
	dir := filepath.Join(os.TempDir(), "zvonok-programs-"+strconv.Itoa(os.Geteuid()))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return "", err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || !info.IsDir() || int(st.Uid) != os.Geteuid() || info.Mode().Perm()&0o022 != 0 {
		return "", fmt.Errorf("%s belongs to somebody else", dir)
	}
	return dir, nil
}

// removeAfterwards leaves a shell behind that removes the two folders when this process is gone, however it ended: a test process
// has no hook for that. The server ends by itself at the same moment; the shell waits for it.
func removeAfterwards(dir, socket string) error {
	// Plain descriptors: the writing end stays open until the process ends, with nobody to close it earlier.
	var ends [2]int
	if err := syscall.Pipe2(ends[:], syscall.O_CLOEXEC); err != nil {
		return err
	}
	wait := os.NewFile(uintptr(ends[0]), "end of the process") //nolint:gosec // a descriptor is small
	cmd := exec.Command("/bin/sh", "-c", `cat
		for i in 1 2 3 4 5 6 7 8 9 10; do ls "$1"/cluster-*/postmaster.pid >/dev/null 2>&1 || break; sleep 1; done
		rm -rf "$1" "$2"`, "sh", dir, socket)
	cmd.Stdin = wait
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	return wait.Close()
}
