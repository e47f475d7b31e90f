# No picture at all, and the mix is silence.
duration 13.5
stage 0 slate
mix 0 13.5
