package sfu

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// ICE is one side's part of an ICE session: its credentials (RFC 8839, section 5.4) and, of the server's, its candidates.
type ICE struct {
	Ufrag, Pwd string
	// Candidates are the values of candidate attributes, without "candidate:".
	Candidates []string
}

// Restarter is a [Member] whose transports take new ICE credentials without a new offer; [Participant] is one.
type Restarter interface {
	// RestartICE answers the client's new credentials with the server's. The errors are ErrBadOffer for credentials that
	// are none, ErrClosed when there is no such transport, ErrNoRestart and ctx's; the transport then goes on as it was.
	RestartICE(ctx context.Context, leg Leg, remote ICE) (ICE, error)
}

var _ Restarter = (*Participant)(nil)

// restarter is a transport that can do it.
type restarter interface {
	restart(ctx context.Context, remote ICE) (ICE, error)
}

// credential is RFC 8839, section 5.4: ice-char, 4 to 256 of them and at least 22 in a password.
var (
	ufragForm = regexp.MustCompile(`^[A-Za-z0-9+/]{4,256}$`)
	pwdForm   = regexp.MustCompile(`^[A-Za-z0-9+/]{22,256}$`)
)

// RestartICE implements [Restarter].
func (p *Participant) RestartICE(ctx context.Context, leg Leg, remote ICE) (ICE, error) {
	if !ufragForm.MatchString(remote.Ufrag) || !pwdForm.MatchString(remote.Pwd) {
		return ICE{}, fmt.Errorf("%w: not ICE credentials", ErrBadOffer)
	}
	var transport any
	err := p.room.do(ctx, func() error {
		switch {
		case leg == PublishLeg && p.publish != nil:
			transport = p.publish
		case leg == SubscribeLeg && p.subscribe != nil:
			transport = p.subscribe.link
		default:
			return ErrClosed
		}
		return nil
	})
	if err != nil {
		return ICE{}, err
	}
	r, ok := transport.(restarter)
	if !ok {
		return ICE{}, ErrNoRestart
	}
	local, err := r.restart(ctx, remote)
	for _, c := range slices.Clone(local.Candidates) {
		local.Candidates = append(local.Candidates, p.room.server.streamCandidates(c)...)
	}
	return local, err
}

// restart negotiates the same publication again with the client's new credentials. Calls come one after the other.
func (l *publishLeg) restart(ctx context.Context, remote ICE) (ICE, error) {
	l.restarting.Lock()
	defer l.restarting.Unlock()
	answer, err := answerOffer(ctx, l.pc, withCredentials(l.offer.sdp, remote))
	if err != nil {
		return ICE{}, err
	}
	return iceOf(answer), nil
}

func withCredentials(sdp string, c ICE) string {
	lines := strings.SplitAfter(sdp, "\r\n")
	for i, line := range lines {
		switch {
		case strings.HasPrefix(line, "a=ice-ufrag:"):
			lines[i] = "a=ice-ufrag:" + c.Ufrag + "\r\n"
		case strings.HasPrefix(line, "a=ice-pwd:"):
			lines[i] = "a=ice-pwd:" + c.Pwd + "\r\n"
		case strings.HasPrefix(line, "a=candidate:"), strings.HasPrefix(line, "a=end-of-candidates"):
			lines[i] = "" // of the session that ends
		}
	}
	return strings.Join(lines, "")
}

// iceOf reads our own part out of an answer; all its m-lines are bundled.
func iceOf(answer string) ICE {
	var out ICE
	seen := map[string]bool{}
	for line := range strings.SplitSeq(answer, "\r\n") {
		name, value, _ := strings.Cut(line, ":")
		switch name {
		case "a=ice-ufrag":
			out.Ufrag = value
		case "a=ice-pwd":
			out.Pwd = value
		case "a=candidate":
			if !seen[value] {
				seen[value] = true
				out.Candidates = append(out.Candidates, value)
			}
		}
	}
	return out
}
