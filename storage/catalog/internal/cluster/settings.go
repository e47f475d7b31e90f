package cluster

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// settings is for one small school server: little memory, every commit on the disk, and no names of people in the log.
const settings = `# Written by Zvonok at every start. Your own settings belong in local.conf, which has the last word.
max_connections = 32
shared_buffers = 64MB
work_mem = 8MB
maintenance_work_mem = 64MB
max_wal_size = 256MB
min_wal_size = 64MB
wal_level = minimal
max_wal_senders = 0
wal_compression = on
checkpoint_timeout = 10min
max_parallel_workers_per_gather = 0
max_parallel_maintenance_workers = 0
jit = off
autovacuum_max_workers = 1
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
password_encryption = 'scram-sha-256'
unix_socket_permissions = 0700
log_destination = 'stderr'
logging_collector = off
log_line_prefix = '%m [%p] '
log_min_messages = warning
# A statement, its parameters and the detail of an error hold what people wrote.
log_min_error_statement = panic
log_error_verbosity = terse
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
`

const durable = `fsync = on
synchronous_commit = on
full_page_writes = on
`

const volatile = `fsync = off
synchronous_commit = off
full_page_writes = off
shared_buffers = 32MB
`

// configure writes the server's files anew: what they say depends on where the socket is and who we are.
func (c *Cluster) configure() error {
	conf := settings + durable
	if c.cfg.Volatile {
		conf = settings + volatile
	}
	listen := "''"
	hba := "local all all peer map=zvonok\n"
	if c.cfg.Listen != 0 {
		listen = "'127.0.0.1'"
		hba += "host all all 127.0.0.1/32 scram-sha-256\n"
	}
	conf += fmt.Sprintf("port = %s\nlisten_addresses = %s\nunix_socket_directories = '%s'\ninclude_if_exists = 'local.conf'\n",
		c.port(), listen, strings.ReplaceAll(c.socket, "'", "''"))
	return c.writeAll(map[string]string{"postgresql.conf": conf, "pg_hba.conf": hba, "pg_ident.conf": c.idents()})
}

// idents says which users of the operating system may be whom: the server's own user and, when Zvonok is root, root.
func (c *Cluster) idents() string {
	names := []string{c.user.name}
	if c.user.switched {
		names = append(names, "root")
	}
	var text strings.Builder
	for _, name := range names {
		for _, role := range []string{superuser, "zvonok_app"} {
			fmt.Fprintf(&text, "zvonok %q %s\n", name, role)
		}
	}
	return text.String()
}

func (c *Cluster) writeAll(files map[string]string) error {
	for name, text := range files {
		file := filepath.Join(c.data, name)
		if err := os.WriteFile(file+".new", []byte(text), 0o600); err != nil {
			return fmt.Errorf("%w: %w", ErrFolder, err)
		}
		if err := c.user.own(file + ".new"); err != nil {
			return fmt.Errorf("%w: %w", ErrFolder, err)
		}
		if err := os.Rename(file+".new", file); err != nil {
			return fmt.Errorf("%w: %w", ErrFolder, err)
		}
	}
	return nil
}
