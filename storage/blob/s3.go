package blob

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// S3Config names a bucket. Every field but Region and Prefix is needed.
type S3Config struct {
	Endpoint  string // host or host:port
	Region    string // empty: us-east-1
	Bucket    string
	AccessKey string
	SecretKey string
	Secure    bool   // TLS
	Prefix    string // before every key; a valid key or empty
}

// Validate names the first thing that is wrong.
func (c S3Config) Validate() error {
	switch {
	case c.Endpoint == "":
		return errors.New("blob: S3 endpoint is missing")
	case c.Bucket == "":
		return errors.New("blob: S3 bucket is missing")
	case c.AccessKey == "" || c.SecretKey == "":
		return errors.New("blob: S3 keys are missing")
	}
	if c.Prefix == "" {
		return nil
	}
	return ValidKey(c.Prefix)
}

const (
	// hashMeta is the user metadata that holds the object's SHA-256 in hex.
	hashMeta = "Sha256"
	// partSize is how much of a large object goes into one request, in bytes.
	partSize = 16 << 20
)

// S3 keeps objects in a bucket of any server that speaks S3.
type S3 struct {
	core   minio.Core
	http   *http.Transport
	bucket string
	prefix string // empty or ends in a slash
}

var _ Store = (*S3)(nil)

// NewS3 prepares the client; it does not talk to the server yet ([S3.Ping] does).
func NewS3(c S3Config) (*S3, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if c.Region == "" {
		c.Region = "us-east-1"
	}
	wire := transport()
	client, err := minio.New(c.Endpoint, &minio.Options{
		Creds:     credentials.NewStaticV4(c.AccessKey, c.SecretKey, ""),
		Secure:    c.Secure,
		Region:    c.Region,
		Transport: wire,
		// Whoever calls has a retry of their own with longer pauses.
		MaxRetries: 3,
	})
	if err != nil {
		return nil, fmt.Errorf("blob: S3 client: %w", err)
	}
	s := &S3{core: minio.Core{Client: client}, http: wire, bucket: c.Bucket}
	if c.Prefix != "" {
		s.prefix = c.Prefix + "/"
	}
	return s, nil
}

// transport bounds every step that could hang; the body's time is the caller's context.
func transport() *http.Transport {
	dialer := &net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           dialer.DialContext,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: 30 * time.Second,
		ExpectContinueTimeout: 2 * time.Second,
		IdleConnTimeout:       60 * time.Second,
		MaxIdleConnsPerHost:   32,
		MaxConnsPerHost:       64,
		DisableCompression:    true,
	}
}

// Close drops idle connections.
func (s *S3) Close() error {
	s.http.CloseIdleConnections()
	return nil
}

// Ping says whether the bucket can be reached with these keys: [ErrBucket] when the server answers otherwise.
func (s *S3) Ping(ctx context.Context) error {
	ok, err := s.core.BucketExists(ctx, s.bucket)
	var answer minio.ErrorResponse
	switch {
	case err == nil && ok:
		return nil
	case err == nil:
		return fmt.Errorf("%w: %s does not exist", ErrBucket, s.bucket)
	case errors.As(err, &answer) && answer.StatusCode >= 400 && answer.StatusCode < 500:
		return fmt.Errorf("%w: %s: %s", ErrBucket, s.bucket, answer.Code)
	}
	return fmt.Errorf("blob: S3 server: %w", err)
}

// Put implements [Store]. An object that is there already with this hash is not sent again.
func (s *S3) Put(ctx context.Context, key string, r io.Reader, size int64, sha256 []byte) error {
	if err := ValidKey(key); err != nil {
		return err
	}
	v, err := newVerifier(r, size, sha256)
	if err != nil {
		return err
	}
	hash := hex.EncodeToString(sha256)
	if there, err := s.core.StatObject(ctx, s.bucket, s.prefix+key, minio.StatObjectOptions{}); err == nil &&
		there.Size == size && there.UserMetadata[hashMeta] == hash {
		_, err := io.Copy(io.Discard, v) // a wrong source is an error here too
		return err
	}
	_, err = s.core.Client.PutObject(ctx, s.bucket, s.prefix+key, v, size, minio.PutObjectOptions{
		ContentType:  "application/octet-stream",
		UserMetadata: map[string]string{hashMeta: hash},
		PartSize:     partSize,
	})
	if v.err != nil && v.err != io.EOF {
		err = v.err // the client reports it as a broken request
	}
	if err != nil {
		return fmt.Errorf("blob: put %s: %w", key, notFound(err))
	}
	return nil
}

// Get implements [Store].
func (s *S3) Get(ctx context.Context, key string, off, n int64) (io.ReadCloser, error) {
	if err := ValidKey(key); err != nil {
		return nil, err
	}
	if off < 0 {
		return nil, fmt.Errorf("blob: get %s at %d: %w", key, off, ErrRange)
	}
	opts := minio.GetObjectOptions{}
	switch {
	case n == 0:
		return s.nothing(ctx, key, off)
	case n > 0:
		if err := opts.SetRange(off, off+n-1); err != nil {
			return nil, fmt.Errorf("blob: get %s: %w", key, err)
		}
	case off > 0:
		if err := opts.SetRange(off, 0); err != nil {
			return nil, fmt.Errorf("blob: get %s: %w", key, err)
		}
	}
	body, _, _, err := s.core.GetObject(ctx, s.bucket, s.prefix+key, opts)
	var answer minio.ErrorResponse
	if errors.As(err, &answer) && answer.StatusCode == http.StatusRequestedRangeNotSatisfiable {
		return s.nothing(ctx, key, off) // the end itself is a place, beyond it is not
	}
	if err != nil {
		return nil, fmt.Errorf("blob: get %s: %w", key, notFound(err))
	}
	return body, nil
}

// nothing is the empty reader at off, when the object reaches that far.
func (s *S3) nothing(ctx context.Context, key string, off int64) (io.ReadCloser, error) {
	info, err := s.Stat(ctx, key)
	if err != nil {
		return nil, err
	}
	if off > info.Size {
		return nil, fmt.Errorf("blob: get %s at %d: %w", key, off, ErrRange)
	}
	return http.NoBody, nil
}

// Stat implements [Store].
func (s *S3) Stat(ctx context.Context, key string) (Info, error) {
	if err := ValidKey(key); err != nil {
		return Info{}, err
	}
	info, err := s.core.StatObject(ctx, s.bucket, s.prefix+key, minio.StatObjectOptions{})
	if err != nil {
		return Info{}, fmt.Errorf("blob: stat %s: %w", key, notFound(err))
	}
	return Info{Key: key, Size: info.Size}, nil
}

// Delete implements [Store].
func (s *S3) Delete(ctx context.Context, key string) error {
	if err := ValidKey(key); err != nil {
		return err
	}
	err := notFound(s.core.RemoveObject(ctx, s.bucket, s.prefix+key, minio.RemoveObjectOptions{}))
	if err != nil && !errors.Is(err, ErrNotFound) {
		return fmt.Errorf("blob: delete %s: %w", key, err)
	}
	return nil
}

// List implements [Store].
func (s *S3) List(ctx context.Context, prefix, after string, limit int) ([]Info, error) {
	if err := validList(prefix, after, limit); err != nil {
		return nil, err
	}
	opts := minio.ListObjectsOptions{Prefix: s.prefix + prefix, Recursive: true, MaxKeys: limit}
	if after != "" {
		opts.StartAfter = s.prefix + after
	}
	var found []Info
	for o := range s.core.ListObjectsIter(ctx, s.bucket, opts) {
		if o.Err != nil {
			return nil, fmt.Errorf("blob: list %s: %w", prefix, o.Err)
		}
		found = append(found, Info{Key: strings.TrimPrefix(o.Key, s.prefix), Size: o.Size})
		if len(found) == limit {
			break
		}
	}
	return found, ctx.Err()
}

// notFound turns the server's ways of saying "no such object" into [ErrNotFound].
func notFound(err error) error {
	var answer minio.ErrorResponse
	if errors.As(err, &answer) && (answer.Code == minio.NoSuchKey || answer.StatusCode == http.StatusNotFound && answer.Code != minio.NoSuchBucket) {
		return ErrNotFound
	}
	return err
}
