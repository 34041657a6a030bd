package files

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
)

// However many people attach large files at the same moment, those that are held
// at once fit into the memory that is set aside for them, and the process stays
// small. FEEDBACKBOT_FILE_QUESTIONS=200 makes it as many questions.
func TestManyLargeFilesAtOnce(t *testing.T) {
	questions := 40
	if n, err := strconv.Atoi(os.Getenv("FEEDBACKBOT_FILE_QUESTIONS")); err == nil {
		questions = n
	}
	const process = 256 << 20 // what the whole process may take, the garbage included
	var held, most, heap atomic.Int64
	large := append([]byte("\x89PNG\r\n\x1a\n"), bytes.Repeat([]byte{0}, maxPicture-8)...)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		now := held.Add(maxPicture)
		defer held.Add(-maxPicture)
		raise(&most, now)
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		raise(&heap, int64(m.HeapInuse))
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
	if heap.Load() > process {
		t.Errorf("the process took %d MiB, want at most %d", heap.Load()>>20, process>>20)
	}
	t.Logf("%d MiB were being read at once, the process took %d MiB", most.Load()>>20, heap.Load()>>20)
	if !f.memory.TryAcquire(maxHeld) {
		t.Error("memory was not given back")
	}
}

// raise makes a maximum at least as large as a value.
func raise(most *atomic.Int64, value int64) {
	for {
		old := most.Load()
		if value <= old || most.CompareAndSwap(old, value) {
			return
		}
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
