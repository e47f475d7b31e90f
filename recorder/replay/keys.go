package replay

import (
	"github.com/zvonok/zvonok/recorder/internal/seal"
	"github.com/zvonok/zvonok/storage/catalog"
)

// Keys opens tracks' keys.
type Keys struct {
	// Master is the installation's master key.
	Master [32]byte
}

// ErrKey is returned for a key that was erased, altered or wrapped by another master key.
var ErrKey = seal.ErrSealed

// Unwrap gives a track's AES-128 key, or [ErrKey].
func (k Keys) Unwrap(track catalog.Track) ([16]byte, error) {
	key, err := seal.Unwrap(k.Master, track.ID, track.WrappedKey)
	return key, err
}

// Open decrypts a media object; iv comes from its row. Compare the object's SHA-256 with the row's first.
func Open(key [16]byte, iv, object []byte) ([]byte, error) { return seal.OpenMedia(key, iv, object) }
