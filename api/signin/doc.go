// Package signin holds what proves who somebody is: the secrets of links and sessions, password hashes, the throttle on
// wrong tries, and the check of the place where a person lands afterwards.
//
// It owns the hashing gate and the throttle's memory, both safe from any goroutine; it starts no goroutine and reads no
// clock (times are passed in). It imports nothing else of ours. Secrets are never logged and never part of an error.
package signin
