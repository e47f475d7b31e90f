package seal

import (
	"bytes"
	"crypto/rand"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/uuid"
)

func TestMediaRoundTrip(t *testing.T) {
	k := NewKey()
	for _, n := range []int{0, 1, 15, 16, 17, 4096} {
		plain := make([]byte, n)
		_, _ = rand.Read(plain)
		o := Media(k, NewIV(), plain)
		if len(o.Data)%16 != 0 || len(o.Data) <= n {
			t.Fatalf("%d bytes became %d", n, len(o.Data))
		}
		got, err := OpenMedia(k, o.IV[:], o.Data)
		if err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("%d bytes: %v", n, err)
		}
		if o2 := Media(k, NewIV(), plain); o2.IV == o.IV {
			t.Fatal("the same IV twice")
		}
	}
}

func TestOpenMediaRefuses(t *testing.T) {
	k := NewKey()
	o := Media(k, NewIV(), []byte("one lesson"))
	for name, data := range map[string][]byte{"empty": nil, "cut": o.Data[:15]} {
		if _, err := OpenMedia(k, o.IV[:], data); !errors.Is(err, ErrSealed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := OpenMedia(k, nil, o.Data); !errors.Is(err, ErrSealed) {
		t.Errorf("no IV: %v", err)
	}
}

// OpenSSL is the second implementation.
func TestMediaAgainstOpenSSL(t *testing.T) {
	k := NewKey()
	o := Media(k, NewIV(), []byte("Хороший урок"))
	in := filepath.Join(t.TempDir(), "in")
	if err := os.WriteFile(in, o.Data, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("openssl", "enc", "-d", "-aes-128-cbc", "-K", hexOf(k[:]), "-iv", hexOf(o.IV[:]), "-in", in).Output()
	if err != nil || string(out) != "Хороший урок" {
		t.Fatalf("openssl gives %q, %v", out, err)
	}
}

func hexOf(b []byte) string {
	const digits = "0123456789abcdef"
	var s []byte
	for _, c := range b {
		s = append(s, digits[c>>4], digits[c&15])
	}
	return string(s)
}

func TestWrapIsBoundToTrackAndMaster(t *testing.T) {
	master := [32]byte{1, 2, 3}
	track, k := uuid.New(), NewKey()
	w := Wrap(master, track, k)
	if got, err := Unwrap(master, track, w); err != nil || got != k {
		t.Fatal(got, err)
	}
	if _, err := Unwrap(master, uuid.New(), w); !errors.Is(err, ErrSealed) {
		t.Error("another track's key was opened")
	}
	if _, err := Unwrap([32]byte{9}, track, w); !errors.Is(err, ErrSealed) {
		t.Error("another master key opened it")
	}
	w[len(w)-1] ^= 1
	if _, err := Unwrap(master, track, w); !errors.Is(err, ErrSealed) {
		t.Error("an altered key was opened")
	}
	if _, err := Unwrap(master, track, nil); !errors.Is(err, ErrSealed) {
		t.Error("an erased key was opened")
	}
}
