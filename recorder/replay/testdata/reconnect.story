# The teacher's connection breaks: three seconds of slate, then a new segment of the same track.
duration 20
track teacher camera h264
stage 0 slate
stage 0.1 teacher
stage 8 slate
stage 11 teacher
seg teacher 0.1 6.1
seg teacher 6.1 8
seg teacher 11 15
seg teacher 15 20
mix 0 20 0.1 8 11
