// Package catalogtest gives tests a real PostgreSQL: one throw-away cluster per test process, a fresh database per test.
//
// It owns the cluster, which ends with the process (its watching goroutine, cluster.(*Cluster).run, lives as long), and
// each test's database, which ends with the test. Its functions may be called from parallel tests. It imports the
// catalog and nothing else of ours.
package catalogtest
