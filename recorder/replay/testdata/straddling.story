# Rows that no recorder writes: a segment begins before its span, another outlasts it, the mix is not cut.
duration 16
track teacher camera h264
track pupil camera h264
stage 0 slate
stage 0.1 teacher
stage 5 pupil
stage 9 teacher
seg teacher 0.1 6
seg teacher 6 10
seg teacher 10 16
seg pupil 5 9
mix 0 16
