# Nobody has a camera; a share is on for a while.
duration 30
track share share h264
stage 0 slate
stage 5 share
stage 21 slate
seg share 5 15
seg share 15 21
mix 0 30 5 21
