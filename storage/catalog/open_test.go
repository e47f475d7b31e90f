package catalog_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/zvonok/zvonok/storage/catalog"
	"github.com/zvonok/zvonok/storage/catalog/catalogtest"
	"github.com/zvonok/zvonok/storage/catalog/internal/cluster"
)

// childDir makes this test binary play the Zvonok that is killed: it opens the catalog in that folder, commits a school
// and waits for its end.
const childDir = "ZVONOK_TEST_CHILD_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		if err := child(dir); err != nil {
			fmt.Println("failed:", err)
		}
		return
	}
	os.Exit(m.Run())
}

func child(dir string) error {
	c, err := catalog.Open(context.Background(), catalog.Config{Dir: dir, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	err = c.CreateSchool(context.Background(), nil, catalog.School{ID: uuid.New(), Name: "до сбоя", TimeZone: "UTC"},
		catalog.NewPerson{ID: uuid.New(), Name: "Завуч", Role: "admin"}, at)
	if err != nil {
		return err
	}
	fmt.Println("committed")
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil { // until the parent says that it is enough
		return err
	}
	return c.Close()
}

// startChild returns when the child has committed; closing what it gives beside ends it in peace. uid 0: as we are.
func startChild(t *testing.T, dir string, uid, gid int) (*exec.Cmd, io.Closer) {
	t.Helper()
	cmd := exec.Command(testBinary(t, uid))
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	cmd.Stderr = os.Stderr
	if uid != 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
		cmd.Dir = "/"
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = in.Close() }) // closed with the process already when that was waited for
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if line != "committed\n" {
		t.Fatalf("the child says %q, %v", line, err)
	}
	return cmd, in
}

// testBinary is this program, at a place where the other user can run it.
func testBinary(t *testing.T, uid int) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if uid == 0 {
		return self
	}
	text, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	open := filepath.Join(folder(t), "catalog.test")
	if err := os.WriteFile(open, text, 0o755); err != nil {
		t.Fatal(err)
	}
	return open
}

// folder is a data folder whose parents let everybody through, which those of t.TempDir do not.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "zvonok-open-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func kill(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	var killed *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &killed) {
		t.Fatalf("the child ended with %v, want it killed", err)
	}
}

func openDir(ctx context.Context, dir string) (*catalog.Catalog, error) {
	return catalog.Open(ctx, catalog.Config{Dir: dir, Logger: slog.New(slog.DiscardHandler)})
}

func wantSchoolFromBefore(t *testing.T, dir string) {
	t.Helper()
	begin := time.Now()
	c, err := openDir(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("opened in %v", time.Since(begin).Round(time.Millisecond))
	schools, err := c.Schools(t.Context())
	if err != nil || len(schools) != 1 || schools[0].Name != "до сбоя" {
		t.Errorf("Schools = %+v, %v; want the one committed before", schools, err)
	}
	for range 2 {
		if err := c.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
}

// TestEmbeddedSurvivesKill is kill -9 of the program, while its server lives on or stops by itself, whichever comes first.
func TestEmbeddedSurvivesKill(t *testing.T) {
	dir := folder(t)
	cmd, _ := startChild(t, dir, 0, 0)
	kill(t, cmd)
	wantSchoolFromBefore(t, dir)
	wantSchoolFromBefore(t, dir)
}

// TestEmbeddedSurvivesAKilledServer is power loss, nearly: program and server die at once, and the number of the dead
// server belongs to another process by then.
func TestEmbeddedSurvivesAKilledServer(t *testing.T) {
	dir := folder(t)
	cmd, _ := startChild(t, dir, 0, 0)
	pidFile := filepath.Join(dir, "cluster-18", "postmaster.pid")
	text, err := os.ReadFile(pidFile)
	if err != nil {
		t.Fatal(err)
	}
	line, rest, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(line)
	if err != nil {
		t.Fatal(err)
	}
	// Stopped first, so that it cannot take notice of its parent's death before its own.
	for _, p := range []struct {
		pid    int
		signal syscall.Signal
	}{{pid, syscall.SIGSTOP}, {cmd.Process.Pid, syscall.SIGKILL}, {pid, syscall.SIGKILL}} {
		if err := syscall.Kill(p.pid, p.signal); err != nil {
			t.Fatal(err)
		}
	}
	var killed *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &killed) {
		t.Fatal(err)
	}
	if err := os.WriteFile(pidFile, []byte(strconv.Itoa(os.Getpid())+"\n"+rest), 0o600); err != nil {
		t.Fatal(err)
	}
	wantSchoolFromBefore(t, dir)
}

// TestEmbeddedEvictsAnOrphan: the old server did not notice the death of its program at all.
func TestEmbeddedEvictsAnOrphan(t *testing.T) {
	dir := folder(t)
	cmd, _ := startChild(t, dir, 0, 0)
	kill(t, cmd)
	wantSchoolFromBefore(t, dir)
	orphan := startOrphan(t, dir)
	wantSchoolFromBefore(t, dir)
	if err := orphan.Wait(); err != nil {
		t.Errorf("the old server ended with %v, want a clean stop", err)
	}
}

// startOrphan runs a server on the data as nobody's child and returns when it is ready.
func startOrphan(t *testing.T, dir string) *exec.Cmd {
	t.Helper()
	bin, err := filepath.Glob(filepath.Join(dir, "pg-*", "bin", "postgres"))
	if err != nil || len(bin) != 1 {
		t.Fatalf("programs: %v, %v", bin, err)
	}
	data := filepath.Join(dir, "cluster-18")
	info, err := os.Stat(data)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(bin[0], "-D", data, "-c", "unix_socket_directories="+data)
	cmd.Env = []string{"LC_ALL=C", "LD_LIBRARY_PATH=" + filepath.Join(filepath.Dir(filepath.Dir(bin[0])), "lib")}
	if owner, ok := info.Sys().(*syscall.Stat_t); ok && os.Geteuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: owner.Uid, Gid: owner.Gid}}
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	for {
		if text, err := os.ReadFile(filepath.Join(data, "postmaster.pid")); err == nil && bytes.Contains(text, []byte("ready")) {
			return cmd
		}
		select {
		case <-t.Context().Done():
			t.Fatal("the old server does not start")
		case <-poll.C:
		}
	}
}

// TestEmbeddedAsOrdinaryUser runs the same as somebody who is not root; when the tests are not run by root, all of them
// do.
func TestEmbeddedAsOrdinaryUser(t *testing.T) {
	uid, gid := 0, 0
	dir := folder(t)
	if os.Geteuid() == 0 {
		nobody, err := user.Lookup("nobody")
		if err != nil {
			t.Fatal(err)
		}
		uid, err = strconv.Atoi(nobody.Uid)
		if err != nil {
			t.Fatal(err)
		}
		gid, err = strconv.Atoi(nobody.Gid)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(dir, uid, gid); err != nil {
			t.Fatal(err)
		}
	}
	// The second one finds the first one's data: it commits another school and so has read the same catalog.
	first, _ := startChild(t, dir, uid, gid)
	kill(t, first)
	second, enough := startChild(t, dir, uid, gid)
	if err := enough.Close(); err != nil {
		t.Error(err)
	}
	if err := second.Wait(); err != nil {
		t.Errorf("the second one ended with %v", err)
	}
}

func TestEmbeddedOnePerFolder(t *testing.T) {
	dir := folder(t)
	c, err := openDir(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := openDir(t.Context(), dir); !errors.Is(err, cluster.ErrInUse) {
		t.Errorf("a second one on the same folder: %v", err)
	}
	if err := c.Ping(t.Context()); err != nil {
		t.Errorf("the first one after that: %v", err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if left, err := filepath.Glob(filepath.Join(dir, "cluster-18", "postmaster.pid")); err != nil || len(left) != 0 {
		t.Errorf("after Close: %v, %v", left, err)
	}
	if err := c.Ping(t.Context()); err == nil {
		t.Error("Ping works after Close")
	}
}

// TestEmbeddedInAClosedFolder: as root the server is another user, who cannot enter every folder.
func TestEmbeddedInAClosedFolder(t *testing.T) {
	dir := folder(t)
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(dir, "deep", strings.Repeat("very-", 30)+"long", "data")
	c, err := openDir(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	if elsewhere, err := filepath.EvalSymlinks(filepath.Join(data, "cluster")); err == nil {
		t.Cleanup(func() {
			if err := os.RemoveAll(elsewhere); err != nil {
				t.Error(err)
			}
		})
	}
	if n, err := c.SchoolCount(t.Context()); err != nil || n != 0 {
		t.Errorf("SchoolCount = %d, %v", n, err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

// realServer is a PostgreSQL on TCP, with passwords, as a school would have one. stop ends it, start begins it again.
type realServer struct {
	dir  string
	port int
	run  *cluster.Cluster
}

func newRealServer(t *testing.T) *realServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	s := &realServer{dir: folder(t), port: port}
	t.Cleanup(func() { s.stop(t) })
	return s
}

func (s *realServer) start(t *testing.T) {
	t.Helper()
	run, err := cluster.Start(t.Context(), cluster.Config{
		Dir: s.dir, Archive: catalog.Programs, Listen: s.port, Volatile: true, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	s.run = run
}

func (s *realServer) stop(t *testing.T) {
	t.Helper()
	if s.run == nil {
		return
	}
	if err := s.run.Close(); err != nil {
		t.Error(err)
	}
	s.run = nil
}

func (s *realServer) url(user, password, database string) string {
	u := url.URL{Scheme: "postgres", User: url.UserPassword(user, password), Host: "127.0.0.1:" + strconv.Itoa(s.port), Path: database}
	return u.String()
}

// prepare makes an owner who is not a superuser, and a database.
func (s *realServer) prepare(t *testing.T) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.run.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{
		`create role dba login createrole password 'the owner''s secret'`, `create database lessons owner dba`,
		`create database latin owner dba encoding 'LATIN1' locale 'C' locale_provider libc template template0`,
	} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	if err := conn.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

type safeBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

func TestRealServer(t *testing.T) {
	s := newRealServer(t)
	s.start(t)
	s.prepare(t)
	address := s.url("dba", "the owner's secret", "lessons")

	t.Run("two nodes at once", func(t *testing.T) {
		var group sync.WaitGroup
		for range 2 {
			group.Go(func() {
				c, err := catalog.Open(t.Context(), catalog.Config{URL: address, Logger: slog.New(slog.DiscardHandler)})
				if err != nil {
					t.Error(err)
					return
				}
				if err := c.Close(); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
	})
	t.Run("works and is fenced", func(t *testing.T) {
		c := openURL(t, address)
		f := fill(t, c)
		if people := read(t, c, f.demo.School.ID, (*catalog.Tx).People); len(people) != 8 {
			t.Errorf("%d people", len(people))
		}
		conn, err := pgx.Connect(t.Context(), s.run.URL("lessons"))
		if err != nil {
			t.Fatal(err)
		}
		who := rows[string](t, conn, `select distinct usename::text from pg_stat_activity where application_name = 'zvonok'`)
		wantEqual(t, "the pool's login", who, []string{"zvonok_app"})
		secret := rows[string](t, conn, `select left(rolpassword, 14) from pg_authid where rolname = 'zvonok_app'`)
		wantEqual(t, "the kept secret", secret, []string{"SCRAM-SHA-256$"})
		if err := conn.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
	t.Run("what waiting cannot cure", func(t *testing.T) {
		for name, address := range map[string]string{
			"wrong password": s.url("dba", "wrong", "lessons"), "no such database": s.url("dba", "the owner's secret", "nothing"),
			"not UTF-8": s.url("dba", "the owner's secret", "latin"), "not a URL": "postgres://%zz:secret@h/",
		} {
			c, err := catalog.Open(t.Context(), catalog.Config{URL: address, Logger: slog.New(slog.DiscardHandler)})
			if !errors.Is(err, catalog.ErrServer) {
				t.Errorf("%s: %v, %v; want ErrServer", name, c, err)
			}
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Errorf("%s: the error holds a password: %v", name, err)
			}
		}
	})
	t.Run("a role that could step out", func(t *testing.T) {
		super := connect(t, s.run.URL("postgres"), "")
		for bad, undo := range map[string]string{
			`alter role zvonok_app bypassrls`:  `alter role zvonok_app nobypassrls`,
			`grant zvonok_owner to zvonok_app`: `revoke zvonok_owner from zvonok_app`,
		} {
			if _, err := super.Exec(t.Context(), bad); err != nil {
				t.Fatal(err)
			}
			if _, err := catalog.Open(t.Context(), catalog.Config{URL: address, Logger: slog.New(slog.DiscardHandler)}); !errors.Is(err, catalog.ErrServer) {
				t.Errorf("%s: %v, want ErrServer", bad, err)
			}
			if _, err := super.Exec(t.Context(), undo); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestUnreachableServerIsWaitedFor(t *testing.T) {
	s := newRealServer(t)
	s.start(t)
	s.prepare(t)
	s.stop(t)
	address := s.url("dba", "the owner's secret", "lessons")

	var log safeBuffer
	logger := slog.New(slog.NewTextHandler(&log, nil))
	short, cancel := context.WithTimeout(t.Context(), 700*time.Millisecond)
	defer cancel()
	if _, err := catalog.Open(short, catalog.Config{URL: address, Logger: logger}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("with a context that ends: %v", err)
	}
	if text := log.String(); strings.Count(text, "cannot be reached") < 2 || strings.Contains(text, "secret") {
		t.Errorf("the log says:\n%s", text)
	}

	opened := make(chan error, 1)
	go func() {
		c, err := catalog.Open(t.Context(), catalog.Config{URL: address, Logger: logger})
		if err == nil {
			err = c.Close()
		}
		opened <- err
	}()
	s.start(t)
	if err := <-opened; err != nil {
		t.Errorf("after the server came: %v", err)
	}
}

func TestConnectionsComeBack(t *testing.T) {
	c, url := openWithURL(t)
	d := catalogtest.School(t, c)
	super := connect(t, url, "")
	if n := rows[bool](t, super, `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'zvonok'
		and datname = current_database()`); len(n) == 0 {
		t.Fatal("the pool has no connection")
	}
	// The first one after that may fail; the pool replaces what is broken.
	for try := range 20 {
		err := c.In(t.Context(), d.School.ID, func(tx *catalog.Tx) error { _, err := tx.School(); return err })
		if err == nil {
			return
		}
		t.Logf("try %d: %v", try, err)
	}
	t.Error("the catalog does not recover")
}
