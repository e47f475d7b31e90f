package main

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// masterKey wraps the recordings' keys. Without it no recording can be opened.
type masterKey struct {
	bytes [32]byte
	// fresh says that it was made just now.
	fresh bool
}

// String is the key as a person backs it up.
func (k masterKey) String() string { return hex.EncodeToString(k.bytes[:]) }

// loadMasterKey takes the configured key, or the kept one, or makes one and keeps it.
func loadMasterKey(s settings) (masterKey, error) {
	if s.MasterKey != "" {
		return parseMasterKey("ZVONOK_MASTER_KEY", s.MasterKey)
	}
	file := filepath.Join(s.Data, "master.key")
	text, err := os.ReadFile(file)
	if err == nil {
		return parseMasterKey(file, string(text))
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return masterKey{}, fmt.Errorf("master key: %w", err)
	}
	key := masterKey{fresh: true}
	rand.Read(key.bytes[:]) //nolint:errcheck // never fails
	return key, keepMasterKey(file, key)
}

func parseMasterKey(where, text string) (masterKey, error) {
	raw, err := hex.DecodeString(strings.TrimSpace(text))
	if err != nil || len(raw) != 32 {
		return masterKey{}, fmt.Errorf("%s is not 64 hexadecimal digits", where) // says nothing of what it is
	}
	return masterKey{bytes: [32]byte(raw)}, nil
}

// keepMasterKey has the file whole on the disk before anything is wrapped with the key.
func keepMasterKey(file string, key masterKey) error {
	f, err := os.OpenFile(file+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("master key: %w", err)
	}
	_, err = fmt.Fprintln(f, key)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("master key: %w", err)
	}
	if err := os.Rename(file+".new", file); err != nil {
		return fmt.Errorf("master key: %w", err)
	}
	dir, err := os.Open(filepath.Dir(file))
	if err != nil {
		return fmt.Errorf("master key: %w", err)
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// errFolderBusy: another process serves from the data folder.
var errFolderBusy = errors.New("another zvonok runs in this data folder")

// lockFolder keeps two servers from one spool and one cluster. The kernel lets go of it however the process ends.
func lockFolder(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = f.Close()
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, fmt.Errorf("%w: %s", errFolderBusy, dir)
		}
		return nil, fmt.Errorf("lock the data folder: %w", err)
	}
	return f, nil
}
