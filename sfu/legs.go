package sfu

import (
	"github.com/zvonok/zvonok/sfu/internal/layersel"
	"github.com/zvonok/zvonok/sfu/media"
)

// The methods in this file run on the room's goroutine.

// installPublish makes leg the participant's publish transport and begins to receive.
func (r *Room) installPublish(p *Participant, leg *publishLeg) error {
	if !p.present {
		return ErrClosed
	}
	r.dropPublish(p)
	p.publish = leg
	r.census.publishing.Add(1)
	for i, src := range p.sources {
		src.published = true
		src.allowed.Store(leg.allowed[i])
		r.noteOpening(src)
	}
	r.dirty = true
	leg.listen(
		func(s LegState) { r.post(func() { r.legState(p, leg, nil, s) }) },
		func(src media.Source, layer uint8, ssrc uint32) *upTrack {
			if leg.closed() {
				return nil
			}
			u := newUpTrack(r, p.sources[src], layer, ssrc, leg.codecs, leg.pc.WriteRTCP)
			r.post(func() { r.addUpTrack(p, leg, u) })
			return u
		})
	return nil
}

func (r *Room) addUpTrack(p *Participant, leg *publishLeg, u *upTrack) {
	if p.publish != leg {
		return
	}
	if old := u.source.layers[u.layer]; old != nil {
		delete(r.living, old)
	}
	u.source.layers[u.layer] = u
	r.living[u] = true
	r.dirty = true
}

// dropPublish takes the transport away; closing it goes on behind the room's back.
func (r *Room) dropPublish(p *Participant) {
	leg := p.publish
	if leg == nil {
		return
	}
	p.publish = nil
	r.census.publishing.Add(-1)
	for _, src := range p.sources {
		src.published = false
		src.allowed.Store(false)
		src.codec = media.CodecNone
		for i, u := range src.layers {
			delete(r.living, u)
			src.layers[i] = nil
		}
		r.noteOpening(src)
	}
	r.dirty = true
	r.legs.Go(leg.close)
}

// installSubscribe makes leg the participant's subscribe transport; its slots fill once it is connected.
func (r *Room) installSubscribe(p *Participant, leg *subscribeLeg) error {
	if !p.present {
		return ErrClosed
	}
	r.dropSubscribe(p)
	p.subscribe = leg
	r.census.subscribing.Add(1)
	leg.shard = r.shards[0]
	for _, s := range r.shards {
		if s.load < leg.shard.load {
			leg.shard = s
		}
	}
	leg.shard.load++
	shard, downs := leg.shard, leg.downs
	shard.do(func() {
		leg.link.attach(shard)
		shard.watch(leg.path)
		for _, d := range downs {
			shard.add(d)
		}
	})
	if leg.path != nil {
		leg.path.ask = shard.ask
	}
	p.path.Store(leg.path)
	leg.link.listen(
		func(s LegState) { r.post(func() { r.legState(p, nil, leg, s) }) },
		func(slot int, nack []uint16) { shard.ask(feedback{down: downs[slot], nack: nack}) })
	return nil
}

func (r *Room) dropSubscribe(p *Participant) {
	leg := p.subscribe
	if leg == nil {
		return
	}
	p.subscribe = nil
	p.path.Store(nil)
	r.census.subscribing.Add(-1)
	leg.shard.load--
	leg.shard.do(func() {
		for _, d := range leg.downs {
			leg.shard.remove(d)
		}
		leg.shard.unwatch(leg.path)
	})
	r.legs.Go(leg.link.close)
}

// legState takes what a transport tells of itself; news of one that was replaced is dropped.
func (r *Room) legState(p *Participant, pub *publishLeg, sub *subscribeLeg, s LegState) {
	leg := PublishLeg
	if sub != nil {
		leg = SubscribeLeg
		if p.subscribe != sub {
			return
		}
		sub.connected = s == LegConnected
		r.dirty = true
	} else if p.publish != pub {
		return
	}
	r.events.LegChanged(p.id, leg, s)
	if s != LegFailed {
		return
	}
	if sub != nil {
		r.dropSubscribe(p)
	} else {
		r.dropPublish(p)
	}
}

// codecChanged is called by an encoding's goroutine when its packets change their codec.
func (r *Room) codecChanged(src *upSource, c media.Codec) {
	r.post(func() {
		if src.published && src.codec != c {
			src.codec = c
			r.dirty = true
		}
	})
}

// chooseCodec takes the best codec that everybody can decode, and of those the best that everybody can encode. When
// there is none, the one that most can decode: the others are told what they cannot see.
func (r *Room) chooseCodec() {
	best, bestScore := media.CodecNone, -1
	for _, c := range videoCodecs {
		decoders, encoders := 0, 0
		for _, p := range r.people {
			if p.canDecode(c.codec) != 0 {
				decoders++
			}
			if p.canEncode(c.codec) {
				encoders++
			}
		}
		score := decoders*(len(r.people)+1) + encoders
		if score > bestScore {
			best, bestScore = c.codec, score
		}
	}
	if len(r.people) > 0 && best != r.codec {
		r.codec = best
		r.events.CodecChanged(best)
	}
}

// layersOf describes a source's encodings for the choice of one. A single encoding counts as living: a still share
// sends nothing for long.
func (r *Room) layersOf(src *upSource) (layers []layersel.Layer) {
	n, last := 0, -1
	layers = make([]layersel.Layer, 0, maxLayers)
	for i, u := range src.layers {
		l := layersel.Layer{}
		if u != nil {
			l = layersel.Layer{Alive: r.living[u], Height: int(u.height.Load())}
			n++
			last = i
		}
		layers = append(layers, l)
	}
	layers = layers[:last+1]
	if n == 1 {
		layers[last].Alive = true
	}
	return layers
}
