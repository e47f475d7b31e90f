// Package blob keeps objects: recorded segments, initialisation sections, key sidecars, exports.
//
// There are two stores behind one contract ([Store], proven by blobtest): [Folder] on a local disk and [S3] in a bucket.
// Their methods may be called from any goroutine; neither keeps state between calls, and neither starts a goroutine that
// outlives a call. It imports minio-go and nothing else of ours. Sizes and offsets are bytes; hashes are SHA-256.
package blob
