package cluster

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// account is the operating system's user that the server runs as.
type account struct {
	name     string
	uid, gid int
	// switched: Zvonok itself is another user (root).
	switched bool
}

// candidates are tried in this order when Zvonok runs as root.
var candidates = []string{"zvonok", "postgres", "nobody"}

// serverUser is Zvonok's own user, or an unprivileged one when that is root: the server refuses to be root. Data that is
// there already keeps its owner.
func serverUser(dir string) (account, error) {
	if os.Geteuid() != 0 {
		self, err := user.LookupId(strconv.Itoa(os.Geteuid()))
		if err != nil {
			return account{}, fmt.Errorf("%w: user id %d has no entry in /etc/passwd, which PostgreSQL needs", ErrUser, os.Geteuid())
		}
		return newAccount(self, false)
	}
	if owner, err := ownerOfData(dir); err == nil {
		return newAccount(owner, true)
	}
	for _, name := range candidates {
		if u, err := user.Lookup(name); err == nil && u.Uid != "0" {
			return newAccount(u, true)
		}
	}
	return account{}, fmt.Errorf("%w: add a system user, for instance: useradd --system zvonok", ErrUser)
}

func newAccount(u *user.User, switched bool) (account, error) {
	uid, err := strconv.Atoi(u.Uid)
	gid, err2 := strconv.Atoi(u.Gid)
	if err := errors.Join(err, err2); err != nil {
		return account{}, fmt.Errorf("%w: %w", ErrUser, err)
	}
	return account{name: u.Username, uid: uid, gid: gid, switched: switched}, nil
}

// ownerOfData finds who owns a cluster made earlier.
func ownerOfData(dir string) (*user.User, error) {
	for _, base := range []string{dir, elsewhere(dir)} {
		found, _ := filepath.Glob(filepath.Join(base, "cluster-*", "PG_VERSION")) // the pattern is a good one
		for _, f := range found {
			info, err := os.Stat(f)
			if err != nil {
				continue
			}
			if st, ok := info.Sys().(*syscall.Stat_t); ok && st.Uid != 0 {
				return user.LookupId(strconv.Itoa(int(st.Uid)))
			}
		}
	}
	return nil, fs.ErrNotExist
}

// credential is what a child process is started with; nil: as we are.
func (a account) credential() *syscall.Credential {
	if !a.switched {
		return nil
	}
	return &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid), NoSetGroups: false} //nolint:gosec // ids come from the passwd file
}

// own gives a file or folder of ours to the account.
func (a account) own(path string) error {
	if !a.switched {
		return nil
	}
	return os.Lchown(path, a.uid, a.gid)
}

// elsewhere is where the cluster lives when dir is below a folder that is closed to the server's user (/root).
func elsewhere(dir string) string {
	sum := sha256.Sum256([]byte(dir))
	return filepath.Join("/var/lib/zvonok", "data-"+hex.EncodeToString(sum[:6]))
}

// home is the folder that holds the cluster: dir, if the server's user can get there.
func (a account) home(dir string, log *slog.Logger) (string, error) {
	if !a.switched {
		return dir, nil
	}
	// The folder itself is ours to open: entering it shows nothing.
	if info, err := os.Stat(dir); err != nil {
		return "", fmt.Errorf("%w: %w", ErrFolder, err)
	} else if err := os.Chmod(dir, info.Mode().Perm()|0o111); err != nil {
		return "", fmt.Errorf("%w: %w", ErrFolder, err)
	}
	closed := a.closedParent(dir)
	if closed == "" {
		return dir, nil
	}
	base := elsewhere(dir)
	if err := os.MkdirAll(base, 0o711); err != nil {
		return "", fmt.Errorf("%w: %s is closed to user %s, and %w", ErrFolder, closed, a.name, err)
	}
	// The link is for people who look for the data; nothing follows it.
	link := filepath.Join(dir, "cluster")
	if err := os.Symlink(base, link); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("%w: %w", ErrFolder, err)
	}
	log.Warn("the data folder is closed to the database's user, so the database lives elsewhere",
		"closed", closed, "user", a.name, "database", base)
	return base, nil
}

// closedParent is the first folder on the way to dir that the account cannot enter.
func (a account) closedParent(dir string) string {
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return dir
	}
	for p := real; ; p = filepath.Dir(p) {
		info, err := os.Stat(p)
		if err != nil {
			return p
		}
		mode := info.Mode().Perm()
		if st, ok := info.Sys().(*syscall.Stat_t); ok {
			switch {
			case int(st.Uid) == a.uid:
				mode >>= 6
			case int(st.Gid) == a.gid:
				mode >>= 3
			}
		}
		if mode&1 == 0 {
			return p
		}
		if p == "/" {
			return ""
		}
	}
}
