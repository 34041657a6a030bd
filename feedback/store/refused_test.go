package store

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// What can never work is said at once, with the mend that belongs to it.
func TestNeverOpened(t *testing.T) {
	folder := t.TempDir()
	plain, text := filepath.Join(folder, "file"), filepath.Join(folder, "text")
	for _, path := range []string{plain, text} {
		if err := os.WriteFile(path, []byte(strings.Repeat("this is no database\n", 100)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for address, mend := range map[string]string{
		"sqlite:" + folder:          "name a file in that folder",
		"sqlite:" + folder + "/":    "name a file in that folder",
		"sqlite:" + plain + "/x.db": "correct the path",
		"sqlite:" + filepath.Join(folder, strings.Repeat("x", 300)): "correct the path",
		"sqlite:" + text: "no SQLite database",
		"sqlite:":        "sqlite:PATH",
		"mysql://db":     "sqlite:PATH",
	} {
		wantMend(t, address, mend)
	}
}

func wantMend(t *testing.T, address, mend string) {
	t.Helper()
	_, err := Open(t.Context(), address, Options{})
	if never := new(ConfigurationError); !errors.As(err, &never) || !strings.Contains(never.Mend, mend) {
		t.Errorf("%s = %v, want the mend %q", address, err, mend)
	}
}

// Of what a file system has against a file, a full disk may pass; and so may
// whatever a server's socket answers that is just being made.
func TestWhatPasses(t *testing.T) {
	for errno, passes := range map[syscall.Errno]bool{
		syscall.EROFS: false, syscall.EACCES: false, syscall.EPERM: false, syscall.EISDIR: false, syscall.ENOTDIR: false, syscall.ENOENT: false,
		syscall.ENOSPC: true, syscall.EMFILE: true, syscall.EIO: true,
	} {
		never := new(ConfigurationError)
		if err := forGood(&fs.PathError{Op: "open", Path: "x.db", Err: errno}); errors.As(err, &never) == passes {
			t.Errorf("a file with %v = %v, want it to pass: %v", errno, err, passes)
		}
		socket := &net.OpError{Op: "dial", Net: "unix", Err: os.NewSyscallError("connect", errno)}
		if err := forGood(socket); errors.As(err, &never) || !isPassing(err) {
			t.Errorf("a socket with %v = %v, want it to pass", errno, err)
		}
	}
}
