// Package demo makes the school that people try Zvonok with: two classes, a teacher, pupils, an administrator and a
// lesson today.
//
// It owns no state, starts no goroutine and reads no clock; it may import storage and api/signin. Making the school again
// changes nothing but adds a lesson when the last one is over, and fresh links.
package demo
