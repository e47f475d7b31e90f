package api

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"github.com/zvonok/zvonok/signaling"
	"github.com/zvonok/zvonok/storage/blob"
	"github.com/zvonok/zvonok/storage/catalog"
)

// Rooms is the part of signaling that the API needs; *[signaling.Server] is one. Its methods are safe from any goroutine.
type Rooms interface {
	// Serve runs a WebSocket until it ends; the policy has let the person join. An error says that there was no upgrade and
	// that the answer has been written.
	Serve(w http.ResponseWriter, r *http.Request, who signaling.Caller, lesson uuid.UUID) error
	// Inside lists who is in a lesson's room now.
	Inside(lesson uuid.UUID) []uuid.UUID
	// EndSession closes the sockets that a signed-in browser opened; it does not wait.
	EndSession(session uuid.UUID)
	// Revoke ends what a person does in any room: their rights changed; it does not wait.
	Revoke(person uuid.UUID)
	// AdmitDevice lets a device into its lesson; ended is called once the room is done with it.
	AdmitDevice(ctx context.Context, d signaling.Device, ended func()) (*signaling.Guest, error)
}

// Recordings is the part of the recorder that the API needs.
type Recordings interface {
	// Delete destroys a recording's keys, then its objects.
	Delete(ctx context.Context, school, recording uuid.UUID) error
	// Key unwraps a track's AES-128 key.
	Key(track catalog.Track) ([16]byte, error)
}

// Services is what exists once the database has answered. The server does not own them: whoever made them closes them,
// after the server.
type Services struct {
	Catalog    *catalog.Catalog
	Objects    blob.Store
	Rooms      Rooms
	Recordings Recordings
	// Relays gives the ICE servers for a device that reached the server under host; nil gives none.
	Relays func(person uuid.UUID, host string) []signaling.ICEServer
	// MasterKeyBackup is shown once, to the admin who sets the school up.
	MasterKeyBackup string
}

// Attach gives the server its services; before, every route that needs them answers database_away.
func (s *Server) Attach(services Services) { s.services.Store(&services) }
