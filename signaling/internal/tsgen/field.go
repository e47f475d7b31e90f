package main

import (
	"fmt"
	"reflect"
	"strings"
)

// field is one field of a struct in TypeScript's words.
type field struct {
	goName, name string
	typ, decoder string
	optional     bool
}

func describe(f reflect.StructField) (field, error) {
	name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
	if name == "" {
		return field{}, fmt.Errorf("no json name")
	}
	described := field{goName: f.Name, name: name, optional: options == "omitempty"}
	var err error
	described.typ, described.decoder, err = typeOf(f.Type, strings.Split(f.Tag.Get("wire"), ","))
	return described, err
}

// typeOf gives the TypeScript type and the expression that decodes it.
func typeOf(t reflect.Type, rules []string) (typ, decoder string, err error) {
	switch t.Kind() {
	case reflect.String:
		return stringType(rules)
	case reflect.Bool:
		return "boolean", "boolean", nil
	case reflect.Int, reflect.Int64, reflect.Uint64:
		return "number", "integer", nil
	case reflect.Struct:
		return t.Name(), "as" + t.Name(), nil
	case reflect.Pointer:
		return typeOf(t.Elem(), rules)
	case reflect.Slice:
		inner, decode, err := typeOf(t.Elem(), eachRules(rules))
		if strings.Contains(inner, "|") {
			inner = "(" + inner + ")"
		}
		return "readonly " + inner + "[]", "array(" + decode + ")", err
	default:
		return "", "", fmt.Errorf("no TypeScript for %s", t)
	}
}

func stringType(rules []string) (typ, decoder string, err error) {
	for _, rule := range rules {
		if rule == "time" {
			return "string", "time", nil
		}
		values, found := strings.CutPrefix(rule, "oneof=")
		if !found {
			continue
		}
		var literals []string
		for value := range strings.SplitSeq(values, "|") {
			literals = append(literals, quote(value))
		}
		return strings.Join(literals, " | "), "oneOf(" + strings.Join(literals, ", ") + ")", nil
	}
	return "string", "string", nil
}

// eachRules are the rules for a list's elements.
func eachRules(rules []string) []string {
	var each []string
	for _, rule := range rules {
		if inner, found := strings.CutPrefix(rule, "each."); found {
			each = append(each, inner)
		}
	}
	return each
}
