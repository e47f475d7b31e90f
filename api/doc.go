// Package api is the HTTP side of Zvonok: the server with its limits and headers, the routes and who may take them,
// sign-in and sessions, one file per resource, the doors through which devices come with a token, the playlists, segments
// and keys of a replay, and the web client's files.
//
// It owns the listening http.Servers and no state but the sign-in throttle and its own counters; handlers run on
// net/http's goroutines, one per request. It may import signaling, recorder, storage and web, and is the only room that
// knows echo, huma and Prometheus. Times on the wire are RFC 3339 in UTC, positions in a recording seconds.
package api
