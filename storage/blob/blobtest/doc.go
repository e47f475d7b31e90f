// Package blobtest is the contract of blob.Store as a test suite; every store has to pass it whole.
//
// It owns nothing and starts no goroutine but those of its own tests. It imports storage/blob and nothing else of ours.
package blobtest
