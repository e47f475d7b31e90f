# Teacher and pupil take turns; the teacher's segments are cut where the stage leaves him.
duration 24
track teacher camera h264
track pupil camera h264
stage 0 slate
stage 0.1 teacher
stage 6.3 pupil
stage 11 teacher
stage 17.5 pupil
seg teacher 0.1 6.3
seg teacher 6.34 11 dependent
seg teacher 11 17.5
seg teacher 17.6 24 dependent
seg pupil 6.3 11
seg pupil 17.5 21.5
seg pupil 21.5 24
mix 0 24 0.1 6.3 11 17.5
