package main

import (
	"maps"
	"slices"
	"strconv"

	"github.com/zvonok/zvonok/api"
	"github.com/zvonok/zvonok/recorder"
	"github.com/zvonok/zvonok/sfu"
	"github.com/zvonok/zvonok/signaling"
	"github.com/zvonok/zvonok/storage/tally"
)

// watched are the parts that exist once the database has answered.
type watched struct {
	recorder *recorder.Recorder
	rooms    *signaling.Server
}

// figures are the parts' numbers for /metrics: of none of them a name or an id is a label, and which series there are
// does not depend on what clients send.
func (s *server) figures() []api.Figure {
	all := mediaFigures(s.media.Stats())
	if w := s.watched.Load(); w != nil {
		all = slices.Concat(all, recorderFigures(w.recorder.Stats()), roomFigures(w.rooms.Stats()))
	}
	return all
}

func gauge[N int | uint64 | float64](name, help string, value N) api.Figure {
	return api.Figure{Name: name, Help: help, Value: float64(value)}
}

func counter(name, help string, value uint64) api.Figure {
	return api.Figure{Name: name, Help: help, Counter: true, Value: float64(value)}
}

// mediaFigures puts the forwarding's counters into /metrics.
func mediaFigures(s sfu.Stats) []api.Figure {
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

func recorderFigures(s recorder.Stats) []api.Figure {
	return append([]api.Figure{
		gauge("zvonok_recorder_recordings", "Recordings that run.", s.Running),
		gauge("zvonok_recorder_waiting", "Recordings that were open at the last end of the program and that nobody has continued yet.", s.Waiting),
		gauge("zvonok_recorder_tracks", "Tracks of the recordings that run, the mixes included.", s.Tracks),
		counter("zvonok_recorder_written_bytes_total", "Bytes of media taken into segments.", s.WrittenBytes),
		counter("zvonok_recorder_stored_bytes_total", "Bytes of objects that the store has verified.", s.StoredBytes),
		gauge("zvonok_recorder_spool_bytes", "Bytes in the spool, looked at every ten seconds.", s.SpoolBytes),
		gauge("zvonok_recorder_spool_oldest_seconds", "How long the oldest object has waited for the store; 0 when none does.", s.Oldest.Seconds()),
		gauge("zvonok_recorder_spool_troubles", "Recordings whose spool refuses to take more.", s.SpoolTroubles),
		counter("zvonok_recorder_upload_errors_total", "Attempts to upload or index that failed; each is tried again.", s.UploadErrors),
		counter("zvonok_recorder_gaps_total", "Gaps in recordings, by restarts and by rooms that ended by a mistake.", s.Gaps),
		counter("zvonok_recorder_refused_tracks_total", "Sources that the policy does not let be recorded.", s.Refused),
		counter("zvonok_recorder_lost_packets_total", "Packets that did not fit a recording's queue.", s.Lost),
		gauge("zvonok_recorder_mix_lag_seconds", "How far the mix that is furthest behind is behind the present; 0.35 is right.", s.MixLag.Seconds()),
	}, histogram("zvonok_recorder_durable_delay_seconds", "How far what is durable on disk lies behind the present, each second.", s.Delay)...)
}

func roomFigures(s signaling.Stats) []api.Figure {
	all := []api.Figure{
		gauge("zvonok_signaling_rooms", "Lessons that have a room: waiting, live or ending.", s.Rooms),
		counter("zvonok_signaling_resumed_total", "Sessions that went on with a new socket.", s.Resumed),
	}
	for _, role := range slices.Sorted(maps.Keys(s.People)) {
		f := gauge("zvonok_signaling_people", "People and devices inside, by role.", s.People[role])
		f.Labels = map[string]string{"role": role}
		all = append(all, f)
	}
	labelled := func(name, help, label string, counts map[string]uint64) {
		for _, value := range slices.Sorted(maps.Keys(counts)) {
			f := counter(name, help, counts[value])
			f.Labels = map[string]string{label: value}
			all = append(all, f)
		}
	}
	labelled("zvonok_signaling_messages_total", "Messages of clients, by type.", "type", s.Messages)
	labelled("zvonok_signaling_refused_total", "Messages that were refused, by reason.", "reason", s.Refused)
	return append(all, histogram("zvonok_signaling_join_seconds", "From a socket's beginning to the welcome.", s.Joins)...)
}

// histogram puts what was counted under the names that Prometheus' functions expect.
func histogram(name, help string, r tally.Reading) []api.Figure {
	var all []api.Figure
	for i, bound := range append(slices.Clone(r.Bounds), 0) {
		le, n := "+Inf", r.Count
		if i < len(r.Bounds) {
			le, n = strconv.FormatFloat(bound, 'g', -1, 64), r.UpTo[i]
		}
		f := counter(name+"_bucket", help, n)
		f.Labels = map[string]string{"le": le}
		all = append(all, f)
	}
	sum := api.Figure{Name: name + "_sum", Help: help, Counter: true, Value: r.Sum}
	return append(all, sum, counter(name+"_count", help, r.Count))
}
