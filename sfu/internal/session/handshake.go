package session

import (
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/srtp/v3"

	"github.com/zvonok/zvonok/sfu/internal/seal"
)

const (
	// handshakeLimit bounds a handshake; flightInterval is after how long its first records are sent again.
	handshakeLimit = 30 * time.Second
	flightInterval = 300 * time.Millisecond
	// replayWindow is how many RTCP packets may come out of order.
	replayWindow = 64
)

var (
	errFingerprint = errors.New("session: the certificate is not the offer's")
	errProfile     = errors.New("session: no SRTP profile")
)

// profiles are those that are spoken, the cheapest first.
var profiles = map[dtls.SRTPProtectionProfile]seal.Profile{
	dtls.SRTP_AEAD_AES_128_GCM:       seal.AES128GCM,
	dtls.SRTP_AES128_CM_HMAC_SHA1_80: seal.AES128CM80,
}

// record takes a DTLS record; the first one begins the handshake. Only an address that proved itself gets here, so that
// DTLS' own cookie is left out.
func (s *Session) record(data []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.link == nil && !s.closed {
		switch parked := s.parked; {
		case parked != nil:
			s.rouse(newLink(s), parked)
		case s.state == Connecting:
			l := newLink(s)
			close(l.ready)
			s.link = l
			s.wg.Go(func() { s.shake(l) })
		}
	}
	if s.link == nil || !s.link.push(data) {
		s.host.drop(DropHandshake)
	}
}

// shake runs the handshake, and then attends to the connection.
func (s *Session) shake(l *link) {
	ctx, cancel := context.WithTimeout(context.Background(), handshakeLimit)
	defer cancel()
	defer context.AfterFunc(l.ending, cancel)()
	conn, err := dtls.ServerWithOptions(l, remote{},
		dtls.WithCertificates(s.host.cfg.Certificate),
		dtls.WithSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM, dtls.SRTP_AES128_CM_HMAC_SHA1_80),
		dtls.WithExtendedMasterSecret(dtls.RequireExtendedMasterSecret),
		dtls.WithClientAuth(dtls.RequireAnyClientCert),
		dtls.WithInsecureSkipVerify(true), // the certificate is its own; its fingerprint counts
		dtls.WithVerifyPeerCertificate(s.verify),
		dtls.WithInsecureSkipVerifyHello(true),
		dtls.WithFlightInterval(flightInterval),
		dtls.WithLoggerFactory(s.host.cfg.Logs),
	)
	if err == nil {
		err = conn.HandshakeContext(ctx)
	}
	if err == nil {
		err = s.key(conn)
	}
	if err != nil {
		if conn != nil {
			_ = conn.Close()
		}
		_ = l.Close()
		s.become(Failed)
		return
	}
	s.become(Connected)
	s.attend(conn, l)
}

// verify wants the certificate that the offer names.
func (s *Session) verify(raw [][]byte, _ [][]*x509.Certificate) error {
	if len(raw) > 0 {
		for _, f := range s.fingerprints {
			if subtle.ConstantTimeCompare(hash(f.Hash, raw[0]), f.Value) == 1 {
				return nil
			}
		}
	}
	s.host.drop(DropFingerprint)
	return errFingerprint
}

func hash(name string, b []byte) []byte {
	switch name {
	case "sha-256":
		sum := sha256.Sum256(b)
		return sum[:]
	case "sha-384":
		sum := sha512.Sum384(b)
		return sum[:]
	case "sha-512":
		sum := sha512.Sum512(b)
		return sum[:]
	}
	return nil
}

// keys are both directions of SRTP.
type keys struct {
	out *seal.Sealer
	in  *opener
}

// key takes the SRTP keys out of the handshake (RFC 5764, section 4.2).
func (s *Session) key(conn *dtls.Conn) error {
	chosen, ok := conn.SelectedSRTPProtectionProfile()
	profile, known := profiles[chosen]
	if !ok || !known {
		return errProfile
	}
	state, ok := conn.ConnectionState()
	if !ok {
		return errors.New("session: no state after the handshake")
	}
	cfg := srtp.Config{Profile: srtp.ProtectionProfile(chosen)}
	if err := cfg.ExtractSessionKeysFromDTLS(&state, false); err != nil {
		return fmt.Errorf("session: extract keys: %w", err)
	}
	out, err := seal.New(profile, cfg.Keys.LocalMasterKey, cfg.Keys.LocalMasterSalt)
	if err != nil {
		return err
	}
	in, err := newOpener(cfg)
	if err != nil {
		return err
	}
	s.keys.Store(&keys{out: out, in: in})
	return nil
}
