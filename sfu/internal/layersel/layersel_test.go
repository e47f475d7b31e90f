package layersel_test

import (
	"math/rand/v2"
	"testing"

	"github.com/zvonok/zvonok/sfu/internal/layersel"
)

var three = []layersel.Layer{{Alive: true, Height: 180}, {Alive: true, Height: 360}, {Alive: true, Height: 720}}

func TestTheLayerFitsTheHeight(t *testing.T) {
	dead := func(layers ...int) []layersel.Layer {
		out := append([]layersel.Layer(nil), three...)
		for _, l := range layers {
			out[l].Alive = false
		}
		return out
	}
	unknown := []layersel.Layer{{Alive: true}, {Alive: true}, {Alive: true}}
	for name, c := range map[string]struct {
		choice layersel.Choice
		layers []layersel.Layer
		want   int
	}{
		"nothing wanted":         {layersel.Choice{Height: 0, Current: 1}, three, -1},
		"thumbnail":              {layersel.Choice{Height: 90, Current: -1}, three, 0},
		"exactly small":          {layersel.Choice{Height: 180, Current: -1}, three, 0},
		"a little more":          {layersel.Choice{Height: 210, Current: -1}, three, 0},
		"middle":                 {layersel.Choice{Height: 300, Current: -1}, three, 1},
		"large":                  {layersel.Choice{Height: 1080, Current: -1}, three, 2},
		"limited":                {layersel.Choice{Height: 1080, Limit: 360, Current: -1}, three, 1},
		"limited to nothing":     {layersel.Choice{Height: 1080, Limit: 100, Current: -1}, three, -1},
		"top died":               {layersel.Choice{Height: 720, Current: 2}, dead(2), 1},
		"only the top lives":     {layersel.Choice{Height: 90, Current: -1}, dead(0, 1), 2},
		"all died":               {layersel.Choice{Height: 90, Current: 2}, dead(0, 1, 2), 2},
		"never lived":            {layersel.Choice{Height: 90, Current: -1}, dead(0, 1, 2), -1},
		"no layers":              {layersel.Choice{Height: 90, Current: -1}, nil, -1},
		"unknown heights":        {layersel.Choice{Height: 360, Current: -1}, unknown, 1},
		"stays above the border": {layersel.Choice{Height: 215, Current: 1}, three, 1},
		"stays below the border": {layersel.Choice{Height: 225, Current: 0}, three, 0},
	} {
		if got := layersel.Choose(c.choice, c.layers); got != c.want {
			t.Errorf("%s: layer %d, not %d", name, got, c.want)
		}
	}
}

func TestTheChoiceDoesNotFlap(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 1000 {
		height := 60 + rng.IntN(1000)
		current, changes := -1, 0
		for range 20 {
			next := layersel.Choose(layersel.Choice{Height: height + rng.IntN(5) - 2, Current: current}, three)
			if current >= 0 && next != current {
				changes++
			}
			current = next
		}
		if changes > 1 {
			t.Fatalf("%d changes near %d", changes, height)
		}
	}
}

func TestHeightsFollowTheOneThatIsKnown(t *testing.T) {
	if got := layersel.Heights([]layersel.Layer{{}, {Height: 240}, {}}); got != [3]int{120, 240, 480} {
		t.Errorf("%v", got)
	}
}
