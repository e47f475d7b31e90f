# A browser without H.264 joins: from then on all send VP9.
duration 12
track teacher camera h264
track after camera vp9
stage 0 slate
stage 0.1 teacher
stage 6 after
seg teacher 0.1 6
seg after 6 12
mix 0 12 0.1 6
