package bot

import (
	"sync"
	"time"
)

// fleeting keeps things in memory for as long as an interaction's token works, by
// id, for what must not or need not outlive the process.
type fleeting[T any] struct {
	mu  sync.Mutex
	all map[string]kept[T]
}

type kept[T any] struct {
	value T
	since time.Time
}

const (
	fleetingLife = 15 * time.Minute
	maxFleeting  = 1000
)

func newFleeting[T any]() *fleeting[T] { return &fleeting[T]{all: map[string]kept[T]{}} }

func (f *fleeting[T]) put(id string, value T) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for old, one := range f.all {
		if time.Since(one.since) > fleetingLife || len(f.all) >= maxFleeting {
			delete(f.all, old)
		}
	}
	f.all[id] = kept[T]{value, time.Now()}
}

// get returns what was put; the zero value if it is gone.
func (f *fleeting[T]) get(id string) (value T, found bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	one, found := f.all[id]
	if !found || time.Since(one.since) > fleetingLife {
		return value, false
	}
	return one.value, true
}

func (f *fleeting[T]) take(id string) (value T, found bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	one, found := f.all[id]
	delete(f.all, id)
	if !found || time.Since(one.since) > fleetingLife {
		return value, false
	}
	return one.value, true
}
