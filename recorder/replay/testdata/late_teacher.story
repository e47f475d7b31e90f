# Pupils wait; the teacher comes after seven seconds.
duration 20
track teacher camera h264
stage 0 slate
stage 7.2 teacher
seg teacher 7.2 11.2
seg teacher 11.2 17.2
seg teacher 17.2 20
mix 0 20 7.2
