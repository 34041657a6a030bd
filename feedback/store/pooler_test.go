//go:build unix

package store_test

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"feedbackbot/feedback"
	"feedbackbot/feedback/feedbacktest"
	"feedbackbot/feedback/store"
)

// pooled returns the address of a database behind a PgBouncer of the test's own,
// in this mode. It skips the test where PgBouncer is not installed.
func pooled(t *testing.T, settings ...string) string {
	t.Helper()
	bouncer, err := exec.LookPath("pgbouncer")
	if err != nil {
		if bouncer, err = exec.LookPath("/usr/sbin/pgbouncer"); err != nil {
			t.Skip("there is no pgbouncer in PATH or in /usr/sbin; to run this test, install the Debian package pgbouncer")
		}
	}
	direct, err := url.Parse(feedbacktest.Postgres(t))
	if err != nil {
		t.Fatal(err)
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := free.Addr().(*net.TCPAddr)
	free.Close()
	socket := direct.Query().Get("host")
	config := fmt.Sprintf("[databases]\n* = host=%s user=postgres\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = %d\nunix_socket_dir =\nauth_type = any\n%s\n",
		socket, addr.Port, strings.Join(settings, "\n"))
	path := filepath.Join(t.TempDir(), "pgbouncer.ini")
	if err := os.WriteFile(path, []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
	c := exec.Command(bouncer, "-q", path)
	if os.Getuid() == 0 { // which PgBouncer refuses to run as; whoever runs Postgres can reach its socket
		owner, err := os.Stat(socket)
		if err != nil {
			t.Fatal(err)
		}
		who := owner.Sys().(*syscall.Stat_t)
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: who.Uid, Gid: who.Gid}}
		config, err := os.Open(path) // the folders above it may be closed to that user
		if err != nil {
			t.Fatal(err)
		}
		defer config.Close()
		c.ExtraFiles = []*os.File{config}
		c.Args[2] = "/dev/fd/3"
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Process.Kill()
		c.Wait()
	})
	return fmt.Sprintf("postgres://postgres@%s%s?sslmode=disable", addr, direct.Path)
}

// patient waits for a PgBouncer that has just been started.
var patient = store.Options{Patience: time.Minute}

// Behind a pooler in session mode everything works as without one, locks among it.
func TestPgBouncerBySession(t *testing.T) {
	address := pooled(t, "pool_mode = session", "default_pool_size = 40")
	first, second := open(t, address, patient), open(t, address, patient)
	r := feedbacktest.NewResponse()
	if err := first.Monitor(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	for n := range 20 { // on several connections, prepared statements among them
		s := []*store.Store{first, second}[n%2]
		if _, _, err := s.Vote(t.Context(), feedback.Vote{ResponseID: r.ID, Rater: "rater", Source: feedback.User, Kind: feedback.Stars, Rating: 1 + n%5, Version: int64(n + 1)}); err != nil {
			t.Fatal(err)
		}
	}
	lock, err := first.TryLock(t.Context(), "shards")
	if err != nil || lock == nil {
		t.Fatalf("TryLock() = %v, %v, want a lock", lock, err)
	}
	if other, err := second.TryLock(t.Context(), "shards"); err != nil || other != nil {
		t.Errorf("TryLock() of another process = %v, %v, want none", other, err)
	}
	lock.Release()
}

// A pooler that lends one connection to several would lose statements and locks at
// some later time. The bot says so at the start.
func TestPgBouncerByTransaction(t *testing.T) {
	for _, order := range []string{"server_round_robin = 0", "server_round_robin = 1"} {
		for _, mode := range []string{"transaction", "statement"} {
			_, err := store.Open(t.Context(), pooled(t, "pool_mode = "+mode, order), patient)
			if never := new(store.ConfigurationError); !errors.As(err, &never) || !strings.Contains(never.Mend, "session") {
				t.Errorf("Open() behind a pooler by %s, %s = %v, want the mend that names the mode session", mode, order, err)
			}
		}
	}
}
