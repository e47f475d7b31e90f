# The camera changes its size twice: a new map each time.
duration 18
track teacher camera h264
stage 0 slate
stage 0.1 teacher
seg teacher 0.1 4.1
seg teacher 4.1 6.5 init=2
seg teacher 6.5 12.5 init=1
seg teacher 12.5 18 init=1
mix 0 18 0.1 4.1 6.5
