package bot_test

import (
	"bytes"
	"sync"
)

// lines are the log.
type lines struct {
	mu  sync.Mutex
	all bytes.Buffer
	out interface{ Write([]byte) (int, error) }

	awaited string
	came    chan struct{}
}

// await returns a channel that is closed when a line with this text is written.
func (l *lines) await(text string) <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.awaited, l.came = text, make(chan struct{})
	return l.came
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all.Write(p)
	if l.awaited != "" && bytes.Contains(p, []byte(l.awaited)) {
		l.awaited = ""
		close(l.came)
	}
	return l.out.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.String()
}
