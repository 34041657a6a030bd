package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// shop is where counterparts are installed, in a folder that is kept.
type shop struct {
	cache string
	dir   string          // for everything else; removed at the end
	ready context.Context // ends when no time to install is left
	close context.CancelFunc
	bot   string // the program
}

func newShop(ctx context.Context, cache string, install time.Duration) (*shop, error) {
	cache, err := filepath.Abs(cache)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "interop-")
	if err != nil {
		return nil, err
	}
	s := &shop{cache: cache, dir: dir, bot: filepath.Join(dir, "feedbackbot")}
	if err := goBuild(ctx, "..", s.bot, "."); err != nil {
		return nil, fmt.Errorf("build the bot: %w", err)
	}
	s.ready, s.close = context.WithTimeout(ctx, install)
	return s, nil
}

// goBuild builds a program of the module in a folder.
func goBuild(ctx context.Context, folder, to, what string) error {
	_, err := output(ctx, folder, nil, "go", "build", "-trimpath", "-o", to, what)
	return err
}

// built returns the path of a program of this module.
func (s *shop) built(name string) (string, error) {
	path := filepath.Join(s.dir, name)
	if err := goBuild(s.ready, ".", path, "./"+name); err != nil {
		return "", s.lacking("the Go modules of "+name, err)
	}
	return path, nil
}

// lacking is the skip of a pair whose packages cannot be had.
func (s *shop) lacking(what string, err error) error {
	if s.ready.Err() != nil {
		return skip{"there was no time left to install " + what + "; the next run goes on from there"}
	}
	lines := strings.Split(strings.TrimSpace(err.Error()), "\n")
	return skip{what + " cannot be installed here: " + lines[len(lines)-1]}
}

// venv returns the Python that has what requirements/NAME.txt lists. It is made
// once for each list.
func (s *shop) venv(name string) (python string, err error) {
	list := filepath.Join("requirements", name+".txt")
	text, err := os.ReadFile(list)
	if err != nil {
		return "", err
	}
	dir := filepath.Join(s.cache, fmt.Sprintf("%s-%x", name, sha256.Sum256(text))[:len(name)+13])
	python = filepath.Join(dir, "bin", "python")
	done := filepath.Join(dir, "installed")
	if _, err := os.Stat(done); err == nil {
		return python, nil
	}
	uv, err := s.uv()
	if err == nil {
		err = os.RemoveAll(dir)
	}
	for _, args := range [][]string{{"venv", "-q", dir}, {"pip", "install", "-q", "--python", python, "--compile-bytecode", "-r", list}} {
		if err == nil {
			_, err = output(s.ready, ".", nil, uv, args...)
		}
	}
	if err != nil {
		return "", s.lacking("what "+list+" lists", err)
	}
	return python, os.WriteFile(done, nil, 0o644)
}

// uv returns an installer that is much faster than Python's own.
func (s *shop) uv() (string, error) {
	dir := filepath.Join(s.cache, "uv")
	path := filepath.Join(dir, "bin", "uv")
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	if _, err := output(s.ready, ".", nil, "python3", "-m", "venv", dir); err != nil {
		return "", fmt.Errorf("python3 with venv is needed: %w", err)
	}
	_, err := output(s.ready, ".", nil, filepath.Join(dir, "bin", "pip"), "install", "-q", "-r", filepath.Join("requirements", "uv.txt"))
	return path, err
}

// output runs a program to its end and returns what it wrote. The error has what
// it wrote on standard error.
func output(ctx context.Context, dir string, environ []string, name string, args ...string) ([]byte, error) {
	c := exec.CommandContext(ctx, name, args...)
	c.Dir = dir
	c.Env = append(os.Environ(), environ...)
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	if err := c.Run(); err != nil {
		return stdout.Bytes(), fmt.Errorf("%s: %w\n%s", filepath.Base(name), errors.Join(err, ctx.Err()), strings.TrimSpace(stderr.String()))
	}
	return stdout.Bytes(), nil
}
