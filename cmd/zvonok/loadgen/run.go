package loadgen

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"time"
)

// Exit codes of Run.
const (
	exitOK    = 0
	exitError = 1
	exitUsage = 2
	// exitVoid: the generator was the bottleneck, the figures say nothing about the server.
	exitVoid = 3
)

// Run is `zvonok loadgen`: args are what follows that word. It returns the process's exit code.
func Run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("zvonok loadgen", flag.ContinueOnError)
	flags.SetOutput(stderr)
	var o options
	flags.IntVar(&o.Listeners, "lecture", 0, "one publisher and this many listeners, through a media server in a child process")
	flags.IntVar(&o.Meeting, "meeting", 0, "this many people who all send to all others")
	seconds := flags.Int("seconds", 20, "length of the measurement")
	flags.BoolVar(&o.Pin, "pin", runtime.NumCPU() > 1, "server on processor 0, generator on processor 1")
	flags.BoolVar(&o.Simulcast, "simulcast", false, "publish three encodings, not the largest alone")
	flags.BoolVar(&o.Joined, "gro", false, "listeners take packets that the kernel has joined: as cheap as it gets for the server")
	flags.BoolVar(&o.Floor, "floor", true, "measure in the same run what sealing and sending alone cost")
	flags.StringVar(&o.Profile, "profile", "", "write the server's processor profile to this file")
	flags.StringVar(&o.Server, "server", hallOurs, "the server under test: ours, tapped (ours with a tap on it, as a recorder's) or plain (Pion alone, to compare with)")
	hallKind := flags.String("hall", "", "be the server under test, of this kind: requests on stdin, answers on stdout")
	captureFile := flags.String("capture", "", "record what a browser sends to this file")
	talking := talkFlags(flags)
	if err := flags.Parse(args); err != nil {
		return exitUsage
	}
	var err error
	switch {
	case *hallKind != "":
		err = serveHall(*hallKind, os.Stdin, stdout)
	case *captureFile != "":
		err = captureTo(*captureFile, stdout)
	case talking.Link != "":
		err = talk(*talking, os.Stdin, stdout)
	case o.Listeners > 0 || o.Meeting > 1:
		o.Length = time.Duration(*seconds) * time.Second
		return runAndPrint(o, stdout, stderr)
	default:
		flags.Usage()
		return exitUsage
	}
	if err != nil {
		fmt.Fprintln(stderr, err)
		return exitError
	}
	return exitOK
}

func runAndPrint(o options, stdout, stderr io.Writer) int {
	r, err := o.run(stderr)
	if r.Window > 0 {
		r.print(stdout)
	}
	switch {
	case errors.Is(err, errVoid):
		fmt.Fprintln(stderr, err)
		return exitVoid
	case err != nil:
		fmt.Fprintln(stderr, err)
		return exitError
	}
	return exitOK
}
