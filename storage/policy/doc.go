// Package policy decides who may do what: every HTTP route, signaling message and object read names an [Action] and
// asks [May] before it does anything. What is not allowed here is denied.
//
// It owns no state and starts no goroutine; its functions are pure, may be called from any goroutine and read no clock:
// time is an argument. It imports nothing else of ours. Ids are the catalog's.
package policy
