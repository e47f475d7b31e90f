package recorder

import "errors"

var (
	// ErrClosed is returned after [Recorder.Close].
	ErrClosed = errors.New("recorder: closed")
	// ErrNoRoom: the lesson has no room to tap.
	ErrNoRoom = errors.New("recorder: the lesson has no room")
	// ErrRunning: the recording is running and cannot be deleted.
	ErrRunning = errors.New("recorder: the recording is running")
	// ErrConfig: the configuration lacks something.
	ErrConfig = errors.New("recorder: bad configuration")
)
