package signaling

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
)

// bind fills a message from a frame's body: every field that is not omitempty must be there, no other may be, keys
// match exactly (encoding/json would take "ON" for "on"), and the wire tag's rules hold:
//
//	max=n, min=n   length in characters, number of elements, or value
//	oneof=a|b      one of these strings
//	id             a UUID in its usual lower-case form
//	time           RFC 3339
//	empty          the empty string passes whatever else is said
//	each.rule      rule, for the elements of a list
func bind[M any](body any) (M, error) {
	var m M
	err := bindValue(body, reflect.ValueOf(&m).Elem(), nil, "d")
	if err != nil {
		var zero M
		return zero, refuse(BadMessage, "%v", err)
	}
	return m, nil
}

func bindValue(from any, to reflect.Value, rules []string, at string) error {
	switch to.Kind() {
	case reflect.Struct:
		return bindStruct(from, to, at)
	case reflect.Pointer:
		to.Set(reflect.New(to.Type().Elem()))
		return bindValue(from, to.Elem(), rules, at)
	case reflect.Slice:
		return bindList(from, to, rules, at)
	case reflect.String:
		text, ok := from.(string)
		if !ok {
			return fmt.Errorf("%s: not a string", at)
		}
		to.SetString(text)
		return checkString(text, rules, at)
	case reflect.Bool:
		flag, ok := from.(bool)
		if !ok {
			return fmt.Errorf("%s: not true or false", at)
		}
		to.SetBool(flag)
		return nil
	case reflect.Int:
		number, err := integer(from, at)
		to.SetInt(number)
		return first(err, checkSize(number, rules, at))
	case reflect.Uint64:
		number, err := integer(from, at)
		to.SetUint(uint64(max(number, 0)))
		return first(err, checkSize(number, append(rules, "min=0"), at))
	default:
		return fmt.Errorf("%s: no rule for %s", at, to.Type())
	}
}

func bindStruct(from any, to reflect.Value, at string) error {
	o, ok := from.(map[string]any)
	if !ok {
		return fmt.Errorf("%s: not an object", at)
	}
	known := 0
	for i := range to.NumField() {
		described := to.Type().Field(i)
		name, options, _ := strings.Cut(described.Tag.Get("json"), ",")
		value, present := o[name]
		if !present {
			if options != "omitempty" {
				return fmt.Errorf("%s.%s: missing", at, name)
			}
			continue
		}
		known++
		var rules []string
		if tag := described.Tag.Get("wire"); tag != "" {
			rules = strings.Split(tag, ",")
		}
		if err := bindValue(value, to.Field(i), rules, at+"."+name); err != nil {
			return err
		}
	}
	if known != len(o) {
		// The unknown key is the client's text: it is not repeated.
		return fmt.Errorf("%s: unknown field", at)
	}
	return nil
}

func bindList(from any, to reflect.Value, rules []string, at string) error {
	list, ok := from.([]any)
	if !ok {
		return fmt.Errorf("%s: not a list", at)
	}
	if err := checkSize(int64(len(list)), rules, at); err != nil {
		return err
	}
	var each []string
	for _, rule := range rules {
		if inner, found := strings.CutPrefix(rule, "each."); found {
			each = append(each, inner)
		}
	}
	filled := reflect.MakeSlice(to.Type(), len(list), len(list))
	for i, item := range list {
		if err := bindValue(item, filled.Index(i), each, fmt.Sprintf("%s[%d]", at, i)); err != nil {
			return err
		}
	}
	to.Set(filled)
	return nil
}

func checkString(text string, rules []string, at string) error {
	// PostgreSQL's text cannot hold NUL (its manual, section 8.3).
	if strings.ContainsRune(text, 0) {
		return fmt.Errorf("%s: holds NUL", at)
	}
	if text == "" && slices.Contains(rules, "empty") {
		return nil
	}
	for _, rule := range rules {
		switch name, value, _ := strings.Cut(rule, "="); name {
		case "oneof":
			if !slices.Contains(strings.Split(value, "|"), text) {
				return fmt.Errorf("%s: not one of %s", at, value)
			}
		case "id":
			if id, err := uuid.Parse(text); err != nil || id.String() != text {
				return fmt.Errorf("%s: not an id", at)
			}
		case "time":
			if _, err := time.Parse(time.RFC3339, text); err != nil {
				return fmt.Errorf("%s: not a time", at)
			}
		}
	}
	return checkSize(int64(utf8.RuneCountInString(text)), rules, at)
}

// checkSize holds size, whatever it counts, against min and max.
func checkSize(size int64, rules []string, at string) error {
	for _, rule := range rules {
		name, value, _ := strings.Cut(rule, "=")
		limit, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			continue
		}
		if name == "min" && size < limit {
			return fmt.Errorf("%s: less than %d", at, limit)
		}
		if name == "max" && size > limit {
			return fmt.Errorf("%s: more than %d", at, limit)
		}
	}
	return nil
}

func integer(from any, at string) (int64, error) {
	number, ok := from.(json.Number)
	if !ok {
		return 0, fmt.Errorf("%s: not a number", at)
	}
	value, err := strconv.ParseInt(number.String(), 10, 64)
	if err != nil || value > maxID || value < -maxID {
		return 0, fmt.Errorf("%s: not a whole number", at)
	}
	return value, nil
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
