package cluster

import "errors"

var (
	// ErrInUse: another process runs on this data folder.
	ErrInUse = errors.New("cluster: another process uses this data folder")
	// ErrPrograms: PostgreSQL's programs are nowhere to be found.
	ErrPrograms = errors.New("cluster: no PostgreSQL programs")
	// ErrUser: the server refuses to run as root, and there is no other user to run it as.
	ErrUser = errors.New("cluster: no user to run the server as")
	// ErrFolder: the folder is not fit for the data; the text says why.
	ErrFolder = errors.New("cluster: data folder")
	// ErrStart: the server ends as soon as it is started; its log says why.
	ErrStart = errors.New("cluster: the server does not start")
)
