// Command tsgen writes the web client's half of the signaling protocol: TypeScript types and strict decoders, from
// the Go structs that the server itself decodes into and encodes from.
//
// It owns nothing and runs on one goroutine, from go generate. It imports signaling only.
package main
