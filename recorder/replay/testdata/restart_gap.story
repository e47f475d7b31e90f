# The program was killed at 8.2 and continued at 12: other tracks, the mix is silent between.
duration 20
track teacher camera h264
track again camera h264
stage 0 slate
stage 0.1 teacher
stage 8.2 slate
stage 12.4 again
seg teacher 0.1 4.1
seg teacher 4.1 8.2
seg again 12.4 16.4
seg again 16.4 20
mix 0 20 0.1 8.2 12.4
