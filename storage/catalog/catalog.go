package catalog

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/zvonok/zvonok/storage/catalog/internal/cluster"
)

// Config says where the database is.
type Config struct {
	// URL is the owner's connection URL of a real server; empty: the embedded cluster in Dir.
	URL string
	// Dir is the data folder of the embedded cluster.
	Dir string
	// Bin is the folder of initdb and postgres for the embedded cluster; empty: the programs that the binary carries (in a
	// development build: those packed in the source tree), else the system's.
	Bin    string
	Logger *slog.Logger
}

// Validate names the first thing that is wrong.
func (c Config) Validate() error {
	if c.URL == "" && c.Dir == "" {
		return fmt.Errorf("%w: neither a database URL nor a data folder is configured", ErrServer)
	}
	if c.Logger == nil {
		return errors.New("catalog: Config.Logger is nil")
	}
	return nil
}

// Bounds of the pool and of every statement in it.
const (
	poolSize        = 16
	connectTime     = 5 * time.Second
	statementTime   = "30s"
	lockTime        = "10s"
	idleInTransTime = "60s"
)

// Catalog is the open database. Its methods are safe from any goroutine.
type Catalog struct {
	pool    *pgxpool.Pool   // as zvonok_app
	owner   *pgx.ConnConfig // as the login of the URL, for the few acts of the owner
	cluster *cluster.Cluster

	closing sync.Once
	closed  error
}

// Open starts or adopts the embedded cluster (or waits for the server of the URL, with growing pauses, until ctx ends),
// makes the roles, migrates, and opens the application's pool.
func Open(ctx context.Context, cfg Config) (*Catalog, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	c := &Catalog{}
	url := cfg.URL
	if url == "" {
		started, err := cluster.Start(ctx, cluster.Config{Dir: cfg.Dir, Bin: cfg.Bin, Archive: Programs, Logger: cfg.Logger})
		if err != nil {
			return nil, fmt.Errorf("catalog: embedded cluster: %w", err)
		}
		c.cluster = started
		url = started.URL(cluster.Database)
	}
	if err := c.open(ctx, url, cfg.Logger); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

func (c *Catalog) open(ctx context.Context, url string, log *slog.Logger) error {
	owner, err := pgx.ParseConfig(url)
	if err != nil {
		return fmt.Errorf("%w: the database URL cannot be read", ErrServer) // its text may hold the password
	}
	owner.ConnectTimeout = connectTime
	owner.RuntimeParams["application_name"] = "zvonok owner"
	owner.RuntimeParams["search_path"] = schema
	c.owner = owner
	if err := c.prepare(ctx, log); err != nil {
		return err
	}
	pool, err := pgxpool.NewWithConfig(ctx, appPool(owner))
	if err != nil {
		return refine("open pool", err)
	}
	c.pool = pool
	return c.checkApp(ctx)
}

// appPool is the owner's address with the application's login.
func appPool(owner *pgx.ConnConfig) *pgxpool.Config {
	// A pool's configuration can only come from parsing; the connection is then ours.
	cfg, _ := pgxpool.ParseConfig("")
	cfg.ConnConfig = appLogin(owner)
	cfg.MaxConns = poolSize
	cfg.MinIdleConns = 1
	cfg.MaxConnIdleTime = 5 * time.Minute
	cfg.MaxConnLifetime = time.Hour
	cfg.MaxConnLifetimeJitter = 5 * time.Minute
	cfg.HealthCheckPeriod = 30 * time.Second
	cfg.AfterConnect = func(_ context.Context, conn *pgx.Conn) error {
		conn.TypeMap().RegisterType(&pgtype.Type{
			Name: "timestamptz", OID: pgtype.TimestamptzOID, Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC},
		})
		return nil
	}
	return cfg
}

func appLogin(owner *pgx.ConnConfig) *pgx.ConnConfig {
	app := owner.Copy()
	app.User = appRole
	app.Password = appPassword(owner)
	for name, value := range map[string]string{
		"application_name":                    "zvonok",
		"search_path":                         schema,
		"timezone":                            "UTC",
		"statement_timeout":                   statementTime,
		"lock_timeout":                        lockTime,
		"idle_in_transaction_session_timeout": idleInTransTime,
	} {
		app.RuntimeParams[name] = value
	}
	return app
}

// Ping says whether the database answers.
func (c *Catalog) Ping(ctx context.Context) error { return refine("ping", c.pool.Ping(ctx)) }

// Close waits for the connections in use and stops the embedded cluster; it may be repeated.
func (c *Catalog) Close() error {
	c.closing.Do(func() {
		if c.pool != nil {
			c.pool.Close()
		}
		if c.cluster != nil {
			c.closed = c.cluster.Close()
		}
	})
	return c.closed
}

// asOwner runs fn in one transaction as the owner of the tables.
func (c *Catalog) asOwner(ctx context.Context, fn func(pgx.Tx) error) (err error) {
	conn, err := pgx.ConnectConfig(ctx, c.owner.Copy())
	if err != nil {
		return refine("connect as owner", err)
	}
	defer func() {
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTime)
		defer cancel()
		if end := conn.Close(ending); err == nil {
			err = refine("disconnect", end)
		}
	}()
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `set local role `+ownerRole); err != nil {
			return refine("become owner", err)
		}
		return fn(tx)
	})
}
