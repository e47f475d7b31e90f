package signaling

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/zvonok/zvonok/storage/policy"
)

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// compact is the one-line form of JSON.
func compact(t *testing.T, data []byte) string {
	t.Helper()
	var out bytes.Buffer
	if err := json.Compact(&out, data); err != nil {
		t.Fatalf("%v in %s", err, data)
	}
	return out.String()
}

// decodeInto is how a Go client reads what the server says: strictly.
func decodeInto(t *testing.T, data []byte, typ reflect.Type) any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	value := reflect.New(typ)
	if err := d.Decode(value.Interface()); err != nil {
		t.Fatal(err)
	}
	return value.Elem().Interface()
}

type rawFrame struct {
	T  string          `json:"t"`
	ID uint64          `json:"id"`
	Re uint64          `json:"re"`
	N  uint64          `json:"n"`
	D  json.RawMessage `json:"d"`
}

func golden(t *testing.T, name string) (whole []byte, f rawFrame) {
	t.Helper()
	whole = read(t, filepath.Join("testdata", "golden", name+".json"))
	if err := json.Unmarshal(whole, &f); err != nil {
		t.Fatal(err)
	}
	return whole, f
}

func TestGoldenRequests(t *testing.T) {
	for _, r := range routes() {
		t.Run(r.Name, func(t *testing.T) {
			data, raw := golden(t, "request_"+r.Name)
			f, err := decodeFrame(data)
			if err != nil {
				t.Fatal(err)
			}
			if f.name != r.Name || f.id != raw.ID {
				t.Errorf("got %s %d", f.name, f.id)
			}
			bound := reflect.New(r.Message).Elem()
			if err := bindValue(f.body, bound, nil, "d"); err != nil {
				t.Fatal(err)
			}
			again, err := encodeBody(bound.Interface())
			if err != nil {
				t.Fatal(err)
			}
			if string(again) != compact(t, raw.D) {
				t.Errorf("got  %s\nwant %s", again, compact(t, raw.D))
			}
		})
	}
}

func TestGoldenAnswers(t *testing.T) {
	for _, r := range routes() {
		if r.Answer == reflect.TypeFor[Done]() && r.Name != "ping" {
			continue // one example stands for all of them
		}
		t.Run(r.Name, func(t *testing.T) {
			data, raw := golden(t, "answer_"+r.Name)
			body, err := encodeBody(decodeInto(t, raw.D, r.Answer))
			if err != nil {
				t.Fatal(err)
			}
			if got := string(encodeOK(raw.Re, body)); got != compact(t, data) {
				t.Errorf("got  %s\nwant %s", got, compact(t, data))
			}
		})
	}
}

func TestGoldenEvents(t *testing.T) {
	for _, e := range Events() {
		t.Run(e.Name, func(t *testing.T) {
			data, raw := golden(t, "event_"+e.Name)
			body, err := encodeBody(decodeInto(t, raw.D, e.Message))
			if err != nil {
				t.Fatal(err)
			}
			if got := string(encodeEvent(e.Name, raw.N, body)); got != compact(t, data) {
				t.Errorf("got  %s\nwant %s", got, compact(t, data))
			}
		})
	}
}

func TestGoldenError(t *testing.T) {
	data, raw := golden(t, "error")
	var p Problem
	if err := json.Unmarshal(raw.D, &p); err != nil {
		t.Fatal(err)
	}
	if got := string(encodeProblem(raw.Re, p)); got != compact(t, data) {
		t.Errorf("got %s", got)
	}
}

// The document's examples are the golden files, all of them and no others.
func TestProtocolDocument(t *testing.T) {
	text := string(read(t, "PROTOCOL.md"))
	shown := map[string]bool{}
	for _, block := range regexp.MustCompile("(?s)```json golden/(\\S+)\n(.*?)```").FindAllStringSubmatch(text, -1) {
		name, example := block[1], block[2]
		shown[name] = true
		if got, want := compact(t, []byte(example)), compact(t, read(t, filepath.Join("testdata/golden", name))); got != want {
			t.Errorf("%s\ndocument %s\nfile     %s", name, got, want)
		}
	}
	files, err := filepath.Glob("testdata/golden/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !shown[filepath.Base(file)] {
			t.Errorf("%s is not in PROTOCOL.md", file)
		}
	}
	for _, word := range append(Requests(), Events()...) {
		if !strings.Contains(text, "\n### "+word.Name+"\n") {
			t.Errorf("%s is not described", word.Name)
		}
	}
	for _, r := range routes() {
		described := text[strings.Index(text, "### "+r.Name+"\n"):]
		if named := strings.Contains(described[:strings.Index(described, "```")], "`"+string(r.Action)+"`"); !named {
			t.Errorf("%s: its action %s is not named", r.Name, r.Action)
		}
	}
	for _, code := range codes() {
		if !strings.Contains(text, "| `"+code+"` |") {
			t.Errorf("error code %s is not described", code)
		}
	}
}

// codes are those that the wire's struct allows.
func codes() []string {
	f, _ := reflect.TypeFor[Problem]().FieldByName("Code")
	return strings.Split(strings.TrimPrefix(f.Tag.Get("wire"), "oneof="), "|")
}

func TestEveryCodeIsOnTheWire(t *testing.T) {
	listed := []string{}
	for _, c := range []Code{
		BadMessage, TooLarge, TooFast, NotAllowed, NotNow, Elsewhere, BadOffer, OldClient, Ended, SentOut, Unavailable,
	} {
		listed = append(listed, string(c))
	}
	if !reflect.DeepEqual(listed, codes()) {
		t.Errorf("constants %v, wire %v", listed, codes())
	}
}

// A message is registered with an action that the policy knows, and every struct of a client's message is registered.
func TestEveryRequestHasItsAction(t *testing.T) {
	registered := map[string]bool{}
	for _, r := range routes() {
		if !policy.Known(r.Action) {
			t.Errorf("%s: action %q is unknown", r.Name, r.Action)
		}
		if registered[r.Name] {
			t.Errorf("%s is registered twice", r.Name)
		}
		registered[r.Name] = true
		registered[r.Message.Name()] = true
	}
	source := string(read(t, "messages.go"))
	source = source[:strings.Index(source, "// Answers (the d of ok).")]
	parts := map[string]bool{"Capabilities": true, "Decoder": true, "Resume": true, "TileView": true}
	for _, declared := range regexp.MustCompile(`(?m)^\t([A-Z]\w+) struct`).FindAllStringSubmatch(source, -1) {
		if name := declared[1]; !registered[name] && !parts[name] {
			t.Errorf("%s is no request", name)
		}
	}
}

// Files that must be refused, on the path of a real frame.
func TestRefusedFrames(t *testing.T) {
	known := map[string]route{}
	for _, r := range routes() {
		known[r.Name] = r
	}
	files, err := filepath.Glob("testdata/refused/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal(err, files)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
			if err := decodeAny(known, read(t, file)); err == nil {
				t.Error("accepted")
			} else if p, meant := problemOf(err); !meant || p.Code != string(BadMessage) {
				t.Errorf("got %+v", p)
			}
		})
	}
}

func decodeAny(known map[string]route, data []byte) error {
	f, err := decodeFrame(data)
	if err != nil {
		return err
	}
	r, ok := known[f.name]
	if !ok {
		return refuse(BadMessage, "frame.t: unknown")
	}
	return bindValueAs(f.body, r.Message)
}

func bindValueAs(body any, typ reflect.Type) error {
	if err := bindValue(body, reflect.New(typ).Elem(), nil, "d"); err != nil {
		return refuse(BadMessage, "%v", err)
	}
	return nil
}

// FuzzDecode: nothing crashes, and what is accepted means the same to encoding/json.
func FuzzDecode(f *testing.F) {
	for _, pattern := range []string{"testdata/golden/request_*.json", "testdata/refused/*.json"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	known := map[string]route{}
	for _, r := range routes() {
		known[r.Name] = r
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		frame, err := decodeFrame(data)
		if err != nil {
			return
		}
		r, ok := known[frame.name]
		if !ok {
			return
		}
		bound := reflect.New(r.Message)
		if bindValue(frame.body, bound.Elem(), nil, "d") != nil {
			return
		}
		var raw rawFrame
		if err := json.Unmarshal(data, &raw); err != nil || raw.ID != frame.id || raw.T != frame.name {
			t.Fatalf("frame read as %+v, but %+v (%v)", frame, raw, err)
		}
		if want := decodeInto(t, raw.D, r.Message); !reflect.DeepEqual(bound.Elem().Interface(), want) {
			t.Fatalf("bound %+v\nwant  %+v", bound.Elem().Interface(), want)
		}
	})
}
