package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// Database is the database that the catalog lives in.
	Database = "zvonok"
	// superuser is the login of the cluster's own administrator.
	superuser = "postgres"
)

// Config says where the cluster lives.
type Config struct {
	// Dir is Zvonok's data folder.
	Dir string
	// Bin is the folder of initdb and postgres; empty: those in Archive, else the system's.
	Bin string
	// Archive opens the packed programs (tar, zstd).
	Archive func() (io.ReadCloser, error)
	// Unpacked is the folder that programs are unpacked into; empty: Dir. It may be shared between processes.
	Unpacked string
	// Listen is a TCP port on 127.0.0.1 besides the socket, with passwords; 0: none.
	Listen int
	// Volatile trades durability for speed: for tests.
	Volatile bool
	Logger   *slog.Logger
}

// Cluster is a running server. Its methods are safe from any goroutine.
type Cluster struct {
	cfg      Config
	log      *slog.Logger
	user     account
	programs programs
	base     string // holds data, and the programs unless they are elsewhere
	data     string
	socket   string // folder
	lock     *os.File
	output   *boundedLog

	stop chan struct{} // closed by Close
	done chan struct{} // closed by run when the server is gone
	dead chan error    // run gave up before the server was ever ready

	closing sync.Once
	closed  error
}

// Start makes the cluster when there is none, ends a server that a killed process left behind, and starts it. It returns
// when the server answers, or ctx ends, or the server gives up.
func Start(ctx context.Context, cfg Config) (*Cluster, error) {
	dir, err := filepath.Abs(cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFolder, err)
	}
	cfg.Dir = dir
	if err := os.MkdirAll(dir, 0o711); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFolder, err)
	}
	c := &Cluster{
		cfg: cfg, log: cfg.Logger,
		stop: make(chan struct{}), done: make(chan struct{}), dead: make(chan error, 1),
	}
	if c.lock, err = lockFolder(dir); err != nil {
		return nil, err
	}
	if err := c.prepare(ctx); err != nil {
		return nil, errors.Join(err, c.lock.Close())
	}
	go c.run()
	if err := c.waitReady(ctx); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// prepare does everything up to the start of the server.
func (c *Cluster) prepare(ctx context.Context) error {
	var err error
	if c.user, err = serverUser(c.cfg.Dir); err != nil {
		return err
	}
	if c.base, err = c.user.home(c.cfg.Dir, c.log); err != nil {
		return err
	}
	if c.programs, err = findPrograms(ctx, c.cfg, c.base); err != nil {
		return err
	}
	c.data = filepath.Join(c.base, "cluster-"+c.programs.major)
	if c.socket, err = socketFolder(c.data, c.user); err != nil {
		return err
	}
	if err := c.evict(ctx); err != nil {
		return err
	}
	if err := c.initialise(ctx); err != nil {
		return err
	}
	if err := c.configure(); err != nil {
		return err
	}
	c.output, err = openLog(filepath.Join(c.cfg.Dir, "postgres.log"))
	return err
}

// URL is the superuser's connection URL of one database, over the socket.
func (c *Cluster) URL(database string) string {
	u := url.URL{Scheme: "postgres", User: url.User(superuser), Path: "/" + database}
	u.RawQuery = url.Values{"host": {c.socket}, "port": {c.port()}}.Encode()
	return u.String()
}

// port is the TCP port, which the socket's name repeats.
func (c *Cluster) port() string {
	if c.cfg.Listen != 0 {
		return strconv.Itoa(c.cfg.Listen)
	}
	return socketPort
}

// Socket is the folder of the server's socket; Close removes it.
func (c *Cluster) Socket() string { return c.socket }

// Close stops the server after the transactions in progress were rolled back and everything is on the disk. It may be
// repeated.
func (c *Cluster) Close() error {
	c.closing.Do(func() {
		close(c.stop)
		<-c.done
		c.closed = errors.Join(c.output.Close(), os.RemoveAll(c.socket), c.lock.Close())
	})
	return c.closed
}

const (
	// readyPoll is the pause between two looks at a starting server.
	readyPoll = 25 * time.Millisecond
	// complainAfter is when, and how often, a long start is mentioned in the log.
	complainAfter = 10 * time.Second
)

// waitReady returns when the server takes connections and has the database. Recovery after a crash may take its time.
func (c *Cluster) waitReady(ctx context.Context) error {
	poll, complain := time.NewTicker(readyPoll), time.NewTicker(complainAfter)
	defer poll.Stop()
	defer complain.Stop()
	for {
		notYet := c.makeDatabase(ctx)
		if notYet == nil {
			return nil
		}
		select {
		case <-complain.C:
			c.log.Warn("the database server is not ready yet", "err", notYet, "log", c.output.path)
		case <-ctx.Done():
			return fmt.Errorf("cluster: waiting for the server: %w", ctx.Err())
		case err := <-c.dead:
			return err
		case <-poll.C:
		}
	}
}

func (c *Cluster) makeDatabase(ctx context.Context) (err error) {
	conn, err := pgx.Connect(ctx, c.URL("postgres"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	var there bool
	if err := conn.QueryRow(ctx, `select exists (select from pg_database where datname = $1)`, Database).Scan(&there); err != nil {
		return err
	}
	if there {
		return nil
	}
	_, err = conn.Exec(ctx, `create database `+Database)
	return err
}
