package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/zvonok/zvonok/storage/blob"
	"github.com/zvonok/zvonok/storage/catalog"
)

const (
	// objectTime bounds the reading of one object from the store.
	objectTime = 30 * time.Second
	// maxObject bounds its memory; a segment of twelve seconds is far smaller.
	maxObject = 64 << 20
	// slowest is the link, in bytes per second, that still gets a whole object before its deadline.
	slowest = 8 << 10
)

// stored is one object of a recording as its row describes it.
type stored struct {
	key    string
	bytes  int64
	sha256 []byte
}

func (s *Server) serveInit(v *visit, i catalog.Init, c echo.Context) error {
	return s.serveObject(v, stored{i.Object, i.Bytes, i.SHA256}, c)
}

func (s *Server) serveSegment(v *visit, g catalog.Segment, c echo.Context) error {
	return s.serveObject(v, stored{g.Object, g.Bytes, g.SHA256}, c)
}

// serveObject sends an object, or the range of it that was asked for, after its SHA-256 was found right. Verifying wants
// the whole object in memory; a gate bounds how many are there at once.
func (s *Server) serveObject(v *visit, o stored, c echo.Context) error {
	select {
	case s.verified <- struct{}{}:
	case <-v.ctx.Done():
		return v.ctx.Err()
	}
	defer func() { <-s.verified }()
	body, err := s.readVerified(v, o)
	if err != nil {
		return err
	}
	w := c.Response()
	// The server's write timeout is for answers of a few kilobytes.
	allowed := 30*time.Second + time.Duration(len(body)/slowest)*time.Second
	if err := http.NewResponseController(w).SetWriteDeadline(time.Now().Add(allowed)); err != nil {
		v.log.Debug("no write deadline", "err", err)
	}
	w.Header().Set("Cache-Control", forever)
	w.Header().Set(echo.HeaderContentType, mediaType)
	w.Header().Set("ETag", `"`+hex.EncodeToString(o.sha256)+`"`)
	http.ServeContent(w, c.Request(), "", time.Time{}, bytes.NewReader(body))
	return nil
}

func (s *Server) readVerified(v *visit, o stored) ([]byte, error) {
	if o.bytes < 0 || o.bytes > maxObject {
		return nil, s.damagedObject(v, o, errors.New("impossible size"))
	}
	ctx, cancel := context.WithTimeout(v.ctx, objectTime)
	defer cancel()
	r, err := v.services.Objects.Get(ctx, o.key, 0, -1)
	if errors.Is(err, blob.ErrNotFound) {
		return nil, s.damagedObject(v, o, err)
	}
	if err != nil {
		v.log.Error("object not read", "object", o.key, "err", err)
		return nil, storageAway()
	}
	defer r.Close() //nolint:errcheck // read to the end or given up
	body := make([]byte, 0, o.bytes+1)
	buffer := bytes.NewBuffer(body)
	if _, err := io.Copy(buffer, io.LimitReader(r, o.bytes+1)); err != nil {
		v.log.Error("object not read", "object", o.key, "err", err)
		return nil, storageAway()
	}
	sum := sha256.Sum256(buffer.Bytes())
	if int64(buffer.Len()) != o.bytes || !bytes.Equal(sum[:], o.sha256) {
		return nil, s.damagedObject(v, o, fmt.Errorf("%d bytes with another hash", buffer.Len()))
	}
	return buffer.Bytes(), nil
}

func (s *Server) damagedObject(v *visit, o stored, why error) *Problem {
	s.metrics.damaged.Inc()
	v.log.Error("stored object is damaged", "object", o.key, "err", why)
	return problem(http.StatusBadGateway, CodeDamaged, "this part of the recording is damaged in the store")
}
