package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/zvonok/zvonok/storage/catalog"
	"github.com/zvonok/zvonok/storage/policy"
)

type viewBody struct {
	ID   string `path:"id"`
	Body ViewPosition
}

func (s *Server) routesOfRecordings() {
	resource(s, http.MethodGet, "/recordings/{id}", policy.RecordingWatch, findRecording[byID], s.getRecording,
		operation{id: "getRecording", summary: "A recording with its time line"})
	resource(s, http.MethodDelete, "/recordings/{id}", policy.RecordingDelete, findRecording[byID], s.deleteRecording,
		operation{id: "deleteRecording", summary: "Delete a recording for good: its keys first, then its objects"})
	resource(s, http.MethodPut, "/recordings/{id}/view", policy.RecordingWatch, findRecording[viewBody], s.setView,
		operation{id: "setView", summary: "Remember where this person stopped watching"})
}

// recordingPath is any input that names a recording.
type recordingPath interface{ recordingID() string }

func (in byID) recordingID() string     { return in.ID }
func (in viewBody) recordingID() string { return in.ID }

func findRecording[I recordingPath](v *visit, in *I) (catalog.Recording, policy.Object, error) {
	id, err := parseID((*in).recordingID())
	if err != nil {
		return catalog.Recording{}, policy.Object{}, err
	}
	r, err := v.tx.Recording(id)
	return r, recordingObject(r), err
}

// card is a recording in a list.
func (v *visit) card(r catalog.Recording) (RecordingCard, error) {
	card := RecordingCard{
		ID: r.ID.String(), LessonID: r.LessonID.String(), Title: r.Title, ClassName: r.ClassName, StartedAt: r.StartedAt,
		Seconds: lengthOf(r, v.now).Seconds(), State: "ready", MayDelete: v.may(policy.RecordingDelete, recordingObject(r)),
	}
	switch {
	case r.EndedAt == nil:
		card.State = "live"
	case r.CompleteAt == nil:
		card.State = "finishing"
	}
	at, err := v.tx.View(r.ID, v.who.ID)
	if err != nil && !errors.Is(err, catalog.ErrNotFound) {
		return card, err
	}
	card.ResumeSeconds = seconds(at)
	return card, nil
}

func lengthOf(r catalog.Recording, now time.Time) time.Duration {
	if r.EndedAt != nil {
		now = *r.EndedAt
	}
	return max(0, now.Sub(r.StartedAt))
}

func seconds(us int64) float64 { return float64(us) / 1e6 }

func (s *Server) getRecording(v *visit, r catalog.Recording, _ *byID) (*Recording, error) {
	card, err := v.card(r)
	if err != nil {
		return nil, err
	}
	answer := &Recording{RecordingCard: card, Events: []RecordingEvent{}, Stage: []StageChange{}, Gaps: []Gap{}, Chat: []RecordedMessage{}}
	for _, fill := range []func(catalog.Recording, *Recording) error{v.fillEvents, v.fillStage, v.fillChat} {
		if err := fill(r, answer); err != nil {
			return nil, err
		}
	}
	return answer, nil
}

func (v *visit) fillEvents(r catalog.Recording, answer *Recording) error {
	events, err := v.tx.Events(r.ID)
	if err != nil {
		return err
	}
	names := v.names()
	for _, e := range events {
		var data map[string]any
		if err := json.Unmarshal(e.Data, &data); err != nil || data == nil {
			data = map[string]any{}
		}
		if e.Kind == "gap" {
			if to, ok := data["to_us"].(float64); ok {
				answer.Gaps = append(answer.Gaps, Gap{From: seconds(e.AtUS), To: to / 1e6})
			}
			continue
		}
		name, err := names(e.PersonID)
		if err != nil {
			return err
		}
		answer.Events = append(answer.Events, RecordingEvent{At: seconds(e.AtUS), Kind: e.Kind, PersonName: name, Data: data})
	}
	return nil
}

// names looks a person's name up once.
func (v *visit) names() func(*uuid.UUID) (string, error) {
	known := map[uuid.UUID]string{}
	return func(id *uuid.UUID) (string, error) {
		if id == nil {
			return "", nil
		}
		if name, ok := known[*id]; ok {
			return name, nil
		}
		p, err := v.tx.Person(*id)
		if err != nil && !errors.Is(err, catalog.ErrNotFound) {
			return "", err
		}
		known[*id] = p.Name
		return p.Name, nil
	}
}

func (v *visit) fillStage(r catalog.Recording, answer *Recording) error {
	spans, err := v.tx.Stage(r.ID)
	if err != nil {
		return err
	}
	tracks, err := v.tx.Tracks(r.ID)
	if err != nil {
		return err
	}
	known := make(map[uuid.UUID]catalog.Track, len(tracks))
	for _, t := range tracks {
		known[t.ID] = t
	}
	for _, span := range spans {
		change := StageChange{At: seconds(span.StartUS), Source: "slate"}
		if span.TrackID != nil {
			if t, ok := known[*span.TrackID]; ok {
				change.PersonName, change.Source = t.PersonName, t.Source
			}
		}
		answer.Stage = append(answer.Stage, change)
	}
	return nil
}

// The chat of a recording is read in pages, up to a bound that no lesson reaches.
const (
	chatPage = 500
	maxChat  = 5000
)

func (v *visit) fillChat(r catalog.Recording, answer *Recording) error {
	var all []catalog.ChatMessage
	until := r.StartedAt.Add(lengthOf(r, v.now)).Add(time.Second)
	for before := &until; len(all) < maxChat; {
		page, err := v.tx.Chat(r.LessonID, before, chatPage)
		if err != nil {
			return err
		}
		all = append(page, all...)
		if len(page) < chatPage || page[0].SentAt.Before(r.StartedAt) {
			break
		}
		before = &page[0].SentAt
	}
	for _, m := range all {
		if at := m.SentAt.Sub(r.StartedAt); at >= 0 {
			answer.Chat = append(answer.Chat, RecordedMessage{At: at.Seconds(), Name: m.Name, Text: m.Text})
		}
	}
	return nil
}

func (s *Server) deleteRecording(v *visit, r catalog.Recording, _ *byID) (*nothing, error) {
	if r.EndedAt == nil {
		return nil, problem(http.StatusConflict, CodeConflict, "the recording is running: end it first")
	}
	recordings := v.services.Recordings
	v.afterCommit(func(ctx context.Context) error {
		// The objects go even when the admin closes the page.
		return recordings.Delete(context.WithoutCancel(ctx), r.SchoolID, r.ID)
	})
	return nil, v.audit("recording.delete", "recording", r.ID)
}

func (s *Server) setView(v *visit, r catalog.Recording, in *viewBody) (*nothing, error) {
	return nil, v.tx.SetView(r.ID, v.who.ID, int64(in.Body.Seconds*1e6), v.now)
}
