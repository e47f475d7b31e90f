// Command pack writes the archive of PostgreSQL's programs: initdb, pg_ctl, postgres, the libraries that they load and
// the files that initdb reads. It recreates the symbolic links that the npm package would make after its installation.
//
// It owns the archive while it writes it, on one goroutine, once in the build (programs.sh); it imports nothing else of
// ours. Sizes are bytes.
package main
