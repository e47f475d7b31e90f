// Package testmedia makes test streams: pictures by ffmpeg, tones by our own encoder, RTP packets of either, and looks at
// what came out. Tests only; it fails the test where ffmpeg is missing. It imports sfu/media and the recorder's opus.
package testmedia
