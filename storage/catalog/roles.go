package catalog

import (
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// The roles and the schema. Role names belong to the whole server, hence the prefix.
const (
	schema     = "zvonok"
	ownerRole  = "zvonok_owner"  // owns every table; migrations run as it
	lookupRole = "zvonok_lookup" // owns the functions for what is asked before sign-in
	appRole    = "zvonok_app"    // what the application logs in as; owns nothing
)

// oldestServer is PostgreSQL 15: views that respect the policies of who asks (security_invoker).
const oldestServer = 150000

// prepare waits for the server, makes roles and schema, and migrates. Several nodes may do it at once.
func (c *Catalog) prepare(ctx context.Context, log *slog.Logger) error {
	conn, err := waitForServer(ctx, c.owner, log)
	if err != nil {
		return err
	}
	err = c.makeRoles(ctx, conn)
	if closing := conn.Close(ctx); err == nil {
		err = refine("disconnect", closing)
	}
	if err != nil {
		return err
	}
	return c.migrate(ctx)
}

// First and longest pause between two tries to reach the server.
const (
	firstPause   = 250 * time.Millisecond
	longestPause = 15 * time.Second
)

// waitForServer connects; while the server cannot be reached it waits and says so. What waiting cannot cure (wrong
// password, no such database) is ErrServer at once.
func waitForServer(ctx context.Context, cfg *pgx.ConnConfig, log *slog.Logger) (*pgx.Conn, error) {
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		conn, err := pgx.ConnectConfig(ctx, cfg.Copy())
		if err == nil {
			return conn, nil
		}
		if why := hopeless(err); why != "" {
			return nil, fmt.Errorf("%w: %s", ErrServer, why)
		}
		if ctx.Err() == nil {
			log.Warn("database cannot be reached, trying again", "host", cfg.Host, "port", cfg.Port, "pause", pause, "err", err)
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("catalog: waiting for the database: %w", errors.Join(ctx.Err(), err))
		case <-time.After(pause):
		}
	}
}

// hopeless gives the server's own words when trying again would not help.
func hopeless(err error) string {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) || len(pg.Code) != 5 {
		return ""
	}
	switch pg.Code[:2] {
	case "28", "3D": // invalid authorization, invalid catalog name
		return pg.Message
	}
	return ""
}

// raceTries is how often roles and schema are begun anew because another node made the same at the same moment.
const raceTries = 10

// makeRoles is safe to repeat and changes nothing when all is there.
func (c *Catalog) makeRoles(ctx context.Context, conn *pgx.Conn) error {
	if err := checkServer(ctx, conn); err != nil {
		return err
	}
	for try := 1; ; try++ {
		err := makeRolesOnce(ctx, conn)
		if err == nil {
			return c.setAppPassword(ctx, conn)
		}
		if !raced(err) || try == raceTries {
			return err
		}
	}
}

func makeRolesOnce(ctx context.Context, conn *pgx.Conn) error {
	for role, attributes := range map[string]string{ownerRole: "nologin", lookupRole: "nologin", appRole: "login"} {
		if err := makeRole(ctx, conn, role, attributes); err != nil {
			return err
		}
	}
	// Whoever migrates has to be able to become the owner; the owner hands its functions to lookup. Since PostgreSQL 16
	// the maker of a role is its member without the right to become it.
	_, err := conn.Exec(ctx, `do $$ begin
		if not pg_has_role(session_user, 'zvonok_owner',
				case when current_setting('server_version_num')::int >= 160000 then 'set' else 'member' end) then
			execute format('grant zvonok_owner to %I', session_user);
		end if;
		if not pg_has_role('zvonok_owner', 'zvonok_lookup', 'member') then
			grant zvonok_lookup to zvonok_owner;
		end if;
		if to_regnamespace('zvonok') is null then
			create schema zvonok authorization zvonok_owner;
		end if;
	end $$`)
	if err != nil {
		return fmt.Errorf("%w: making roles and schema: %w", ErrServer, err)
	}
	return nil
}

func checkServer(ctx context.Context, conn *pgx.Conn) error {
	var version int
	var encoding string
	err := conn.QueryRow(ctx, `select current_setting('server_version_num')::int, current_setting('server_encoding')`).
		Scan(&version, &encoding)
	switch {
	case err != nil:
		return refine("read server version", err)
	case version < oldestServer:
		return fmt.Errorf("%w: PostgreSQL %d is too old, it has to be 15 or newer", ErrServer, version/10000)
	case encoding != "UTF8":
		return fmt.Errorf("%w: the database's encoding is %s, it has to be UTF8", ErrServer, encoding)
	}
	return nil
}

func makeRole(ctx context.Context, conn *pgx.Conn, role, login string) error {
	var unsafe bool
	err := conn.QueryRow(ctx, `select rolsuper or rolbypassrls from pg_roles where rolname = $1`, role).Scan(&unsafe)
	switch {
	case err == nil && unsafe:
		return fmt.Errorf("%w: role %s must be neither superuser nor bypass row-level security", ErrServer, role)
	case err == nil:
		return nil
	case !errors.Is(err, pgx.ErrNoRows):
		return refine("read roles", err)
	}
	_, err = conn.Exec(ctx, `create role `+role+` `+login+` nosuperuser nobypassrls nocreatedb nocreaterole noreplication`)
	if err != nil {
		return fmt.Errorf("%w: creating role %s: %w", ErrServer, role, err)
	}
	return nil
}

// raced: another node made the same thing at the same moment.
func raced(err error) bool {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return false
	}
	switch pg.Code {
	case "42710", "42P06", uniqueViolation, "XX000": // duplicate object, duplicate schema, the same row, tuple concurrently updated
		return true
	}
	return false
}

// setAppPassword makes the application's login work. Every node derives the same password from the owner's, so that
// nothing is kept and nodes do not lock each other out; the server gets a SCRAM verifier, never the password.
func (c *Catalog) setAppPassword(ctx context.Context, conn *pgx.Conn) error {
	app := appLogin(c.owner)
	probe, err := pgx.ConnectConfig(ctx, app)
	if err == nil {
		return refine("disconnect", probe.Close(ctx))
	}
	if hopeless(err) == "" {
		return refine("connect as "+appRole, err)
	}
	if app.Password == "" {
		return fmt.Errorf("%w: the owner signs in without a password, then %s has to as well: %s", ErrServer, appRole, hopeless(err))
	}
	verifier, err := scramVerifier(app.Password)
	if err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, `alter role `+appRole+` password '`+verifier+`'`); err != nil && !raced(err) {
		return fmt.Errorf("%w: setting the password of %s: %w", ErrServer, appRole, err)
	}
	return nil
}

// appPassword is empty when the owner has none (a socket that asks the operating system who is there).
func appPassword(owner *pgx.ConnConfig) string {
	if owner.Password == "" {
		return ""
	}
	key, err := hkdf.Key(sha256.New, []byte(owner.Password), []byte("zvonok"), "password of "+appRole, 32)
	if err != nil {
		return "" // a hash of 32 bytes always yields 32
	}
	return hex.EncodeToString(key)
}

// scramVerifier is what the server stores of a password (RFC 5802, section 3, in PostgreSQL's notation).
func scramVerifier(password string) (string, error) {
	const rounds = 4096
	salt := make([]byte, 16)
	if _, err := rand.Read(salt); err != nil {
		return "", fmt.Errorf("catalog: random salt: %w", err)
	}
	salted, err := pbkdf2.Key(sha256.New, password, salt, rounds, sha256.Size)
	if err != nil {
		return "", fmt.Errorf("catalog: password verifier: %w", err)
	}
	mac := func(text string) []byte {
		m := hmac.New(sha256.New, salted)
		m.Write([]byte(text))
		return m.Sum(nil)
	}
	stored := sha256.Sum256(mac("Client Key"))
	b64 := base64.StdEncoding.EncodeToString
	return fmt.Sprintf("SCRAM-SHA-256$%d:%s$%s:%s", rounds, b64(salt), b64(stored[:]), b64(mac("Server Key"))), nil
}

// checkApp refuses to run with an application's role that could step out of its school.
func (c *Catalog) checkApp(ctx context.Context) error {
	var free, owns bool
	err := c.pool.QueryRow(ctx, `select r.rolsuper or r.rolbypassrls or r.rolcreaterole
			or pg_has_role(session_user, 'zvonok_owner', 'member') or pg_has_role(session_user, 'zvonok_lookup', 'member'),
		exists (select 1 from pg_class where relowner = r.oid)
		from pg_roles r where r.rolname = session_user`).Scan(&free, &owns)
	switch {
	case err != nil:
		return refine("check application role", err)
	case free || owns:
		return fmt.Errorf("%w: role %s must own nothing, bypass nothing and be a member of no owner", ErrServer, appRole)
	}
	return nil
}
