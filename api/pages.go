package api

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/zvonok/zvonok/storage/policy"
)

// clientFiles is the built web client in memory, compressed once. It is small (a megabyte) and read-only.
type clientFiles struct {
	byPath map[string]clientFile
}

type clientFile struct {
	kind         string
	body, packed []byte // packed is nil where compression gains nothing
}

// The types of what a build contains; Go's own table depends on the machine it runs on.
var fileTypes = map[string]string{
	".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
	".json": "application/json", ".svg": "image/svg+xml", ".png": "image/png", ".ico": "image/x-icon", ".webp": "image/webp",
	".woff2": "font/woff2", ".txt": "text/plain; charset=utf-8", ".map": "application/json", ".mp4": "video/mp4",
	".wasm": "application/wasm", ".webmanifest": "application/manifest+json", ".mp3": "audio/mpeg", ".wav": "audio/wav",
}

const notBuilt = `<!doctype html><meta charset="utf-8"><title>Zvonok</title>
<p>The web client is not built. Run <code>make run</code>, or <code>npm run build</code> in <code>web</code>.</p>
`

func newClientFiles(files fs.FS) (*clientFiles, error) {
	c := &clientFiles{byPath: map[string]clientFile{}}
	if files != nil {
		if err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			body, err := fs.ReadFile(files, name)
			if err == nil {
				c.byPath["/"+name] = newClientFile(name, body)
			}
			return err
		}); err != nil {
			return nil, fmt.Errorf("api: read the web client: %w", err)
		}
	}
	if _, ok := c.byPath["/index.html"]; !ok {
		c.byPath["/index.html"] = newClientFile("index.html", []byte(notBuilt))
	}
	return c, nil
}

func newClientFile(name string, body []byte) clientFile {
	f := clientFile{kind: fileTypes[path.Ext(name)], body: body}
	if f.kind == "" {
		f.kind = "application/octet-stream"
	}
	if strings.HasPrefix(f.kind, "text/") || strings.HasPrefix(f.kind, "application/") || f.kind == "image/svg+xml" {
		var packed bytes.Buffer
		w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
		if err == nil {
			_, err = w.Write(body)
		}
		if err == nil && w.Close() == nil && packed.Len() < len(body)*9/10 {
			f.packed = packed.Bytes()
		}
	}
	return f
}

func (s *Server) routesOfPages() {
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		for _, path := range []string{"/l/:token", "/setup/:token", "/*"} {
			plain(s, method, path, policy.Public, personAlone[echo.Context], s.getPage)
		}
	}
}

// getPage serves a file of the client, or the client's start page for the routes that live in it.
func (s *Server) getPage(_ *visit, _ nothing, c echo.Context) error {
	asked := path.Clean("/" + c.Request().URL.Path)
	if asked == "/api" || strings.HasPrefix(asked, "/api/") {
		return notFound()
	}
	h := c.Response().Header()
	file, ok := s.files.byPath[asked]
	switch {
	case ok && strings.HasPrefix(asked, "/assets/"):
		// Names in assets contain their content's hash.
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	case ok && asked != "/index.html":
		h.Set("Cache-Control", "public, max-age=3600")
	case path.Ext(asked) != "" && asked != "/index.html" && !hasSecret(asked):
		return notFound() // a file that is not there: a stale tab after an upgrade must not get HTML for a script
	default:
		file = s.files.byPath["/index.html"]
		h.Set("Cache-Control", "no-cache")
		if hasSecret(asked) {
			h.Set("Cache-Control", "no-store")
		}
	}
	return file.send(c)
}

// hasSecret says whether the path is that of a link.
func hasSecret(asked string) bool {
	return strings.HasPrefix(asked, "/l/") || strings.HasPrefix(asked, "/setup/")
}

func (f clientFile) send(c echo.Context) error {
	h := c.Response().Header()
	h.Set(echo.HeaderContentType, f.kind)
	body := f.body
	if f.packed != nil {
		h.Set("Vary", "Accept-Encoding")
		if acceptsGzip(c.Request()) {
			h.Set("Content-Encoding", "gzip")
			body = f.packed
		}
	}
	h.Set("Content-Length", fmt.Sprint(len(body)))
	c.Response().WriteHeader(http.StatusOK)
	if c.Request().Method == http.MethodHead {
		return nil
	}
	_, err := c.Response().Write(body)
	return err
}

func acceptsGzip(r *http.Request) bool {
	for _, offer := range strings.Split(r.Header.Get("Accept-Encoding"), ",") {
		name, quality, _ := strings.Cut(strings.TrimSpace(offer), ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") && strings.TrimSpace(quality) != "q=0" {
			return true
		}
	}
	return false
}
