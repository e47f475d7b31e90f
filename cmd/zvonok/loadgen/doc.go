// Package loadgen puts a load of thin headless participants on the forwarding path and measures it: joins a second,
// packets a second, loss, latency and the processor time that one forwarded packet costs.
//
// It owns its participants and the child process that holds the server under test; each participant is run by its
// own goroutines, which Close joins. It may import sfu (in the child only), Pion and the WebSocket library. Times are
// time.Duration on the monotonic clock of one machine, rates are per second, sizes bytes.
//
// What the publisher sends was recorded once from Chromium (see capture.go): the times, sizes and flags of the packets
// and what a server reads of their payloads; the rest of each payload is filler with a stamp at its end.
package loadgen
