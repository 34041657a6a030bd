//go:build unix

package feedbacktest

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// Postgres returns the URL of an empty database on a Postgres server that lives
// as long as this test binary. It skips the test when Postgres is not installed.
func Postgres(t testing.TB) string {
	t.Helper()
	server, err := startServer()
	if errors.Is(err, exec.ErrNotFound) {
		t.Skip("there is no initdb in PATH or in /usr/lib/postgresql/*/bin; to run this test on Postgres, install the Debian package postgresql")
	}
	if err != nil {
		t.Fatalf("start a Postgres for the tests: %v", err)
	}
	name := fmt.Sprintf("test_%d", databases.Add(1))
	if out, err := server.command("createdb", "-h", server.dir, "-U", "postgres", name).CombinedOutput(); err != nil {
		t.Fatalf("create database %s: %v\n%s", name, err, out)
	}
	return "postgres:///" + name + "?user=postgres&host=" + server.dir
}

var databases atomic.Int64

// server is a Postgres that listens on a socket in dir and nowhere else.
type server struct {
	bin, dir   string
	credential *syscall.Credential // nil when we are not root
	alive      io.Closer           // never written to; held open, so that our end closes it
}

// OwnPostgres is [Postgres] on a server of the test's own, which crash brings
// down in the middle of whatever it does. It comes back by itself.
func OwnPostgres(t testing.TB) (url string, crash func()) {
	t.Helper()
	server, err := newServer()
	if errors.Is(err, exec.ErrNotFound) {
		t.Skip("there is no initdb in PATH or in /usr/lib/postgresql/*/bin; to run this test on Postgres, install the Debian package postgresql")
	}
	if err != nil {
		t.Fatalf("start a Postgres for the test: %v", err)
	}
	t.Cleanup(func() { server.alive.Close() })
	return "postgres:///postgres?user=postgres&host=" + server.dir, func() {
		t.Helper()
		// When one of its processes is killed the server ends all others, and
		// recovers from its log as after a power cut.
		pid := 0
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for tries := 0; pid == 0; tries++ { // it may still be recovering, or be full
			out, err := server.command("psql", "-h", server.dir, "-U", "postgres", "-Atc",
				"SELECT pid FROM pg_stat_activity WHERE backend_type = 'background writer'").Output()
			if pid, _ = strconv.Atoi(strings.TrimSpace(string(out))); pid == 0 {
				if tries == 600 {
					t.Fatalf("find a process of Postgres: %q, %v", out, err)
				}
				<-tick.C
			}
		}
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
}

var startServer = sync.OnceValues(newServer)

func newServer() (*server, error) {
	bin, err := findPostgres()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "pg") // a short path: a socket's is limited to 100 bytes
	if err != nil {
		return nil, err
	}
	s := &server{bin: bin, dir: dir}
	if os.Getuid() == 0 { // which Postgres refuses to run as
		if s.credential, err = unprivileged(); err != nil {
			return nil, err
		}
		if err := os.Chown(dir, int(s.credential.Uid), int(s.credential.Gid)); err != nil {
			return nil, err
		}
	}
	out, err := s.command("initdb", "-D", filepath.Join(dir, "data"), "-U", "postgres", "-A", "trust",
		"-E", "UTF8", "--locale=C", "--no-sync").CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	return s, s.run()
}

// run starts the server under a shell that waits for the end of its input. That
// comes when this process ends, in whatever way; the shell then stops the
// server and removes its files.
func (s *server) run() error {
	const script = `
		"$1/postgres" -D "$2/data" -k "$2" -c listen_addresses= -c fsync=off -c max_connections=200 >"$2/log" 2>&1 </dev/null &
		until "$1/pg_isready" -q -h "$2" || ! kill -0 $!; do sleep 0.05; done
		"$1/pg_isready" -h "$2" || tail "$2/log"
		exec >&- 2>&-
		cat >/dev/null
		kill -QUIT $!
		wait
		rm -rf "$2"`
	shell := s.command("sh", "-c", script, "postgres", s.bin, s.dir)
	var err error
	if s.alive, err = shell.StdinPipe(); err != nil {
		return err
	}
	out, err := shell.StdoutPipe()
	if err != nil {
		return err
	}
	if err := shell.Start(); err != nil {
		return err
	}
	var said [1000]byte
	n, err := out.Read(said[:])
	if err != nil {
		return err
	}
	if out, err := s.command("pg_isready", "-h", s.dir).CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s%s", err, out, said[:n])
	}
	return nil
}

func (s *server) command(name string, args ...string) *exec.Cmd {
	if path := filepath.Join(s.bin, name); name != "sh" {
		name = path
	}
	cmd := exec.Command(name, args...)
	cmd.Dir = s.dir
	if s.credential != nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: s.credential}
	}
	return cmd
}

// findPostgres returns the folder that holds Postgres's programs.
func findPostgres() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return "", err
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		found = append(found, path)
	}
	if len(found) == 0 {
		return "", exec.ErrNotFound
	}
	initdb, err := filepath.EvalSymlinks(found[len(found)-1])
	return filepath.Dir(initdb), err
}

// unprivileged returns somebody for Postgres to run as.
func unprivileged() (*syscall.Credential, error) {
	account, err := user.Lookup("postgres")
	if err != nil {
		account, err = user.Lookup("nobody")
	}
	if err != nil {
		return nil, err
	}
	uid, err := strconv.ParseUint(account.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(account.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, err
}
