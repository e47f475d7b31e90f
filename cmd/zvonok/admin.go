package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/zvonok/zvonok/api/signin"
	"github.com/zvonok/zvonok/storage/catalog"
)

// admin lets somebody who can read the server's disk back in as an administrator: by a one-time link, or with a new
// password that is typed here.
func admin(ctx context.Context, environment map[string]string, args []string) error {
	var login string
	var password bool
	own := flag.NewFlagSet("zvonok admin", flag.ContinueOnError)
	own.StringVar(&login, "login", "", "which administrator, by login; needed when there are several")
	own.BoolVar(&password, "password", false, "ask for a new password instead of printing a link")
	if err := own.Parse(args); err != nil {
		return err
	}
	if rest := own.Args(); len(rest) > 0 {
		return fmt.Errorf("unknown argument %q", rest[0])
	}
	s, err := readSettings(environment, nil, io.Discard)
	if err != nil {
		return err
	}
	if s.Data, err = filepath.Abs(s.Data); err != nil {
		return err
	}
	if err := checkSchoolFolder(s); err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	db, err := catalog.Open(ctx, catalog.Config{URL: s.DatabaseURL, Dir: filepath.Join(s.Data, "postgres"), Logger: log})
	if err != nil {
		return err
	}
	return errors.Join(rescue(ctx, db, s, login, password), db.Close())
}

// checkSchoolFolder keeps a mistyped folder from becoming an empty installation.
func checkSchoolFolder(s settings) error {
	if s.DatabaseURL != "" {
		return nil
	}
	if _, err := os.Stat(filepath.Join(s.Data, "postgres")); err != nil {
		return fmt.Errorf("there is no installation in %s (ZVONOK_DATA): %w", s.Data, err)
	}
	return nil
}

func rescue(ctx context.Context, db *catalog.Catalog, s settings, login string, password bool) error {
	who, err := chooseAdmin(ctx, db, login)
	if err != nil {
		return err
	}
	now := time.Now().UTC()
	act := func(do func(*catalog.Tx) error) error {
		return db.In(ctx, who.SchoolID, func(tx *catalog.Tx) error {
			if err := do(tx); err != nil {
				return err
			}
			return tx.Audit(catalog.AuditEntry{At: now, Action: "admin.rescue", ObjectKind: "person", ObjectID: who.ID.String(), Allowed: true, Reason: "console"})
		})
	}
	if password {
		return resetPassword(ctx, who, now, act)
	}
	token, hash := signin.NewToken()
	if err := act(func(tx *catalog.Tx) error { return tx.AddLink(hash, who.ID, "", now, now.Add(signin.LinkLife)) }); err != nil {
		return err
	}
	base := s.PublicURL
	if base == "" {
		base = "http://" + s.Listen
	}
	fmt.Printf("Sign in as %s within a day; the link works once:\n  %s/l/%s\n", who.Name, base, token)
	return nil
}

func chooseAdmin(ctx context.Context, db *catalog.Catalog, login string) (catalog.Person, error) {
	admins, err := db.AdminLogins(ctx)
	if err != nil {
		return catalog.Person{}, err
	}
	var found []catalog.Person
	var logins []string
	for _, a := range admins {
		logins = append(logins, a.Login)
		if login == "" || strings.EqualFold(a.Login, login) {
			found = append(found, a)
		}
	}
	switch {
	case len(admins) == 0:
		return catalog.Person{}, errors.New("there is no administrator yet: start the server and use the set-up link that it prints")
	case len(found) == 0:
		return catalog.Person{}, fmt.Errorf("no administrator has the login %q; there are: %s", login, strings.Join(logins, ", "))
	case len(found) > 1:
		return catalog.Person{}, fmt.Errorf("there are several administrators; choose one with --login: %s", strings.Join(logins, ", "))
	}
	return found[0], nil
}

func resetPassword(ctx context.Context, who catalog.Person, now time.Time, act func(func(*catalog.Tx) error) error) error {
	if who.Login == "" {
		return errors.New("this administrator has no login, so a password would be of no use: take a link")
	}
	secret, err := askPassword(fmt.Sprintf("New password for %s (%s): ", who.Name, who.Login))
	if err != nil {
		return err
	}
	if len(secret) < signin.MinPassword || len(secret) > signin.MaxPassword {
		return fmt.Errorf("a password has %d to %d bytes", signin.MinPassword, signin.MaxPassword)
	}
	hash, err := signin.NewPasswords(signin.DefaultCost, 1, time.Minute).Hash(ctx, secret)
	if err != nil {
		return err
	}
	err = act(func(tx *catalog.Tx) error {
		if err := tx.SetPassword(who.ID, hash); err != nil {
			return err
		}
		return tx.EndSessions(who.ID, now)
	})
	if err == nil {
		fmt.Println("The password is set; earlier sessions of this administrator are over.")
	}
	return err
}

// askPassword reads a line from the terminal without showing it; from a pipe it reads a line.
func askPassword(prompt string) (string, error) {
	in := int(os.Stdin.Fd())
	state, err := unix.IoctlGetTermios(in, unix.TCGETS)
	if err == nil {
		fmt.Fprint(os.Stderr, prompt)
		silent := *state
		silent.Lflag &^= unix.ECHO
		if err := unix.IoctlSetTermios(in, unix.TCSETS, &silent); err != nil {
			return "", err
		}
		defer func() {
			_ = unix.IoctlSetTermios(in, unix.TCSETS, state)
			fmt.Fprintln(os.Stderr)
		}()
	}
	line, err := bufio.NewReader(os.Stdin).ReadString('\n')
	if err != nil && line == "" {
		return "", fmt.Errorf("read password: %w", err)
	}
	return strings.TrimRight(line, "\r\n"), nil
}
