// Command zvonok is the whole school server: serve (the default) runs it, admin lets a locked-out administrator back in,
// settings lists what can be configured, version names the build.
//
// It owns the process: settings, listeners, the order in which everything starts and stops, and the places where parts
// that never meet are joined (signaling and recorder). It may import every room of the house. Text for people goes to
// standard output, logs to standard error.
package main
