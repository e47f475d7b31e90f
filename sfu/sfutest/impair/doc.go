// Package impair is a bad network between real clients and a real server: a [Link] is one access network with two
// directions, and clients pass it through its doors, UDP ([Link.UDP]) and TCP ([Link.TCP]). The kernels that the tests
// run on have no netem, and a virtual network cannot hold a browser.
//
// A direction delays (with jitter), reorders, duplicates and loses (alone or in bursts) what passes, squeezes it through
// a bottleneck with a bounded queue that all doors and clients of the link share, or swallows it. What happens to a
// packet is a function of the link's seed, the flow's number, the direction and the packet's index in it, so that a run
// can be repeated. The shape of each direction may be replaced at any time, by hand or by a script ([ParseScript],
// [Link.Play]). A client's address may change towards the server ([Link.Rebind]), or stop to exist
// ([Link.LoseInterface]).
//
// A Link owns two goroutines (one a direction); a door owns a reader for each socket; Close joins all. The package
// imports nothing of ours. Probabilities are from 0 to 1, rates bit/s, sizes bytes.
package impair
