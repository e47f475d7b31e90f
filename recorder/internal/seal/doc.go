// Package seal encrypts what leaves the recorder: HLS AES-128 for media objects, and the master key's wrapping of the
// tracks' keys.
//
// It owns no state and starts no goroutine; its functions may be called from any. It imports nothing of ours.
// Sizes are bytes. A media object is AES-128-CBC with PKCS #7 padding under its track's key and a random IV of its own
// (RFC 8216, section 4.3.2.4); a wrapped key is AES-256-GCM under the master key, bound to the track's id.
package seal
