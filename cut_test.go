package main

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A part is a row of the README's table of what a fork can do without.
type part struct {
	name  string
	after []string // parts that must be gone before
	files []string // a folder ends with a slash
	lines []marked
	fewer int
}

// marked are the lines of some files that contain one of some words.
type marked struct{ words, files []string }

var inCode = regexp.MustCompile("`([^`]+)`")

func quotedIn(cell string) (list []string) {
	for _, m := range inCode.FindAllStringSubmatch(cell, -1) {
		list = append(list, m[1])
	}
	return list
}

// partsOf reads the table.
func partsOf(t *testing.T, readme string) (parts []part) {
	t.Helper()
	_, table, found := strings.Cut(readme, "| without |")
	if !found {
		t.Fatal("README.md has no table of what can be cut")
	}
	rows := strings.Split(table, "\n")
	for _, row := range rows[2:] {
		if !strings.HasPrefix(row, "|") {
			break
		}
		cells := strings.Split(strings.Trim(row, "| "), " | ")
		if len(cells) != 4 {
			t.Fatalf("the row %q has %d cells, want 4", row, len(cells))
		}
		name, after, _ := strings.Cut(cells[0], ", after ")
		p := part{name: name, files: quotedIn(cells[1])}
		if after != "" {
			p.after = strings.Split(after, " and ")
		}
		for segment := range strings.SplitSeq(cells[2], "; ") {
			words, files, _ := strings.Cut(segment, " in ")
			p.lines = append(p.lines, marked{quotedIn(words), quotedIn(files)})
		}
		var err error
		if p.fewer, err = strconv.Atoi(strings.ReplaceAll(cells[3], ",", "")); err != nil {
			t.Fatalf("the row of %s: %v", name, err)
		}
		parts = append(parts, p)
	}
	return parts
}

// Whatever the README says can be cut can be: the rest builds, passes vet with
// its tests, and documents exactly the variables that it has. Each part is cut
// alone, and then all of them from one tree.
func TestCut(t *testing.T) {
	if os.Getenv("FEEDBACKBOT_CUT") == "" {
		t.Skip("it builds the program many times; set FEEDBACKBOT_CUT=1 to cut each capability from a copy of it")
	}
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	parts := partsOf(t, string(readme))
	for _, p := range parts {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			c := copyTree(t)
			for _, name := range p.after {
				n := slices.IndexFunc(parts, func(p part) bool { return p.name == name })
				if n >= 0 { // else a fork has cut it already
					c.cut(parts[n])
				}
			}
			got := c.cut(p)
			if got < p.fewer*9/10 || got > p.fewer*11/10 {
				t.Errorf("without %s there are %d lines fewer; README.md says %d", p.name, got, p.fewer)
			}
			c.works()
		})
	}
	t.Run("All", func(t *testing.T) {
		t.Parallel()
		c, sum := copyTree(t), 0
		left := slices.Clone(parts)
		for len(left) > 0 {
			n := slices.IndexFunc(left, func(p part) bool {
				return !slices.ContainsFunc(p.after, func(name string) bool {
					return slices.ContainsFunc(left, func(p part) bool { return p.name == name })
				})
			})
			if n < 0 {
				t.Fatal("parts wait for each other")
			}
			sum += c.cut(left[n])
			left = slices.Delete(left, n, n+1)
		}
		t.Logf("without all of it there are %d lines fewer", sum)
		c.works()
	})
}

// tree is a copy of everything that is, or soon will be, under version control.
type tree struct {
	t    *testing.T
	dir  string
	gone map[string]bool // files that were cut
}

func copyTree(t *testing.T) *tree {
	t.Helper()
	out, err := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		t.Skip("it needs Git and a clone of the repository: ", err)
	}
	c := &tree{t: t, dir: t.TempDir(), gone: map[string]bool{}}
	for name := range strings.SplitSeq(strings.Trim(string(out), "\x00"), "\x00") {
		text, err := os.ReadFile(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue // deleted, and not yet committed
		} else if err != nil {
			t.Fatal(err)
		}
		c.write(name, text)
	}
	return c
}

func (c *tree) write(name string, text []byte) {
	c.t.Helper()
	path := filepath.Join(c.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		c.t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o644); err != nil {
		c.t.Fatal(err)
	}
}

// cut removes a part and returns how many lines of text that were.
func (c *tree) cut(p part) (lines int) {
	c.t.Helper()
	for _, name := range p.files {
		found := false
		err := filepath.WalkDir(filepath.Join(c.dir, name), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			text, err := os.ReadFile(path)
			if !bytes.Contains(text, []byte{0}) { // not a picture
				lines += bytes.Count(text, []byte("\n"))
			}
			rel, _ := filepath.Rel(c.dir, path) // both are absolute
			found, c.gone[filepath.ToSlash(rel)] = true, true
			return err
		})
		if !found && !c.gone[name] {
			c.t.Errorf("%s: no file %s: %v", p.name, name, err)
		}
		if err := os.RemoveAll(filepath.Join(c.dir, name)); err != nil {
			c.t.Fatal(err)
		}
	}
	for _, m := range p.lines {
		for _, name := range m.files {
			if !c.gone[name] {
				lines += c.cutLines(p, name, m.words)
			}
		}
	}
	return lines
}

// cutLines removes the lines of a file that contain one of these words, or its
// paragraphs where the file is .env.example.
func (c *tree) cutLines(p part, name string, words []string) (lines int) {
	c.t.Helper()
	text, err := os.ReadFile(filepath.Join(c.dir, name))
	if err != nil {
		c.t.Fatal(err)
	}
	separator := "\n"
	if name == ".env.example" {
		separator = "\n\n"
	}
	used := map[string]bool{}
	kept := slices.DeleteFunc(strings.Split(string(text), separator), func(piece string) bool {
		n := slices.IndexFunc(words, func(word string) bool { return strings.Contains(piece, word) })
		if n >= 0 {
			used[words[n]] = true
			lines += strings.Count(piece+separator, "\n")
		}
		return n >= 0
	})
	for _, word := range words {
		if !used[word] {
			c.t.Errorf("%s: no line of %s has %s", p.name, name, word)
		}
	}
	c.write(name, []byte(strings.Join(kept, separator)))
	return lines
}

// works builds and checks what is left.
func (c *tree) works() {
	c.t.Helper()
	for _, args := range [][]string{{"build", "./..."}, {"vet", "./..."}, {"test", "-count=1", "-run", "TestArrows|TestEnvExample", "."}} {
		command := exec.Command("go", args...)
		command.Dir = c.dir
		command.Env = append(os.Environ(), "GOFLAGS=-trimpath", "FEEDBACKBOT_CUT=") // what was built in one folder serves in another
		if out, err := command.CombinedOutput(); err != nil {
			c.t.Errorf("go %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
}
