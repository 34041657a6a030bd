package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"feedbackbot/bot"
)

// The packages know each other only along these arrows. A test package knows
// only what it serves.
func TestArrows(t *testing.T) {
	const house = "feedbackbot"
	allowed := map[string][]string{
		".":                    {"bot", "llm", "feedback", "*"},
		"bot":                  {"bot/discord", "bot/text", "bot/files", "feedback", "llm"},
		"bot/discord":          {},
		"bot/text":             {},
		"bot/files":            {},
		"bot/discordtest":      {},
		"bot/playground":       {"bot/discordtest"},
		"llm":                  {},
		"llm/llmtest":          {},
		"feedback":             {},
		"feedback/store":       {"feedback"},
		"feedback/delivery":    {"feedback"},
		"feedback/confident":   {"feedback", "feedback/rest"},
		"feedback/langfuse":    {"feedback", "feedback/rest", "feedback/otlp"},
		"feedback/observatory": {"feedback"},
		"feedback/otlp":        {"feedback", "feedback/rest"},
		"feedback/phoenix":     {"feedback", "feedback/rest", "feedback/otlp"},
		"feedback/rest":        {"feedback"},
		"feedback/webhook":     {"feedback", "feedback/rest"},
	}
	only := map[string][]string{ // who may import it
		"github.com/bwmarrin/discordgo":           {"bot/discord"},
		"github.com/sashabaranov/go-openai":       {"llm"},
		"database/sql":                            {"feedback/store"},
		"github.com/jackc/pgx/v5/stdlib":          {"feedback/store"},
		"modernc.org/sqlite":                      {"feedback/store"},
		"github.com/joho/godotenv":                {"."},
		"github.com/caarlos0/env/v11":             {"."},
		"github.com/yuin/goldmark":                {"feedback/observatory"},
		"github.com/sergi/go-diff/diffmatchpatch": {"feedback/observatory"},
		"github.com/cenkalti/backoff/v5":          {"llm", "bot"},
	}
	for _, p := range packages(t) {
		name := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, house), "/")
		if name == "" {
			name = "."
		}
		may, known := allowed[name]
		if !known && path.Base(name) != path.Base(path.Dir(name))+"test" {
			t.Errorf("package %s is new: say in this test what it may know", name)
		}
		if !known {
			may = []string{path.Dir(name)}
		}
		if name == "feedback/feedbacktest" { // it runs backends before a worker and both databases
			may = append(may, "feedback/store", "feedback/delivery")
		}
		for _, imported := range p.Imports {
			if owners := only[imported]; owners != nil && !slices.Contains(owners, name) {
				t.Errorf("%s imports %s, which only %s may", name, imported, owners)
			}
			ours, isOurs := strings.CutPrefix(imported, house+"/")
			if isOurs && !slices.Contains(may, ours) && !slices.Contains(may, "*") {
				t.Errorf("%s imports %s, want only %v", name, ours, may)
			}
		}
		if name != "." {
			noEnvironment(t, p)
		}
	}
}

type pkg struct {
	ImportPath, Dir string
	Imports         []string
	GoFiles         []string
}

func packages(t *testing.T) []pkg {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Dir,Imports,GoFiles", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var list []pkg
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return list
		} else if err != nil {
			t.Fatal(err)
		}
		list = append(list, p)
	}
}

// noEnvironment reports uses of the environment, which only main may read.
func noEnvironment(t *testing.T, p pkg) {
	t.Helper()
	for _, file := range p.GoFiles {
		f, err := parser.ParseFile(token.NewFileSet(), path.Join(p.Dir, file), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok {
				if x, ok := s.X.(*ast.Ident); ok && x.Name == "os" && slices.Contains([]string{"Getenv", "LookupEnv", "Environ", "ExpandEnv"}, s.Sel.Name) {
					t.Errorf("%s/%s reads the environment with os.%s", p.ImportPath, file, s.Sel.Name)
				}
			}
			return true
		})
	}
}

// The map in CONTRIBUTING.md names every file of the rooms it lists, and no other;
// the story's files are about as long as it says.
func TestMap(t *testing.T) {
	text, err := os.ReadFile("CONTRIBUTING.md")
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]map[string]bool{} // files by room
	room := ""
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(line, "|")
		if len(cells) != 5 {
			continue
		}
		if lines, err := strconv.Atoi(strings.TrimSpace(cells[2])); err == nil {
			file := strings.Trim(cells[1], " `")
			wantLength(t, file, lines)
			note(named, path.Dir(file)+"/", path.Base(file))
			continue
		}
		if place := codeIn(cells[1]); len(place) == 1 {
			room = place[0]
		}
		for _, file := range codeIn(cells[2]) {
			note(named, room, file)
		}
	}
	if len(named) < 8 {
		t.Fatalf("found %d rooms with files in the map", len(named))
	}
	for room, files := range named {
		there, err := filepath.Glob(filepath.Join(room, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range there {
			if name := filepath.Base(file); !strings.HasSuffix(name, "_test.go") && !files[name] {
				t.Errorf("CONTRIBUTING.md does not say what %s is for", file)
			}
			delete(files, filepath.Base(file))
		}
		for name := range files {
			t.Errorf("CONTRIBUTING.md names %s in %s, which is not there", name, room)
		}
	}
}

func note(named map[string]map[string]bool, room, file string) {
	if named[room] == nil {
		named[room] = map[string]bool{}
	}
	named[room][file] = true
}

// codeIn returns what stands between backticks in a cell.
func codeIn(cell string) (found []string) {
	for n, part := range strings.Split(cell, "`") {
		if n%2 == 1 {
			found = append(found, part)
		}
	}
	return found
}

func wantLength(t *testing.T, file string, lines int) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Error(err)
		return
	}
	if n := bytes.Count(text, []byte("\n")); n > lines*11/10 || n < lines*9/10 {
		t.Errorf("%s has %d lines, CONTRIBUTING.md says %d", file, n, lines)
	}
}

// What members read stands in bot/words*.go alone: elsewhere in bot no string looks
// like a sentence.
func TestWordsStandInOnePlace(t *testing.T) {
	files, err := filepath.Glob("bot/*.go")
	if err != nil {
		t.Fatal(err)
	}
	sentence := regexp.MustCompile(`^\W*[A-Z][a-z']* .*[a-z]`)
	for _, file := range files {
		if base := filepath.Base(file); strings.HasPrefix(base, "words") || base == "check.go" || base == "metrics.go" || strings.HasSuffix(base, "_test.go") {
			continue // operators read the other two
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if s, ok := n.(*ast.BasicLit); ok && s.Kind == token.STRING {
				if text, _ := strconv.Unquote(s.Value); sentence.MatchString(text) {
					t.Errorf("%s: %s belongs in words.go, or beside it", file, s.Value)
				}
			}
			return true
		})
	}
}

// The README's invite link asks for what the code needs.
func TestInviteLink(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	if link := bot.InviteLink("APPLICATION_ID"); !strings.Contains(string(text), link) {
		t.Errorf("README.md has no %s", link)
	}
}

// The image is static, runs without root, can have a read-only root, keeps its
// data on a volume, and watches itself.
func TestDockerfile(t *testing.T) {
	text, err := os.ReadFile("Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	gomod, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	dockerfile := string(text)
	for _, want := range []string{
		"CGO_ENABLED=0", "-trimpath", "distroless/static-debian13:nonroot", "USER nonroot", "VOLUME /data",
		"DATABASE_URL=sqlite:/data/", `HEALTHCHECK `, `CMD ["/feedbackbot", "healthcheck"]`, `ENTRYPOINT ["/feedbackbot"]`,
	} {
		if !strings.Contains(dockerfile, want) {
			t.Errorf("Dockerfile has no %s", want)
		}
	}
	stages := 0
	for line := range strings.Lines(dockerfile) {
		if !strings.HasPrefix(line, "FROM ") {
			continue
		}
		stages++
		for _, word := range strings.Fields(line)[1:] {
			if strings.Contains(word, "/") && !strings.Contains(word, ":") && !strings.HasPrefix(word, "--") || strings.HasSuffix(word, ":latest") {
				t.Errorf("%q does not pin its image", strings.TrimSpace(line))
			}
		}
	}
	if stages != 2 {
		t.Errorf("Dockerfile has %d stages, want one that builds and one that runs", stages)
	}
	for line := range strings.Lines(string(gomod)) {
		if v, ok := strings.CutPrefix(line, "go "); ok {
			minor := strings.Join(strings.Split(strings.TrimSpace(v), ".")[:2], ".")
			if !strings.Contains(dockerfile, "golang:"+minor) {
				t.Errorf("Dockerfile does not build with Go %s, which go.mod names", minor)
			}
		}
	}
	ignored, err := os.ReadFile(".dockerignore")
	if err != nil || !strings.Contains(string(ignored), ".env\n") {
		t.Errorf(".dockerignore = %q, %v, want .env kept out of the image", ignored, err)
	}
}
