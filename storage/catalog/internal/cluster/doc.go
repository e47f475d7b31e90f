// Package cluster runs a private PostgreSQL server: it unpacks the programs, makes the data folder, starts the server on
// a Unix socket as an unprivileged user, watches it, and stops it.
//
// It owns the server process. One goroutine, started by [Start] and joined by [Cluster.Close], starts the process again
// should it end by itself. A server that outlived a killed Zvonok is stopped and started anew by the next one; two Zvonoks
// never share a folder (a lock on it says so). Linux only. It imports pgx and nothing else of ours. Sizes are bytes.
package cluster
