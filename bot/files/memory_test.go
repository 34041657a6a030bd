package files

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
)

// However many people attach large files at the same moment, those that are held
// at once fit into the memory that is set aside for them.
func TestManyLargeFilesAtOnce(t *testing.T) {
	const questions = 200
	var held, most atomic.Int64
	large := append([]byte("\x89PNG\r\n\x1a\n"), bytes.Repeat([]byte{0}, maxPicture-8)...)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		now := held.Add(maxPicture)
		defer held.Add(-maxPicture)
		for {
			old := most.Load()
			if now <= old || most.CompareAndSwap(old, now) {
				break
			}
		}
		w.Write(large)
	}))
	defer s.Close()
	f := NewFetcher(s.URL+"/api/v10", "agent")
	var list []Attachment
	for range Most {
		list = append(list, Attachment{Name: "a.png", Size: maxPicture, URL: s.URL + "/a.png"})
	}
	var all sync.WaitGroup
	for range questions {
		all.Go(func() {
			l, release := f.Load(t.Context(), list, true)
			defer release()
			for _, one := range l.Refused {
				if one.Err != ErrNoPicture {
					t.Errorf("refused for %v", one.Err)
				}
			}
		})
	}
	all.Wait()
	if most.Load() > maxHeld || most.Load() == 0 {
		t.Errorf("%d MiB were being read at once, want at most %d", most.Load()>>20, maxHeld>>20)
	}
	if !f.memory.TryAcquire(maxHeld) {
		t.Error("memory was not given back")
	}
}

// What is kept is held until it is released, and no longer.
func TestMemoryIsHeldUntilReleased(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("some words")) }))
	defer s.Close()
	f := NewFetcher(s.URL+"/api/v10", "agent")
	l, release := f.Load(t.Context(), []Attachment{{Name: "a.txt", URL: s.URL + "/a.txt"}}, true)
	if len(l.Texts) != 1 {
		t.Fatalf("loaded %+v", l)
	}
	if f.memory.TryAcquire(maxHeld) {
		t.Error("nothing is held while the text is used")
	}
	release()
	release() // again does nothing
	if !f.memory.TryAcquire(maxHeld) {
		t.Error("something is held after it was released")
	}
}
