package api

//go:generate go test . -count=1 -run ^TestOpenAPIIsCommitted$ -update

import (
	"encoding/json"
	"log/slog"
	"sync"

	"github.com/danielgtaylor/huma/v2"
)

// huma keeps its error type and its arrays' nullability in package variables; they are set once, before the first API.
var configureHuma = sync.OnceFunc(func() {
	huma.NewError = newHumaError
	huma.DefaultArrayNullable = false
})

func humaConfig(version string) huma.Config {
	configureHuma()
	config := huma.DefaultConfig("Zvonok", version)
	config.Info.Description = "Sign-in, lessons, recordings and people of a school. Refusals are application/problem+json with a code."
	// The document is committed instead of served, and no body carries a link to a schema.
	config.OpenAPIPath, config.DocsPath, config.SchemasPath, config.CreateHooks = "", "", "", nil
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"session": {Type: "apiKey", In: "cookie", Name: cookieName},
	}
	return config
}

// Document is the OpenAPI description of the JSON resources.
func Document() ([]byte, error) {
	s, err := New(Config{Version: "1", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, err
	}
	text, err := json.MarshalIndent(s.huma.OpenAPI(), "", "  ")
	return append(text, '\n'), err
}
