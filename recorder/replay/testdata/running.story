# While it runs: the slate in whole pieces, the last span as far as it is indexed.
running
track teacher camera h264
stage 0 slate
stage 7.2 teacher
seg teacher 7.2 11.2
seg teacher 11.2 17.2
mix 0 18 7.2
