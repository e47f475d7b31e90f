package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/google/uuid"
)

// Key is a track's AES-128 key.
type Key [16]byte

// ErrSealed is returned for a sealed object or key that cannot be opened: damaged, cut, or under another key.
var ErrSealed = errors.New("seal: cannot be opened")

// NewKey makes a random track key.
func NewKey() Key {
	var k Key
	_, _ = rand.Read(k[:]) // never fails (crypto/rand since Go 1.24)
	return k
}

// Object is an encrypted media object.
type Object struct {
	Data   []byte
	IV     [16]byte
	SHA256 [32]byte
}

// NewIV makes a random initialisation vector.
func NewIV() (iv [16]byte) {
	_, _ = rand.Read(iv[:])
	return iv
}

// Media encrypts plain under k with iv, which comes from [NewIV] and is used for this object only.
func Media(k Key, iv [16]byte, plain []byte) Object {
	o := Object{IV: iv}
	pad := aes.BlockSize - len(plain)%aes.BlockSize
	o.Data = make([]byte, len(plain)+pad)
	copy(o.Data, plain)
	for i := len(plain); i < len(o.Data); i++ {
		o.Data[i] = byte(pad)
	}
	block, _ := aes.NewCipher(k[:]) // 16 bytes are always a valid key
	cipher.NewCBCEncrypter(block, o.IV[:]).CryptBlocks(o.Data, o.Data)
	o.SHA256 = sha256.Sum256(o.Data)
	return o
}

// OpenMedia decrypts what [Media] made. CBC is not authenticated: compare the object's SHA-256 first.
func OpenMedia(k Key, iv, data []byte) ([]byte, error) {
	if len(iv) != aes.BlockSize || len(data) == 0 || len(data)%aes.BlockSize != 0 {
		return nil, fmt.Errorf("%w: %d bytes, IV of %d", ErrSealed, len(data), len(iv))
	}
	block, _ := aes.NewCipher(k[:])
	plain := make([]byte, len(data))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(plain, data)
	pad := int(plain[len(plain)-1])
	if pad == 0 || pad > aes.BlockSize {
		return nil, fmt.Errorf("%w: padding", ErrSealed)
	}
	for _, b := range plain[len(plain)-pad:] {
		if int(b) != pad {
			return nil, fmt.Errorf("%w: padding", ErrSealed)
		}
	}
	return plain[:len(plain)-pad], nil
}

// Wrap encrypts a track's key under the master key: nonce (12 bytes), ciphertext, tag.
func Wrap(master [32]byte, track uuid.UUID, k Key) []byte {
	gcm := gcmOf(master)
	nonce := make([]byte, gcm.NonceSize(), gcm.NonceSize()+len(k)+gcm.Overhead())
	_, _ = rand.Read(nonce)
	return gcm.Seal(nonce, nonce, k[:], track[:])
}

// Unwrap is the inverse of [Wrap]; a key of another track or another master key is refused.
func Unwrap(master [32]byte, track uuid.UUID, wrapped []byte) (Key, error) {
	gcm := gcmOf(master)
	if len(wrapped) < gcm.NonceSize() {
		return Key{}, fmt.Errorf("unwrap key of track %s: %w", track, ErrSealed)
	}
	n := gcm.NonceSize()
	plain, err := gcm.Open(nil, wrapped[:n], wrapped[n:], track[:])
	if err != nil || len(plain) != len(Key{}) {
		return Key{}, fmt.Errorf("unwrap key of track %s: %w", track, ErrSealed)
	}
	return Key(plain), nil
}

func gcmOf(master [32]byte) cipher.AEAD {
	block, _ := aes.NewCipher(master[:])
	gcm, _ := cipher.NewGCM(block)
	return gcm
}
