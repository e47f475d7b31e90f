package signaling

import (
	"encoding/json"
	"fmt"
	"reflect"
	"time"
)

// The server's frames. d is encoded once for all who get it.
type (
	okFrame struct {
		T  string          `json:"t"`
		Re uint64          `json:"re"`
		D  json.RawMessage `json:"d"`
	}
	eventFrame struct {
		T string          `json:"t"`
		N uint64          `json:"n"`
		D json.RawMessage `json:"d"`
	}
)

// encodeBody gives the d of a frame. A nil list becomes an empty one: the client is promised lists.
func encodeBody(message any) (json.RawMessage, error) {
	filled := reflect.New(reflect.TypeOf(message)).Elem()
	filled.Set(reflect.ValueOf(message))
	fillLists(filled)
	data, err := json.Marshal(filled.Interface())
	if err != nil {
		return nil, fmt.Errorf("encode %T: %w", message, err)
	}
	return data, nil
}

func fillLists(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fillLists(v.Field(i))
		}
	case reflect.Slice:
		if v.IsNil() {
			v.Set(reflect.MakeSlice(v.Type(), 0, 0))
			return
		}
		if v.Type().Elem().Kind() != reflect.Struct {
			return
		}
		// The elements may be shared with other sessions' messages: they are filled in a copy.
		own := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		reflect.Copy(own, v)
		for i := range own.Len() {
			fillLists(own.Index(i))
		}
		v.Set(own)
	}
}

// encodeOK and its fellows cannot fail: what they wrap is JSON already or a struct of strings and numbers.
func encodeOK(re uint64, body json.RawMessage) []byte { return encodeFrame(okFrame{"ok", re, body}) }

func encodeProblem(re uint64, p Problem) []byte {
	body, err := encodeBody(p)
	if err != nil {
		body = json.RawMessage(`{"code":"unavailable","detail":""}`)
	}
	return encodeFrame(okFrame{"error", re, body})
}

func encodeEvent(name string, n uint64, body json.RawMessage) []byte {
	return encodeFrame(eventFrame{name, n, body})
}

func encodeFrame(frame any) []byte {
	data, err := json.Marshal(frame)
	if err != nil {
		return nil
	}
	return data
}

// stamp writes a moment as the wire has it: RFC 3339 in UTC, to the microsecond that the database keeps.
func stamp(t time.Time) string { return t.UTC().Truncate(time.Microsecond).Format(time.RFC3339Nano) }

// stampOf is stamp, or nothing for no moment.
func stampOf(t *time.Time) string {
	if t == nil {
		return ""
	}
	return stamp(*t)
}
