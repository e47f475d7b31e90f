package signaling

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"unicode/utf8"
)

// Limits of what a client may send, in bytes and levels.
const (
	// maxFrame is the limit of a frame that carries SDP; a longer one closes the socket.
	maxFrame = 256 << 10
	// maxPlainFrame is the limit of every other frame.
	maxPlainFrame = 16 << 10
	// maxDepth is how deep a frame may nest: the deepest message is at level 5.
	maxDepth = 8
	// maxID keeps request ids within what a JavaScript number holds exactly.
	maxID = 1 << 53
)

// frame is one message from the client, taken apart but not yet bound to its struct.
type frame struct {
	name string
	id   uint64
	body any
}

var (
	errNotJSON   = errors.New("not one JSON value")
	errTooDeep   = errors.New("nested too deep")
	errDuplicate = errors.New("a key occurs twice")
)

// decodeFrame takes a frame apart. Of a wrong frame it still gives the id if there is one, so that the answer finds
// its request.
func decodeFrame(data []byte) (frame, error) {
	tree, err := parse(data)
	if err != nil {
		return frame{}, refuse(BadMessage, "frame: %v", err)
	}
	o, ok := tree.(map[string]any)
	if !ok {
		return frame{}, refuse(BadMessage, "frame: not an object")
	}
	var f frame
	if number, ok := o["id"].(json.Number); ok {
		f.id, err = strconv.ParseUint(number.String(), 10, 64)
		if err != nil || f.id == 0 || f.id > maxID {
			return frame{}, refuse(BadMessage, "frame.id: not a number from 1")
		}
	} else {
		return frame{}, refuse(BadMessage, "frame.id: missing")
	}
	if f.name, ok = o["t"].(string); !ok {
		return f, refuse(BadMessage, "frame.t: missing")
	}
	if f.body, ok = o["d"]; !ok {
		return f, refuse(BadMessage, "frame.d: missing")
	}
	if len(o) != 3 {
		return f, refuse(BadMessage, "frame: unknown field")
	}
	return f, nil
}

// parse reads exactly one JSON value. It is stricter than encoding/json alone: no invalid UTF-8, no key twice, a limit
// on depth.
func parse(data []byte) (any, error) {
	if !utf8.Valid(data) {
		return nil, errNotJSON
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	tree, err := parseValue(d, 0)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errNotJSON
	}
	return tree, nil
}

func parseValue(d *json.Decoder, depth int) (any, error) {
	token, err := d.Token()
	if err != nil {
		return nil, errNotJSON
	}
	opened, ok := token.(json.Delim)
	if !ok {
		return token, nil
	}
	if depth == maxDepth {
		return nil, errTooDeep
	}
	if opened == '{' {
		return parseObject(d, depth+1)
	}
	return parseList(d, depth+1)
}

func parseObject(d *json.Decoder, depth int) (any, error) {
	o := map[string]any{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil, errNotJSON
		}
		key, ok := token.(string)
		if !ok {
			return nil, errNotJSON
		}
		if _, twice := o[key]; twice {
			return nil, errDuplicate
		}
		if o[key], err = parseValue(d, depth); err != nil {
			return nil, err
		}
	}
	return o, closing(d)
}

func parseList(d *json.Decoder, depth int) (any, error) {
	list := []any{}
	for d.More() {
		item, err := parseValue(d, depth)
		if err != nil {
			return nil, err
		}
		list = append(list, item)
	}
	return list, closing(d)
}

func closing(d *json.Decoder) error {
	if _, err := d.Token(); err != nil {
		return errNotJSON
	}
	return nil
}
