// Command s3server is a real S3 server (VersityGW over a folder) for tests: the contract suite of storage/blob runs
// against it in this module, and the browser tests start it as a program. It is a module of its own, so that the
// server's dependencies stay out of Zvonok's.
//
// It owns the server's goroutines and the listener; one server per process. It imports storage/blob in its tests only.
package main
