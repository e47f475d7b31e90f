# VP9 alone makes a VP9 slate; a VP8 camera is archived and not shown.
duration 12
track teacher camera vp9
track old camera vp8
stage 0 slate
stage 1 teacher
stage 6 old
seg teacher 1 6
seg old 6 12
mix 0 12 1 6
