# A camera stands still for long while it is on stage, and a mix segment was lost.
duration 20
track teacher camera h264
stage 0 slate
stage 0.1 teacher
seg teacher 0.1 4.1
seg teacher 4.4 8
seg teacher 12 20
mix 0 8 0.1
mix 12 20
