package cluster

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// socketPort is part of the socket's name; no TCP port has to do with it.
const socketPort = "5432"

// longestSocket is what the kernel takes as the path of a socket (unix(7)), less its final zero.
const longestSocket = 107

// lockFolder makes sure that one process runs on a folder; the kernel lets go of the lock however that one ends.
func lockFolder(dir string) (*os.File, error) {
	file, err := os.OpenFile(filepath.Join(dir, "cluster.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFolder, err)
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = ErrInUse
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", dir, err), file.Close())
	}
	return file, nil
}

// socketFolder makes the private folder of the socket: its name is short however deep the data lies.
func socketFolder(data string, a account) (string, error) {
	sum := sha256.Sum256([]byte(data))
	name := "zvonok-" + strconv.Itoa(a.uid) + "-" + hex.EncodeToString(sum[:6])
	places := []string{os.Getenv("XDG_RUNTIME_DIR"), os.TempDir(), "/tmp"}
	if a.switched {
		places = []string{"/run", os.TempDir(), "/tmp"}
	}
	var why error
	for _, place := range places {
		folder := filepath.Join(place, name)
		if place == "" || len(filepath.Join(folder, ".s.PGSQL."+socketPort+".lock")) > longestSocket {
			continue
		}
		if a.switched && a.closedParent(place) != "" {
			continue
		}
		if why = privateFolder(folder, a); why == nil {
			return folder, nil
		}
	}
	return "", fmt.Errorf("%w: no place for a socket: %w", ErrFolder, why)
}

// privateFolder makes a folder that only the account can enter, or checks that an old one still is that: in a shared
// place anybody could have made it first.
func privateFolder(folder string, a account) error {
	err := os.Mkdir(folder, 0o700)
	switch {
	case err == nil:
		return a.own(folder)
	case !errors.Is(err, fs.ErrExist):
		return err
	}
	info, err := os.Lstat(folder)
	if err != nil {
		return err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || !info.IsDir() || info.Mode().Perm() != 0o700 || int(st.Uid) != a.uid {
		return fmt.Errorf("%s exists and is not a private folder of user %s", folder, a.name)
	}
	return nil
}

// initialise makes the data folder, all or nothing.
func (c *Cluster) initialise(ctx context.Context) error {
	if _, err := os.Stat(filepath.Join(c.data, "PG_VERSION")); err == nil {
		return nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %w", ErrFolder, err)
	}
	fresh := c.data + ".new"
	if err := errors.Join(os.RemoveAll(fresh), os.Mkdir(fresh, 0o700), c.user.own(fresh)); err != nil {
		return fmt.Errorf("%w: %w", ErrFolder, err)
	}
	args := []string{"-D", fresh, "-U", superuser, "-E", "UTF8", "--auth=peer", "--data-checksums", "--no-instructions"}
	if major, err := strconv.Atoi(c.programs.major); err == nil && major >= 17 {
		// The server's own rules for letters: the same on every machine, whatever its C library.
		args = append(args, "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
	} else {
		args = append(args, "--locale=C.UTF-8")
	}
	if c.cfg.Volatile {
		args = append(args, "--no-sync")
	}
	cmd := exec.CommandContext(ctx, c.programs.path("initdb"), args...)
	cmd.Dir = fresh
	cmd.Env = c.programs.environment()
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: c.user.credential()}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: initdb: %w: %s", ErrFolder, err, lastLines(out))
	}
	if err := os.Rename(fresh, c.data); err != nil {
		return fmt.Errorf("%w: %w", ErrFolder, err)
	}
	c.log.Info("made a new database cluster", "data", c.data, "user", c.user.name, "version", c.programs.major)
	return nil
}

// lastLines is the end of a program's output, for an error.
func lastLines(out []byte) string {
	text := strings.TrimSpace(string(out))
	const most = 600
	if len(text) > most {
		text = "..." + text[len(text)-most:]
	}
	return text
}
