package blob

import "errors"

var (
	// ErrNotFound: there is no object of that key.
	ErrNotFound = errors.New("blob: no such object")
	// ErrKey: the key is not one that [ValidKey] accepts.
	ErrKey = errors.New("blob: bad key")
	// ErrMismatch: the bytes given to Put are not of the stated size or hash. Nothing was stored.
	ErrMismatch = errors.New("blob: size or hash does not match")
	// ErrRange: the offset lies outside of the object.
	ErrRange = errors.New("blob: offset outside of the object")
	// ErrBucket: the server answers, but there is no such bucket or it is closed to these keys.
	ErrBucket = errors.New("blob: no access to the bucket")
)
