package whip

import (
	"net/http"
	"strings"

	"github.com/zvonok/zvonok/sfu"
)

// readFragment reads an SDP fragment (RFC 8840, section 9): the credentials, if it has any. Its candidates are not
// needed: our ICE is lite and learns where the device is from its checks (RFC 8445, section 2.5). They are looked at for
// their shape only.
func readFragment(body string) (sfu.ICE, error) {
	var out sfu.ICE
	lines := 0
	for line := range strings.Lines(body) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" {
			continue
		}
		lines++
		if len(line) < 3 || line[1] != '=' || !strings.Contains("am", line[:1]) {
			return out, refuse(http.StatusBadRequest, "not an SDP fragment")
		}
		key, value, _ := strings.Cut(line[2:], ":")
		switch {
		case line[0] == 'm':
		case key == "ice-ufrag":
			out.Ufrag = value
		case key == "ice-pwd":
			out.Pwd = value
		case key == "candidate" && len(strings.Fields(value)) < 8:
			return out, refuse(http.StatusBadRequest, "a candidate is malformed")
		}
	}
	if lines == 0 {
		return out, refuse(http.StatusBadRequest, "an empty fragment")
	}
	return out, nil
}

// fragmentOf is the answer to an ICE restart.
func fragmentOf(ice sfu.ICE) string {
	var b strings.Builder
	b.WriteString("a=ice-lite\r\na=ice-ufrag:" + ice.Ufrag + "\r\na=ice-pwd:" + ice.Pwd + "\r\n")
	for _, c := range ice.Candidates {
		b.WriteString("a=candidate:" + c + "\r\n")
	}
	b.WriteString("a=end-of-candidates\r\n")
	return b.String()
}
