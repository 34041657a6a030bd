package bot

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"feedbackbot/bot/discord"
	"feedbackbot/feedback"
	"feedbackbot/feedback/store"
)

// story takes storyLasts to tell, a word at a time.
const (
	storyWords = 180
	wordEvery  = 20 * time.Millisecond
	storyLasts = storyWords * wordEvery
)

func story(_ context.Context, say func(string)) {
	for range storyWords {
		say("word ")
		time.Sleep(wordEvery)
	}
}

// hasVotes reports whether a request shows vote buttons.
func (r sent) hasVotes() bool { return strings.Contains(r.raw, "fb1:up:") }

// An answer appears as soon as it is worth a notification, then grows once a
// second; its last edit does not wait, and alone carries the buttons.
func TestPaceOfEdits(t *testing.T) {
	onStage(t, filepath.Join(t.TempDir(), "feedback.db"), story, nil, func(t *testing.T, s *stage) {
		s.tell(t.Context(), s.question(t))
		first := s.left("/messages")
		if len(first) != 1 || first[0].hasVotes() {
			t.Fatalf("posted %+v, want one message without buttons", first)
		}
		if n := utf8.RuneCountInString(first[0].content); n > worthShowing || n < worthShowing-len("word ") {
			t.Errorf("the first message has %d code points, want about %d", n, worthShowing)
		}
		if want := wordEvery * (worthShowing/time.Duration(len("word ")) - 1); first[0].at != want {
			t.Errorf("the first message came after %v, want %v", first[0].at, want)
		}
		edits := s.left("/42")
		if want := int((storyLasts - first[0].at) / editEvery); len(edits) != want+1 {
			t.Fatalf("%d edits in %v, want one a second and a last one", len(edits), storyLasts)
		}
		last := edits[len(edits)-1]
		for n, e := range edits[:len(edits)-1] {
			if want := first[0].at + time.Duration(n+1)*editEvery; e.at != want || e.hasVotes() {
				t.Errorf("edit %d came after %v, want %v and no vote buttons: %s", n, e.at, want, e.raw)
			}
		}
		if last.at != storyLasts || !last.hasVotes() || strings.Count(last.content, "word") != storyWords {
			t.Errorf("the last edit came after %v, want %v, with buttons and all words: %s", last.at, storyLasts, last.raw)
		}
	})
}

// A few characters are shown after a moment even though they are few, and until
// then the bot types.
func TestPaceOfShortBeginning(t *testing.T) {
	const silence = 20 * time.Second
	hesitates := func(_ context.Context, say func(string)) {
		time.Sleep(silence)
		say("Hm.")
		time.Sleep(silence)
		say(" No.")
	}
	onStage(t, filepath.Join(t.TempDir(), "feedback.db"), hesitates, nil, func(t *testing.T, s *stage) {
		s.tell(t.Context(), s.question(t))
		if first := s.left("/messages"); len(first) != 1 || first[0].at != silence+longEnough || first[0].content != "Hm." {
			t.Errorf("posted %+v, want the three characters after %v", first, silence+longEnough)
		}
		typing := s.left("/typing")
		if want := int(silence/typingEvery) + 1; len(typing) != want {
			t.Errorf("typed %d times, want %d", len(typing), want)
		}
		for n, r := range typing {
			if want := time.Duration(n) * typingEvery; r.at != want {
				t.Errorf("typed after %v, want %v", r.at, want)
			}
		}
	})
}

// Reading the model never waits for an edit, however long that takes.
func TestSlowEdits(t *testing.T) {
	var read time.Duration
	var s *stage
	told := func(ctx context.Context, say func(string)) {
		story(ctx, say)
		read = s.since()
	}
	onStage(t, filepath.Join(t.TempDir(), "feedback.db"), told, nil, func(t *testing.T, stage *stage) {
		s = stage
		s.serve = func(r *http.Request) (int, string) {
			if r.Method == http.MethodPatch {
				time.Sleep(2 * storyLasts)
			}
			return 0, ""
		}
		q := s.question(t)
		s.tell(t.Context(), q)
		if read != storyLasts {
			t.Errorf("the model was read for %v, want %v", read, storyLasts)
		}
		edits := s.left("/42")
		if last := edits[len(edits)-1]; len(edits) != 2 || !last.hasVotes() || strings.Count(last.content, "word") != storyWords {
			t.Errorf("%d edits, the last of %q, want one in between and one with all words", len(edits), last.content)
		}
		if r, err := s.kept.Response(t.Context(), q.ResponseID); err != nil || r.Finish != feedback.Complete || strings.Count(r.Answer, "word") != storyWords {
			t.Errorf("stored %q as %s, %v, want all of it", r.Answer, r.Finish, err)
		}
	})
}

// stuck is a store that never saves a vote.
type stuck struct{ *store.Store }

func (stuck) Vote(ctx context.Context, _ feedback.Vote) (feedback.Submission, feedback.Outcome, error) {
	<-ctx.Done()
	return feedback.Submission{}, "", ctx.Err()
}

// However long the database takes, a click is acknowledged in the three seconds
// that Discord grants, and the person is told in the end.
func TestClickIsAcknowledgedInTime(t *testing.T) {
	onStage(t, filepath.Join(t.TempDir(), "feedback.db"), nil, func(s *store.Store) database { return stuck{s} }, func(t *testing.T, s *stage) {
		i := &discord.Interaction{ID: "1", Token: "t", AppID: "7", User: &discord.User{ID: "2"}, Received: time.Now()}
		s.vote(t.Context(), i, feedback.Vote{ResponseID: feedback.NewID(), MessageID: "42", Rating: 5, Kind: feedback.Thumbs})
		acks := s.left("/callback")
		if len(acks) != 1 || acks[0].at != commitBudget || !strings.Contains(acks[0].raw, `"type":5`) || commitBudget > 2*time.Second {
			t.Errorf("acknowledged with %+v, want a deferred message after %v, well within 3 s", acks, commitBudget)
		}
		if told := s.left("/@original"); len(told) != 1 || told[0].at != saveTimeout || told[0].content != textNotSaved {
			t.Errorf("the person was told %+v, want that it was not saved after %v", told, saveTimeout)
		}
	})
}

// A request ends with its context, wherever it waits.
func TestContextIsHonoured(t *testing.T) {
	for name, serve := range map[string]func(*http.Request) (int, string){
		"slow answer": func(r *http.Request) (int, string) {
			<-r.Context().Done()
			return 0, ""
		},
		"limit":   func(*http.Request) (int, string) { return 429, `{"retry_after":60,"message":"slow down"}` },
		"trouble": func(*http.Request) (int, string) { return 500, "" },
	} {
		onStage(t, filepath.Join(t.TempDir(), "feedback.db"), nil, nil, func(t *testing.T, s *stage) {
			s.serve = serve
			const soon = 200 * time.Millisecond
			ctx, cancel := context.WithTimeout(t.Context(), soon)
			defer cancel()
			_, err := s.out.Post(ctx, "8", discord.Urgent, func() discord.Body { return discord.Body{Content: "hello", Nonce: "n"} })
			if !errors.Is(err, context.DeadlineExceeded) || s.since() != soon {
				t.Errorf("%s: Post() = %v after %v, want the deadline after %v", name, err, s.since(), soon)
			}
		})
	}
}

// Who asks too much in an hour is told when to go on; others are not held up,
// and the next hour begins anew.
func TestHourlyLimits(t *testing.T) {
	answers := 0
	because := func(_ context.Context, say func(string)) {
		answers++
		say("Because.")
	}
	onStage(t, filepath.Join(t.TempDir(), "feedback.db"), because, nil, func(t *testing.T, s *stage) {
		s.options.Limits = Limits{MemberHourly: 1, ServerHourly: 2}
		time.Sleep(s.began.Truncate(time.Hour).Add(90 * time.Minute).Sub(s.began))
		for n, tt := range []struct {
			asker feedback.Rater
			later time.Duration // since the question before
			says  string
		}{
			{"ada", 0, "Because."},
			{"ada", 0, fmt.Sprintf(textTooMany, "31 minutes")},
			{"bert", 10 * time.Minute, "Because."},
			{"carl", 19 * time.Minute, fmt.Sprintf(textServerMany, "2 minutes")},
			{"carl", 0, fmt.Sprintf(textServerMany, "2 minutes")}, // what was refused does not count
			{"ada", time.Minute, "Because."},
		} {
			time.Sleep(tt.later)
			s.tell(t.Context(), s.questionOf(t, tt.asker, fmt.Sprint(n+1)))
			if got := s.left("/messages"); len(got) != n+1 || got[n].content != tt.says {
				t.Errorf("question %d by %s: posted %d messages, the last %q, want %q", n, tt.asker, len(got), got[len(got)-1].content, tt.says)
			}
		}
		if answers != 3 {
			t.Errorf("the model was asked %d times, want 3", answers)
		}
	})
}

// A stop takes no time when there is nothing to finish, as long as answers under
// way may take when there is, and less than 20 s whatever Discord does.
func TestHowLongAStopTakes(t *testing.T) {
	const running = time.Hour
	endless := func(ctx context.Context, say func(string)) {
		say("It begins here, and it goes on and on.")
		<-ctx.Done()
	}
	hang := func(r *http.Request) (int, string) {
		<-r.Context().Done()
		return 0, ""
	}
	for _, tt := range []struct {
		name     string
		asked    bool
		before   func(*http.Request) (int, string) // what Discord does while the bot runs
		after    func(*http.Request) (int, string) // and while it stops
		from, to time.Duration                     // how long the stop may take
	}{
		{"nothing to do", false, nil, nil, 0, 0},
		{"unreachable", false, func(*http.Request) (int, string) { return 503, "" }, nil, 0, 0},
		{"silent", false, hang, hang, 0, 0},
		{"an answer under way", true, nil, nil, answersGrace, answersGrace},
		{"an answer that Discord does not take", true, nil, hang, answersGrace, 20*time.Second - 1},
	} {
		onStage(t, filepath.Join(t.TempDir(), "feedback.db"), endless, nil, func(t *testing.T, s *stage) {
			var mu sync.Mutex
			now := tt.before
			sessions := 0
			s.serve = func(r *http.Request) (int, string) {
				mu.Lock()
				do := now
				bot := strings.HasSuffix(r.URL.Path, "/gateway/bot")
				if bot {
					sessions++
				}
				nth := sessions
				mu.Unlock()
				switch {
				case do != nil:
					return do(r)
				case bot && nth > 1: // a session would need a socket
					return 400, ""
				}
				return 0, ""
			}
			ctx, stop := context.WithCancel(t.Context())
			ended := make(chan error)
			go func() { ended <- s.Run(ctx) }()
			time.Sleep(running)
			synctest.Wait()
			if tt.asked {
				q := s.question(t)
				s.begin("question", func() { s.tell(s.requests, q) })
				time.Sleep(time.Minute)
				synctest.Wait()
			}
			mu.Lock()
			now = tt.after
			mu.Unlock()
			began := time.Now()
			stop()
			if err := <-ended; err != nil {
				t.Errorf("%s: Run() = %v, want nil", tt.name, err)
			}
			if took := time.Since(began); took < tt.from || took > tt.to {
				t.Errorf("%s: the stop took %v, want %v to %v", tt.name, took, tt.from, tt.to)
			}
			if edits := s.left("/42"); tt.asked && (len(edits) == 0 || !strings.Contains(edits[len(edits)-1].content, "I had to restart here")) {
				t.Errorf("%s: edits %+v, want the answer marked", tt.name, edits)
			}
		})
	}
}
