// Package sealtest watches sealed packets for tests.
//
// It owns a record of what was seen. A [Ledger] may be used by any goroutine. It imports the standard library only.
// Lengths are in bytes; a packet index is the unwrapped sequence number.
package sealtest
