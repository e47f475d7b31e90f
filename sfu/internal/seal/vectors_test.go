package seal

import (
	"crypto/aes"
	"encoding/hex"
	"testing"
)

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// RFC 3711, appendix B.3.
func TestKeyDerivationVector(t *testing.T) {
	master, err := aes.NewCipher(unhex(t, "e1f97a0d3e018be0d64fa32c06de4139"))
	if err != nil {
		t.Fatal(err)
	}
	d := derivation{master, unhex(t, "0ec675ad498afeebb6960b3aabe6")}
	for label, want := range map[byte]string{
		labelRTPKey:  "c61e7a93744f39ee10734afe3ff7a087",
		labelRTPSalt: "30cbbc08863d8c85d49db34a9ae1",
		labelRTPAuth: "cebe321f6ff7716b6fd4ab49af256a156d38baa4",
	} {
		if got := hex.EncodeToString(d.derive(label, len(want)/2)); got != want {
			t.Errorf("label %d: %s", label, got)
		}
	}
}

// RFC 3711, appendix B.2: the first two blocks of the keystream.
func TestCounterModeVector(t *testing.T) {
	block, err := aes.NewCipher(unhex(t, "2b7e151628aed2a6abf7158809cf4f3c"))
	if err != nil {
		t.Fatal(err)
	}
	e := &cmEngine{}
	copy(e.mediaSalt[:], unhex(t, "f0f1f2f3f4f5f6f7f8f9fafbfcfd"))
	e.start(&e.mediaSalt, 0, 0)
	out := make([]byte, 32)
	e.xor(block, out, out)
	if got := hex.EncodeToString(out); got != "e03ead0935c95e80e166b16dd92b4eb4d23513162b02d0f72a43a2fe4a5f97ab" {
		t.Error(got)
	}
}

// RFC 7714, section 16.1.1: session key and salt, not master ones.
func TestGCMVector(t *testing.T) {
	aead, err := newAEAD(unhex(t, "000102030405060708090a0b0c0d0e0f"))
	if err != nil {
		t.Fatal(err)
	}
	e := &gcmEngine{media: aead}
	copy(e.mediaSalt[:], unhex(t, "517569642070726f2071756f"))
	header := unhex(t, "8040f17b8041f8d35501a0b2")
	payload := unhex(t, "47616c6c696120657374206f6d6e697320646976697361206"+"96e207061727465732074726573")
	dst := append(header, make([]byte, len(payload)+gcmTag)...)
	n := e.rtp(dst, len(header), payload, 0x5501a0b2, 0xf17b)
	want := "8040f17b8041f8d35501a0b2f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833899d7f27beb16a9152cf765ee4390cce"
	if got := hex.EncodeToString(dst[:n]); got != want {
		t.Error(got)
	}
}
