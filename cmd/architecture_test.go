// Package cmd_test holds the rules that no compiler knows: what may stand at the top, who may import whom, which
// libraries stay behind which fence, and how large a piece of code may grow.
package cmd_test

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const module = "github.com/zvonok/zvonok"

// The limits on one piece of code, in lines and methods.
const (
	maxFileLines        = 400
	maxTestFileLines    = 800
	maxFunctionLines    = 60
	maxInterfaceMethods = 5
)

// below lists what each room of the house may import of ours, by path prefix; the longest matching room counts.
var below = map[string][]string{
	"cmd":         {"api", "signaling", "recorder", "sfu", "storage", "web"},
	"api":         {"api", "signaling", "recorder", "sfu", "storage", "web"},
	"signaling":   {"signaling", "sfu", "storage"},
	"recorder":    {"recorder", "sfu", "storage"},
	"sfu":         {"sfu"},
	"sfu/media":   {"sfu/media"},
	"storage":     {"storage"},
	"web":         {},
	"sfu/sfutest": {"sfu"},
}

// fences says where a library may be imported, by prefix.
var fences = map[string][]string{
	"github.com/pion/":              {"sfu", "recorder", "api/whip", "cmd/zvonok/loadgen"},
	"github.com/minio/":             {"storage/blob"},
	"github.com/jackc/pgx":          {"storage"},
	"github.com/pressly/goose":      {"storage/catalog"},
	"github.com/labstack/echo":      {"api"},
	"github.com/danielgtaylor/huma": {"api"},
	"github.com/coder/websocket":    {"signaling", "cmd/zvonok/loadgen"},
	"github.com/thesyncim/gopus":    {"recorder"},
	"github.com/bluenviron/":        {"recorder"},
	"github.com/prometheus/":        {"api"},
	"github.com/caarlos0/env":       {"cmd"},
	"github.com/Eyevinn/mp4ff":      {"recorder"},
	"github.com/versity/versitygw":  {"storage/blob/s3test"},
	"golang.org/x/crypto/argon2":    {"api"},
	"github.com/klauspost/compress": {"storage/catalog", "api"},
	"github.com/andybalholm/brotli": {"api"},
}

var topLevel = map[string]bool{
	"cmd": true, "sfu": true, "signaling": true, "recorder": true, "storage": true, "api": true, "web": true, "deploy": true,
	"go.mod": true, "go.sum": true, "README.md": true, "LICENSE": true, "Makefile": true, "CONTRIBUTING.md": true,
}

// source is one parsed Go file of the tree, path relative to its top.
type source struct {
	path      string
	file      *ast.File
	fset      *token.FileSet
	lines     int
	generated bool
}

func (s source) dir() string  { return path.Dir(s.path) }
func (s source) isTest() bool { return strings.HasSuffix(s.path, "_test.go") }

func tracked(t *testing.T) []string {
	t.Helper()
	cmd := exec.Command("git", "ls-files", "--cached", "--others", "--exclude-standard")
	cmd.Dir = ".."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("git ls-files: %v", err)
	}
	var files []string
	for _, f := range strings.Fields(string(out)) {
		if _, err := os.Stat(filepath.Join("..", f)); err == nil {
			files = append(files, f)
		}
	}
	return files
}

func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	for _, f := range tracked(t) {
		if !strings.HasSuffix(f, ".go") {
			continue
		}
		text, err := os.ReadFile(filepath.Join("..", f))
		if err != nil {
			t.Fatal(err)
		}
		fset := token.NewFileSet()
		parsed, err := parser.ParseFile(fset, f, text, parser.ParseComments)
		if err != nil {
			t.Fatalf("%s: %v", f, err)
		}
		all = append(all, source{f, parsed, fset, strings.Count(string(text), "\n"), ast.IsGenerated(parsed)})
	}
	if len(all) == 0 {
		t.Fatal("no Go source found")
	}
	return all
}

func under(p, prefix string) bool { return p == prefix || strings.HasPrefix(p, prefix+"/") }

// room is the longest key of below that holds the folder.
func room(dir string) string {
	best := ""
	for r := range below {
		if under(dir, r) && len(r) > len(best) {
			best = r
		}
	}
	return best
}

func TestTopLevel(t *testing.T) {
	for _, f := range tracked(t) {
		top, _, _ := strings.Cut(f, "/")
		if !topLevel[top] && !strings.HasPrefix(top, ".") {
			t.Errorf("%s: %q does not belong at the top level", f, top)
		}
	}
}

func TestImportsGoDownward(t *testing.T) {
	for _, s := range sources(t) {
		r := room(s.dir())
		if r == "" {
			t.Errorf("%s: no room in the house for %s", s.path, s.dir())
			continue
		}
		for _, spec := range s.file.Imports {
			p := strings.Trim(spec.Path.Value, `"`)
			ours, ok := strings.CutPrefix(p, module+"/")
			if !ok || mayImport(r, ours) {
				continue
			}
			t.Errorf("%s imports %s: %s may import only %v", s.path, ours, r, below[r])
		}
	}
}

func mayImport(r, ours string) bool {
	for _, ok := range below[r] {
		if under(ours, ok) {
			return true
		}
	}
	return under(ours, r) && r != "web"
}

func TestSignalingAndRecorderNeverMeet(t *testing.T) {
	for _, s := range sources(t) {
		for _, spec := range s.file.Imports {
			p := strings.TrimPrefix(strings.Trim(spec.Path.Value, `"`), module+"/")
			if under(s.dir(), "signaling") && under(p, "recorder") || under(s.dir(), "recorder") && under(p, "signaling") {
				t.Errorf("%s imports %s", s.path, p)
			}
		}
	}
}

func TestLibrariesStayBehindTheirFence(t *testing.T) {
	for _, s := range sources(t) {
		for _, spec := range s.file.Imports {
			p := strings.Trim(spec.Path.Value, `"`)
			for lib, allowed := range fences {
				if strings.HasPrefix(p, lib) && !anyUnder(s.dir(), allowed) {
					t.Errorf("%s imports %s: only %v may", s.path, p, allowed)
				}
			}
		}
	}
}

func anyUnder(dir string, prefixes []string) bool {
	for _, p := range prefixes {
		if under(dir, p) {
			return true
		}
	}
	return false
}

func TestEveryPackageIsDocumented(t *testing.T) {
	documented := map[string]bool{}
	for _, s := range sources(t) {
		if s.isTest() {
			continue
		}
		has := path.Base(s.path) == "doc.go" && s.file.Doc != nil && len(s.file.Doc.Text()) > 80
		documented[s.dir()] = documented[s.dir()] || has
	}
	for dir, ok := range documented {
		if !ok {
			t.Errorf("%s has no doc.go that says what it owns, who runs it, what it may import and its units", dir)
		}
	}
}

func TestSizes(t *testing.T) {
	for _, s := range sources(t) {
		if s.generated {
			continue
		}
		limit := maxFileLines
		if s.isTest() {
			limit = maxTestFileLines
		}
		if s.lines > limit {
			t.Errorf("%s has %d lines; the limit is %d", s.path, s.lines, limit)
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			for _, complaint := range tooLarge(s, n) {
				t.Error(complaint)
			}
			return true
		})
	}
}

func tooLarge(s source, n ast.Node) (complaints []string) {
	line := func(p token.Pos) int { return s.fset.Position(p).Line }
	switch n := n.(type) {
	case *ast.FuncDecl:
		if l := line(n.End()) - line(n.Pos()) + 1; l > maxFunctionLines && !s.isTest() {
			complaints = append(complaints, fmt.Sprintf("%s: %s has %d lines; the limit is %d", s.path, n.Name.Name, l, maxFunctionLines))
		}
	case *ast.TypeSpec:
		if i, ok := n.Type.(*ast.InterfaceType); ok && i.Methods.NumFields() > maxInterfaceMethods {
			complaints = append(complaints, fmt.Sprintf("%s: interface %s has %d methods; the limit is %d", s.path, n.Name.Name, i.Methods.NumFields(), maxInterfaceMethods))
		}
	}
	return complaints
}

var vagueName = regexp.MustCompile(`(?i)^(utils?|common|helpers?|managers?|misc|types|base)$`)

func TestNamesSayWhatIsInside(t *testing.T) {
	for _, f := range tracked(t) {
		if path.Ext(f) == ".json" { // catalogues of texts and goldens are named after what they are for
			continue
		}
		for _, part := range strings.Split(strings.TrimSuffix(f, path.Ext(f)), "/") {
			if vagueName.MatchString(part) && !strings.HasPrefix(f, ".") {
				t.Errorf("%s: %q says nothing", f, part)
			}
		}
	}
	for _, s := range sources(t) {
		ast.Inspect(s.file, func(n ast.Node) bool {
			if ts, ok := n.(*ast.TypeSpec); ok && regexp.MustCompile(`(Impl|Manager|Helper|Util)s?$`).MatchString(ts.Name.Name) {
				t.Errorf("%s: type %s says nothing", s.path, ts.Name.Name)
			}
			return true
		})
	}
}

// unfinished are marks that may not land; the words are split so that this file passes its own rule.
var unfinished = regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X|HA` + `CK)\b|\bt\.Ski` + `p(f|Now)?\(|\b(test|it|describe)\.(ski` + `p|onl` + `y|fixm` + `e)\(|waitForTim` + `eout\(`)

func TestNothingUnfinishedLands(t *testing.T) {
	for _, f := range tracked(t) {
		switch path.Ext(f) {
		case ".go", ".ts", ".tsx", ".css", ".sh", ".mjs", ".sql":
		default:
			continue
		}
		if strings.Contains(f, "/generated/") {
			continue
		}
		text, err := os.ReadFile(filepath.Join("..", f))
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(text), "\n") {
			if m := unfinished.FindString(line); m != "" {
				t.Errorf("%s:%d: %q", f, i+1, m)
			}
		}
	}
}

func imports(s source, name string) bool {
	for _, spec := range s.file.Imports {
		if strings.Trim(spec.Path.Value, `"`) == name {
			return true
		}
	}
	return false
}

func TestTestsDoNotSleepToSynchronise(t *testing.T) {
	all := sources(t)
	simulated := map[string]bool{}
	for _, s := range all {
		simulated[s.dir()] = simulated[s.dir()] || imports(s, "testing/synctest")
	}
	for _, s := range all {
		// Inside a synctest bubble time is simulated, and sleeping is how it passes.
		if !s.isTest() || simulated[s.dir()] {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if sel, ok := call.Fun.(*ast.SelectorExpr); ok && sel.Sel.Name == "Sleep" {
				if x, ok := sel.X.(*ast.Ident); ok && x.Name == "time" {
					t.Errorf("%s: time.Sleep; wait for what should happen", s.fset.Position(n.Pos()))
				}
			}
			return true
		})
	}
}

var requireLine = regexp.MustCompile(`(?m)^\s*(?:require )?([a-z0-9.]+\.[a-z]+/\S+) v\S+$`)

// TestEveryDependencyIsADecision wants a line in cmd/adr for each module and package that we ask for ourselves.
func TestEveryDependencyIsADecision(t *testing.T) {
	var decisions strings.Builder
	records, err := filepath.Glob("adr/*.md")
	if err != nil || len(records) == 0 {
		t.Fatalf("no decision records: %v", err)
	}
	for _, r := range records {
		text, err := os.ReadFile(r)
		if err != nil {
			t.Fatal(err)
		}
		decisions.Write(text)
	}
	for _, dep := range append(goDependencies(t), webDependencies(t)...) {
		if !strings.Contains(decisions.String(), strings.TrimPrefix(dep, "github.com/")) {
			t.Errorf("%s: no decision record says why this one", dep)
		}
	}
}

func goDependencies(t *testing.T) (deps []string) {
	t.Helper()
	text, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range requireLine.FindAllStringSubmatch(string(text), -1) {
		deps = append(deps, m[1])
	}
	return deps
}

func webDependencies(t *testing.T) (deps []string) {
	t.Helper()
	text, err := os.ReadFile("../web/package.json")
	if err != nil {
		t.Fatal(err)
	}
	var pkg struct {
		Dependencies    map[string]string `json:"dependencies"`
		DevDependencies map[string]string `json:"devDependencies"`
	}
	if err := json.Unmarshal(text, &pkg); err != nil {
		t.Fatal(err)
	}
	for _, group := range []map[string]string{pkg.Dependencies, pkg.DevDependencies} {
		for name := range group {
			deps = append(deps, name)
		}
	}
	return deps
}
