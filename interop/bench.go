package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// bench is where one pair is tried. What stands on it is ended with the pair.
type bench struct {
	*shop
	dir    string
	limit  time.Duration
	within context.Context // ends when the limit is over; nil before begin
	ends   []func()
	files  []string // what programs wrote
}

func (s *shop) bench(name string) (*bench, error) {
	dir := filepath.Join(s.dir, "bench-"+name)
	return &bench{shop: s, dir: dir}, os.Mkdir(dir, 0o755)
}

// later calls end when the pair is over, the last one first.
func (b *bench) later(end func()) { b.ends = append(b.ends, end) }

func (b *bench) clear() {
	for _, end := range slices.Backward(b.ends) {
		end()
	}
}

// begin bounds the time of a pair, from when all of it is installed.
func (b *bench) begin(ctx context.Context) context.Context {
	ctx, cancel := context.WithTimeoutCause(ctx, b.limit, errTooLong)
	b.within = ctx
	b.later(cancel)
	return ctx
}

var errTooLong = errors.New("the pair took longer than -limit")

// late reports whether the limit is over, which says more of the machine than of
// the pair.
func (b *bench) late() bool { return b.within != nil && context.Cause(b.within) == errTooLong }

// logs is the end of what every program wrote.
func (b *bench) logs() string {
	const most = 6000
	var all strings.Builder
	for _, file := range b.files {
		text, _ := os.ReadFile(file) // what is not there says nothing
		if len(text) > most {
			text = text[len(text)-most:]
		}
		fmt.Fprintf(&all, "--- %s\n%s\n", filepath.Base(file), text)
	}
	return all.String()
}

// program is one that runs while the pair is tried.
type program struct {
	*exec.Cmd
	ended chan struct{} // closed when it has ended
	err   error         // how; to be read after that
}

// start starts a program, in a process group of its own. Its output goes to a file.
func (b *bench) start(environ []string, name string, args ...string) (*program, error) {
	base := filepath.Base(name)
	log, err := os.CreateTemp(b.dir, base+"-*.log")
	if err != nil {
		return nil, err
	}
	b.files = append(b.files, log.Name())
	p := &program{Cmd: exec.Command(name, args...), ended: make(chan struct{})}
	p.Dir, p.Stdout, p.Stderr = b.dir, log, log
	p.Env = append(os.Environ(), environ...)
	p.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := p.Start(); err != nil {
		return nil, errors.Join(err, log.Close())
	}
	go func() {
		p.err = p.Wait()
		log.Close()
		close(p.ended)
	}()
	b.later(p.end)
	return p, nil
}

// endGrace is how long a program may take to end after it was asked to.
const endGrace = 5 * time.Second

func (p *program) end() {
	syscall.Kill(-p.Process.Pid, syscall.SIGTERM) // it may have ended by itself
	select {
	case <-p.ended:
	case <-time.After(endGrace):
	}
	syscall.Kill(-p.Process.Pid, syscall.SIGKILL) // and whatever it started
	<-p.ended
}

// freeAddr is an address on this machine that nobody listens on.
func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// pollEvery is the pace at which a counterpart is asked whether something arrived.
const pollEvery = 200 * time.Millisecond

// until asks until there is no error, and returns the last one when ctx ends, or
// when the program that should answer has ended.
func until(ctx context.Context, p *program, ask func() error) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		err := ask()
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-p.ended:
			return fmt.Errorf("%s has ended (%v): %w", filepath.Base(p.Path), p.err, err)
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", context.Cause(ctx), err)
		}
	}
}

// answers waits until an address answers with 200.
func answers(ctx context.Context, p *program, url string) error {
	return until(ctx, p, func() error {
		resp, err := http.Get(url)
		if err != nil {
			return err
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("%s answers %s", url, resp.Status)
		}
		return nil
	})
}
