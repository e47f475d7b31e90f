package cluster

import (
	"archive/tar"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"

	"github.com/klauspost/compress/zstd"
)

// programs is one installation of PostgreSQL.
type programs struct {
	bin   string
	lib   string // for the loader; empty: the system knows
	major string // of the version, e.g. 18
}

func (p programs) path(name string) string { return filepath.Join(p.bin, name) }

// findPrograms takes the configured folder, else what the archive holds, else the newest of the system.
func findPrograms(ctx context.Context, cfg Config, base string) (programs, error) {
	if cfg.Bin != "" {
		return inspect(ctx, programs{bin: cfg.Bin})
	}
	missing := errors.New("no archive")
	if cfg.Archive != nil {
		archive, err := cfg.Archive()
		if err == nil {
			root, err := unpack(archive, cmp.Or(cfg.Unpacked, base))
			if err := errors.Join(err, archive.Close()); err != nil {
				return programs{}, fmt.Errorf("cluster: unpack programs: %w", err)
			}
			return inspect(ctx, programs{bin: filepath.Join(root, "bin"), lib: filepath.Join(root, "lib")})
		}
		missing = err
	}
	for _, bin := range systemFolders() {
		if p, err := inspect(ctx, programs{bin: bin}); err == nil {
			return p, nil
		}
	}
	return programs{}, fmt.Errorf("%w: %w", ErrPrograms, missing)
}

// systemFolders lists where distributions put initdb, the newest version first.
func systemFolders() []string {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin") // the pattern is a good one
	slices.SortFunc(found, func(a, b string) int { return cmp.Compare(versionOf(b), versionOf(a)) })
	if p, err := exec.LookPath("initdb"); err == nil {
		found = append(found, filepath.Dir(p))
	}
	return found
}

func versionOf(bin string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(bin))) // not a number: last
	return n
}

var versionText = regexp.MustCompile(`\(PostgreSQL\) (\d+)`)

// inspect asks the server program for its version.
func inspect(ctx context.Context, p programs) (programs, error) {
	cmd := exec.CommandContext(ctx, p.path("postgres"), "--version")
	cmd.Env = p.environment()
	out, err := cmd.Output()
	if err != nil {
		return programs{}, fmt.Errorf("%w: %s: %w", ErrPrograms, p.path("postgres"), err)
	}
	version := versionText.FindSubmatch(out)
	if version == nil {
		return programs{}, fmt.Errorf("%w: %s answers %q", ErrPrograms, p.path("postgres"), out)
	}
	p.major = string(version[1])
	return p, nil
}

// environment is all that the programs get: nothing of ours, no secrets.
func (p programs) environment() []string {
	env := []string{"LC_ALL=C", "TZ=UTC", "PATH=" + p.bin + ":/usr/bin:/bin"}
	if p.lib != "" {
		env = append(env, "LD_LIBRARY_PATH="+p.lib)
	}
	return env
}

// unpack makes base/pg-VERSION from the archive, unless it is there. Of several processes one wins.
func unpack(archive io.Reader, base string) (string, error) {
	z, err := zstd.NewReader(archive, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(256<<20))
	if err != nil {
		return "", err
	}
	defer z.Close()
	files := tar.NewReader(z)
	version, err := readVersion(files)
	if err != nil {
		return "", err
	}
	final := filepath.Join(base, "pg-"+version)
	if _, err := os.Stat(final); err == nil {
		return final, nil
	}
	if err := os.MkdirAll(base, 0o755); err != nil {
		return "", err
	}
	fresh, err := os.MkdirTemp(base, "pg-unpacking-")
	if err != nil {
		return "", err
	}
	if err := extract(files, fresh); err != nil {
		return "", errors.Join(err, os.RemoveAll(fresh))
	}
	if err := os.Rename(fresh, final); err != nil {
		if _, other := os.Stat(final); other == nil {
			return final, os.RemoveAll(fresh)
		}
		return "", errors.Join(err, os.RemoveAll(fresh))
	}
	return final, nil
}

var safeVersion = regexp.MustCompile(`^[0-9][0-9a-z.-]{0,40}$`)

func readVersion(files *tar.Reader) (string, error) {
	head, err := files.Next()
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(io.LimitReader(files, 100))
	if err != nil {
		return "", err
	}
	if head.Name != "VERSION" || !safeVersion.Match(text) {
		return "", fmt.Errorf("the archive begins with %q, want VERSION", head.Name)
	}
	return string(text), nil
}

// extract writes the files below dir, readable by whoever will run them; nothing can land outside.
func extract(files *tar.Reader, dir string) error {
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	for {
		head, err := files.Next()
		if err == io.EOF {
			return root.Close()
		}
		if err == nil {
			err = extractOne(files, root, head)
		}
		if err != nil {
			return errors.Join(err, root.Close())
		}
	}
}

func extractOne(files *tar.Reader, root *os.Root, head *tar.Header) error {
	if err := root.MkdirAll(filepath.Dir(head.Name), 0o755); err != nil {
		return err
	}
	if head.Typeflag == tar.TypeSymlink {
		return root.Symlink(head.Linkname, head.Name)
	}
	mode := os.FileMode(0o644)
	if head.Mode&0o100 != 0 {
		mode = 0o755
	}
	file, err := root.OpenFile(head.Name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, files)
	// The umask may have taken the rights of others, and the server runs as another user.
	return errors.Join(err, file.Chmod(mode), file.Close())
}
