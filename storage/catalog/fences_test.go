package catalog_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/zvonok/zvonok/storage/catalog"
	"github.com/zvonok/zvonok/storage/catalog/catalogtest"
)

// openWithURL is for tests that look past the catalog.
func openWithURL(t *testing.T) (*catalog.Catalog, string) {
	t.Helper()
	url := catalogtest.URL(t)
	return openURL(t, url), url
}

func connect(t *testing.T, url, user string) *pgx.Conn {
	t.Helper()
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	if user != "" {
		cfg.User = user
	}
	cfg.RuntimeParams["search_path"] = "zvonok"
	conn, err := pgx.ConnectConfig(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := conn.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return conn
}

func rows[T any](t *testing.T, conn *pgx.Conn, sql string, args ...any) []T {
	t.Helper()
	r, _ := conn.Query(t.Context(), sql, args...) // the error comes again from CollectRows
	v, err := pgx.CollectRows(r, pgx.RowTo[T])
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return v
}

// tables is all but the migrations' own.
func tables(t *testing.T, conn *pgx.Conn) []string {
	t.Helper()
	all := rows[string](t, conn, `select c.relname from pg_class c where c.relnamespace = 'zvonok'::regnamespace
		and c.relkind in ('r', 'p') and c.relname <> 'migrations' order by 1`)
	if len(all) < 15 {
		t.Fatalf("only %d tables: %v", len(all), all)
	}
	return all
}

func TestEveryTableIsFenced(t *testing.T) {
	_, url := openWithURL(t)
	conn := connect(t, url, "")
	for _, table := range tables(t, conn) {
		var enabled, forced bool
		var owner string
		err := conn.QueryRow(t.Context(), `select relrowsecurity, relforcerowsecurity, relowner::regrole::text from pg_class
			where relname = $1 and relnamespace = 'zvonok'::regnamespace`, table).Scan(&enabled, &forced, &owner)
		if err != nil {
			t.Fatal(err)
		}
		if !enabled || !forced || owner != "zvonok_owner" {
			t.Errorf("%s: enabled %v, forced %v, owner %s", table, enabled, forced, owner)
		}
		column := "school_id"
		if table == "schools" {
			column = "id"
		}
		want := "(" + column + " = (NULLIF(current_setting('zvonok.school'::text, true), ''::text))::uuid)"
		// The only policies for the application: those for everybody.
		for _, kind := range []string{"qual", "with_check"} {
			got := rows[string](t, conn, `select coalesce(`+kind+`, 'none') from pg_policies
				where schemaname = 'zvonok' and tablename = $1 and roles && array['public', 'zvonok_app']::name[]`, table)
			if len(got) != 1 || got[0] != want {
				t.Errorf("%s: %s of the policies is %q, want %q", table, kind, got, want)
			}
		}
	}
}

func TestTheApplicationsRoleIsNobody(t *testing.T) {
	_, url := openWithURL(t)
	conn := connect(t, url, "zvonok_app")
	if bad := rows[string](t, conn, `select rolname::text from pg_roles where rolname = session_user and
		(rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication)`); len(bad) != 0 {
		t.Errorf("%v has a right too many", bad)
	}
	if owned := rows[string](t, conn, `select relname::text from pg_class where relowner = session_user::regrole`); len(owned) != 0 {
		t.Errorf("it owns %v", owned)
	}
	if member := rows[string](t, conn, `select roleid::regrole::text from pg_auth_members
		where member = session_user::regrole`); len(member) != 0 {
		t.Errorf("it is a member of %v", member)
	}
	for _, sql := range []string{
		`set role zvonok_owner`, `set role zvonok_lookup`, `set session authorization postgres`,
		`create table zvonok.mine (a int)`, `alter table people disable row level security`, `drop policy own_school on people`,
		`truncate people`, `select password_hash from people`, `select token_hash from sessions`, `select * from sign_in_links`,
		`select * from setup_links`, `insert into setup_links (token_hash, created_at, expires_at) values ('\x00', now(), now())`,
		`insert into schools (id, name, time_zone) values (gen_random_uuid(), 'x', 'UTC')`, `delete from people`,
		`update schools set name = 'x'`, `select * from migrations`, `copy people to program 'id'`,
		`update people set school_id = gen_random_uuid()`, `select pg_read_file('postgresql.conf')`,
		`delete from audit`, `select * from audit`, `update lessons set school_id = gen_random_uuid()`,
	} {
		_, err := conn.Exec(t.Context(), sql)
		var pg *pgconn.PgError
		if !errors.As(err, &pg) || pg.Code != "42501" {
			t.Errorf("%s: %v, want permission denied", sql, err)
		}
	}
	// Without a link it makes no school either.
	if made := rows[bool](t, conn, `select create_school(null, gen_random_uuid(), 'x', 'UTC', gen_random_uuid(), 'x', '', '', now())`); made[0] {
		t.Error("the application's role made itself a school")
	}
}

func TestFunctionsArePinned(t *testing.T) {
	_, url := openWithURL(t)
	conn := connect(t, url, "")
	if n := rows[int](t, conn, `select count(*) from pg_proc where pronamespace = 'zvonok'::regnamespace and prosecdef`); n[0] < 9 {
		t.Errorf("only %d SECURITY DEFINER functions", n[0])
	}
	for what, sql := range map[string]string{
		"without a pinned search path": `not 'search_path=zvonok, pg_temp' = any(coalesce(proconfig, '{}'))`,
		"not owned by zvonok_lookup":   `proowner <> 'zvonok_lookup'::regrole`,
		"open to everybody":            `exists (select from aclexplode(coalesce(proacl, acldefault('f', proowner))) a where a.grantee = 0)`,
	} {
		if bad := rows[string](t, conn, `select proname::text from pg_proc
			where pronamespace = 'zvonok'::regnamespace and prosecdef and `+sql); len(bad) != 0 {
			t.Errorf("%s: %v", what, bad)
		}
	}
	if bad := rows[string](t, conn, `select rolname::text from pg_roles
		where rolname in ('zvonok_lookup', 'zvonok_owner') and (rolcanlogin or rolsuper or rolbypassrls)`); len(bad) != 0 {
		t.Errorf("%v can log in or see everything", bad)
	}
}

// TestRowsStayInTheirSchool asks each table directly, as the application's role: nothing without a school, nothing of
// another school, whatever repositories will be written one day.
func TestRowsStayInTheirSchool(t *testing.T) {
	c, url := openWithURL(t)
	f := fill(t, c)
	super, app := connect(t, url, ""), connect(t, url, "zvonok_app")
	for _, table := range tables(t, super) {
		column := "school_id"
		if table == "schools" {
			column = "id"
		}
		all := rows[int](t, super, `select count(*) from `+table+` where `+column+` = $1`, f.demo.Elsewhere.ID)
		if table != "setup_links" && all[0] == 0 {
			t.Errorf("%s: the second school has no row, so this test proves nothing", table)
		}
		if !strings.Contains(" sign_in_links setup_links audit ", " "+table+" ") { // no right to read these at all
			n := rows[int](t, app, `select count(`+column+`) from `+table)
			if n[0] != 0 {
				t.Errorf("%s: %d rows without a school", table, n[0])
			}
			for _, setting := range []string{f.demo.School.ID.String(), ""} {
				if others := inSchool(t, app, setting, `select count(`+column+`) from `+table+` where `+column+` <> '`+
					f.demo.School.ID.String()+`'`); others != 0 {
					t.Errorf("%s: %d rows of other schools with the setting %q", table, others, setting)
				}
			}
		}
	}
}

func inSchool(t *testing.T, conn *pgx.Conn, school, sql string) int {
	t.Helper()
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := tx.Rollback(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	if _, err := tx.Exec(t.Context(), `select set_config('zvonok.school', $1, true)`, school); err != nil {
		t.Fatal(err)
	}
	var n int
	if err := tx.QueryRow(t.Context(), sql).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// snapshot is everything that a school has, as text.
func snapshot(t *testing.T, super *pgx.Conn, school uuid.UUID) string {
	t.Helper()
	var all strings.Builder
	for _, table := range tables(t, super) {
		column := "school_id"
		if table == "schools" {
			column = "id"
		}
		for _, row := range rows[string](t, super, `select x::text from `+table+` x where `+column+` = $1 order by 1`, school) {
			all.WriteString(table + row + "\n")
		}
	}
	return all.String()
}
