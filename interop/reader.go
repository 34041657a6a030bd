package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

// reader is a Python script that prints one line of JSON for each line it gets:
// the clients take seconds to load, and are asked many times.
type reader struct {
	script string
	in     io.Writer
	out    *bufio.Reader
}

// reader starts a script of the folder python.
func (b *bench) reader(python, script string, environ []string, args ...string) (*reader, error) {
	path, err := filepath.Abs(filepath.Join("python", script))
	if err != nil {
		return nil, err
	}
	c := exec.Command(python, append([]string{path}, args...)...)
	c.Dir, c.Env = b.dir, append(os.Environ(), environ...)
	in, err1 := c.StdinPipe()
	out, err2 := c.StdoutPipe()
	log, err3 := os.Create(filepath.Join(b.dir, script+".log"))
	if err := firstOf(err1, err2, err3); err != nil {
		return nil, err
	}
	b.files = append(b.files, log.Name())
	c.Stderr = log
	if err := c.Start(); err != nil {
		return nil, err
	}
	b.later(func() {
		c.Process.Kill() // it may have ended by itself
		c.Wait()
		log.Close()
	})
	return &reader{script, in, bufio.NewReader(out)}, nil
}

// ask sends a line and decodes the one that comes back. Where that is an object
// with an error, it is one.
func (r *reader) ask(line any, into any) error {
	question, err := json.Marshal(line)
	if err != nil {
		return err
	}
	if _, err := r.in.Write(append(question, '\n')); err != nil {
		return fmt.Errorf("%s has ended: %w", r.script, err)
	}
	answer, err := r.out.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("%s has ended: %w", r.script, err)
	}
	var trouble struct{ Error string }
	if json.Unmarshal(answer, &trouble) == nil && trouble.Error != "" {
		return fmt.Errorf("%s: %s", r.script, trouble.Error)
	}
	return json.Unmarshal(answer, into)
}
