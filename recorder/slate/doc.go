// Package slate makes what is shown where nobody's picture was recorded, and heard where no mix is: still paper, and
// silence, as CMAF at any place of the time line.
//
// It is pure and starts no goroutine; its functions may be called from any. It imports recorder/internal/{mux,opus} and
// sfu/media. Times are microseconds since the recording's start. The two clips were made once with ffmpeg 5.1 (640x360,
// 2 pictures a second, colour 0xF7F3EA): paper.h264 by libx264 (constrained baseline), paper.ivf by libvpx-vp9.
//
// Slates are not secret: they are not encrypted and are the same in every recording.
package slate
