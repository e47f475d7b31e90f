// Package catalog is the database: the models, the repositories, the migrations and the embedded PostgreSQL cluster.
//
// It owns the connection pool and, when no server is configured, the PostgreSQL child process. Its methods may be
// called from any goroutine. It imports pgx and goose and nothing else of ours. Every query runs inside
// [Catalog.In], which names the school for row-level security; the few look-ups before sign-in are SECURITY DEFINER
// functions. Times are UTC.
package catalog
