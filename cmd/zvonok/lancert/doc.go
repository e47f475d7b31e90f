// Package lancert makes and keeps the certificate with which a server without a domain speaks https to its own network.
//
// It owns two files in its folder, cert.pem and key.pem. It starts no goroutine, reads no clock (now is passed in), and
// imports nothing else of ours.
package lancert
