// Command impaird puts a bad network (package impair) between clients that are not in the test's process, browsers for
// one, and a server. It belongs to the tests and is not shipped: only cmd/zvonok is built for a release.
//
//	go run ./sfu/sfutest/impaird -server 127.0.0.1:7881 [-tcp 127.0.0.1:443] [-seed 1] [-script file]
//
// It prints one line "udp ADDRESS" (and "tcp ADDRESS") for each door that it opens, then "ok STEP" for each step of the
// script (see impair.ParseScript) and for each line on stdin, which is a step without a time and applies at once; the
// line "counts" prints what was lost in both directions. It ends with stdin.
//
// The main goroutine reads stdin, another one plays the script, the link owns the rest. It imports package impair only.
package main
