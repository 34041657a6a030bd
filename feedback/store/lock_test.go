package store_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"feedbackbot/feedback"
	"feedbackbot/feedback/feedbacktest"
	"feedbackbot/feedback/store"
)

// A lock has one holder, in one process and among several, and is free again as
// soon as its holder gives it up or is gone.
func TestLock(t *testing.T) {
	t.Parallel()
	feedbacktest.Databases(t, func(t *testing.T, url string) {
		synctest.Test(t, func(t *testing.T) {
			s := open(t, url, store.Options{})
			l, err := s.TryLock(context.Background(), "shard 0")
			if err != nil || l == nil {
				t.Fatalf("TryLock() = %v, %v, want the lock", l, err)
			}
			if again, err := s.TryLock(context.Background(), "shard 0"); again != nil || err != nil {
				t.Errorf("TryLock() of our own = %v, %v, want nil", again, err)
			}
			if other, err := s.TryLock(context.Background(), "shard 1"); other == nil || err != nil {
				t.Errorf("TryLock() of another = %v, %v, want the lock", other, err)
			}
			l.Release()
			if l, err = s.TryLock(context.Background(), "shard 0"); l == nil || err != nil {
				t.Errorf("TryLock() of a released one = %v, %v, want the lock", l, err)
			}
		})
	})
}

// Among processes on one Postgres a lock goes over when its holder ends, and
// survives a broken connection; it is lost when somebody else was faster.
func TestLockAmongProcesses(t *testing.T) {
	t.Parallel()
	url := feedbacktest.Postgres(t)
	synctest.Test(t, func(t *testing.T) {
		one, err := store.Open(context.Background(), url, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		two := open(t, url, store.Options{})
		// It has no time limit, since Postgres is outside of the bubble: it may
		// take any time of its clock to notice that a process has gone.
		get := func(s *store.Store, name string) feedback.Lock {
			for {
				if l, err := s.TryLock(context.Background(), name); err == nil && l != nil {
					return l
				}
				time.Sleep(20 * time.Millisecond)
			}
		}
		held := get(one, "a")
		if l, err := two.TryLock(context.Background(), "a"); l != nil || err != nil {
			t.Errorf("TryLock() of another process's = %v, %v, want nil", l, err)
		}
		const ofThisDatabase = `locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`
		cut := func() {
			t.Helper()
			if _, err := two.DB().Exec(`SELECT pg_terminate_backend(pid, 60000) FROM pg_locks WHERE ` + ofThisDatabase); err != nil {
				t.Fatal(err)
			}
		}
		cut()
		took := get(two, "a") // it was faster
		select {
		case <-held.Lost():
		case <-time.After(time.Minute):
			t.Error("the lock was not reported as lost")
		}
		held.Release() // does nothing
		if l, err := one.TryLock(context.Background(), "a"); l != nil || err != nil {
			t.Errorf("TryLock() of a lost one = %v, %v, want nil", l, err)
		}
		took.Release()
		held = get(one, "a")
		cut()
		eventually(t, "nobody else wants it: it is taken again", func() bool {
			var n int
			if err := two.DB().QueryRow(`SELECT COUNT(*) FROM pg_locks WHERE ` + ofThisDatabase).Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n == 1
		})
		select {
		case <-held.Lost():
			t.Error("the lock was lost to nobody")
		default:
		}
		cut()
		if l, err := one.TryLock(context.Background(), "b"); err == nil {
			l.Release() // it was noticed before
		}
		if l, err := one.TryLock(context.Background(), "b"); l == nil || err != nil {
			t.Errorf("a second TryLock() over a broken connection = %v, %v, want a lock over another", l, err)
		}
		if err := one.Close(); err != nil {
			t.Fatal(err)
		}
		get(two, "a")
	})
}

// A lock that is released while the database is away is free for everybody
// afterwards, however often this process had asked for it.
func TestReleasedWhileAway(t *testing.T) {
	t.Parallel()
	url := feedbacktest.Postgres(t)
	synctest.Test(t, func(t *testing.T) {
		one, two := open(t, url, store.Options{}), open(t, url, store.Options{})
		held, err := one.TryLock(context.Background(), "a")
		if err != nil || held == nil {
			t.Fatalf("TryLock() = %v, %v", held, err)
		}
		one.LoseLocks()
		held.Release()
		if held, err = one.TryLock(context.Background(), "a"); err != nil || held == nil {
			t.Fatalf("TryLock() = %v, %v", held, err)
		}
		one.CheckLocks(context.Background())
		held.Release()
		if l, err := two.TryLock(context.Background(), "a"); err != nil || l == nil {
			t.Errorf("TryLock() of a released one = %v, %v, want the lock", l, err)
		}
	})
}
