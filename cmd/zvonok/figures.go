package main

import (
	"github.com/zvonok/zvonok/api"
	"github.com/zvonok/zvonok/sfu"
)

// mediaFigures puts the forwarding's counters into /metrics.
func mediaFigures(s sfu.Stats) []api.Figure {
	gauge := func(name, help string, value int) api.Figure {
		return api.Figure{Name: name, Help: help, Value: float64(value)}
	}
	counter := func(name, help string, value uint64) api.Figure {
		return api.Figure{Name: name, Help: help, Counter: true, Value: float64(value)}
	}
	all := []api.Figure{
		gauge("zvonok_rooms", "Open rooms.", s.Rooms),
		gauge("zvonok_participants", "People in rooms.", s.Participants),
		gauge("zvonok_publish_transports", "Connected transports that send to us.", s.PublishLegs),
		gauge("zvonok_subscribe_transports", "Connected transports that we send to.", s.SubscribeLegs),
		counter("zvonok_packets_received_total", "Media packets received.", s.Received),
		counter("zvonok_received_bytes_total", "Their bytes.", s.ReceivedBytes),
		counter("zvonok_packets_forwarded_total", "Media packets sent.", s.Forwarded),
		counter("zvonok_forwarded_bytes_total", "Their bytes.", s.ForwardedBytes),
		counter("zvonok_packets_retransmitted_total", "Packets sent again because they were asked for.", s.Retransmitted),
		counter("zvonok_packets_recorded_total", "Packets handed to the recorder.", s.Tapped),
		counter("zvonok_keyframe_requests_total", "Keyframes asked of publishers.", s.KeyframeRequests),
		counter("zvonok_media_panics_total", "Rooms that ended by a mistake of the program.", s.RecoveredPanic),
	}
	for i, n := range s.Drops {
		f := counter("zvonok_packets_dropped_total", "Packets that were not forwarded, by reason.", n)
		f.Labels = map[string]string{"reason": sfu.DropReason(i).String()}
		all = append(all, f)
	}
	return all
}
