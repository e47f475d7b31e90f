package main

import (
	"crypto/tls"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"time"
)

// certificateLook is how often the files of a given certificate are looked at, at most; between handshakes nobody looks.
const certificateLook = 5 * time.Second

// certificateFiles serves the certificate of two files and follows them: whoever renews it need not restart a school's
// server in the middle of its lessons. While the files do not fit together the last good pair is served.
type certificateFiles struct {
	cert, key string
	now       func() time.Time
	log       *slog.Logger

	mu      sync.Mutex
	looked  time.Time
	seen    [2]stamp
	current *tls.Certificate
}

// stamp is what tells one version of a file from another.
type stamp struct {
	at   time.Time
	size int64
}

// openCertificate reads the pair; one that does not fit together is refused.
func openCertificate(cert, key string, now func() time.Time, log *slog.Logger) (*certificateFiles, error) {
	c := &certificateFiles{cert: cert, key: key, now: now, log: log}
	seen, err := c.stamps()
	if err == nil {
		err = c.load(seen)
	}
	if err != nil {
		return nil, fmt.Errorf("ZVONOK_TLS_CERT and ZVONOK_TLS_KEY: %w", err)
	}
	c.looked = now()
	return c, nil
}

// get is [tls.Config].GetCertificate.
func (c *certificateFiles) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := c.now(); now.Sub(c.looked) >= certificateLook || now.Before(c.looked) {
		c.looked = now
		c.follow()
	}
	return c.current, nil
}

func (c *certificateFiles) follow() {
	seen, err := c.stamps()
	if err == nil && seen == c.seen {
		return
	}
	if err == nil {
		err = c.load(seen)
	}
	if err != nil {
		c.log.Error("the certificate's files cannot be used, the earlier one is still served", "err", err)
		return
	}
	c.log.Info("another certificate is served", "until", c.current.Leaf.NotAfter)
}

// load looks at the files after their stamps were taken: what changes in between is loaded again at the next look.
func (c *certificateFiles) load(seen [2]stamp) error {
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil {
		return err
	}
	c.current, c.seen = &pair, seen
	return nil
}

func (c *certificateFiles) stamps() (seen [2]stamp, err error) {
	for i, path := range []string{c.cert, c.key} {
		var info fs.FileInfo
		if info, err = os.Stat(path); err != nil {
			return seen, err
		}
		seen[i] = stamp{info.ModTime(), info.Size()}
	}
	return seen, nil
}
