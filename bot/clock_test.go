package bot

import (
	"context"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"feedbackbot/bot/discord"
	"feedbackbot/feedback"
	"feedbackbot/feedback/store"
)

// With a clock that is minutes wrong a command is answered where it was asked, and
// what is stored says how long the answer took.
func TestWrongClock(t *testing.T) {
	for _, ahead := range []time.Duration{-20 * time.Minute, 0, 20 * time.Minute} {
		slowly := func(_ context.Context, say func(string)) {
			time.Sleep(3 * time.Second)
			say("It is four, as far as I can tell.")
		}
		onStage(t, filepath.Join(t.TempDir(), "feedback.db"), slowly, nil, func(t *testing.T, s *stage) {
			id := strconv.FormatInt(discord.Snowflake(time.Now().Add(-ahead)), 10)
			i := &discord.Interaction{ID: id, Token: "token", AppID: "7", ChannelID: "8", Type: discord.InteractionCommand,
				User: &discord.User{ID: "2"}, Received: time.Now()}
			s.askByInteraction(t.Context(), i, feedback.Ask{Asker: "a", Question: "what is 2+2?"}, func(context.Context) conversation { return conversation{} })
			s.running.Wait()
			synctest.Wait()
			edits := s.left("/@original")
			if len(edits) == 0 || !edits[len(edits)-1].hasVotes() || len(s.left("/messages")) != 0 {
				t.Errorf("a clock %v ahead: %+v, want the answer in place of thinking", ahead, s.left(""))
			}
			latest, err := s.kept.Response(t.Context(), responseIn(t, edits[len(edits)-1].raw))
			if took := latest.FinishedAt.Sub(latest.AskedAt); err != nil || took != 3*time.Second {
				t.Errorf("a clock %v ahead: the answer took %v, %v, want 3s", ahead, took, err)
			}
		})
	}
}

// A message that was missed is as old as Discord says, in our own time.
func TestWrongClockWithMissedMessages(t *testing.T) {
	onStage(t, filepath.Join(t.TempDir(), "feedback.db"), nil, nil, func(t *testing.T, s *stage) {
		const ahead = 20 * time.Minute
		s.header = http.Header{"Date": {time.Now().Add(-ahead).UTC().Format(http.TimeFormat)}}
		if _, err := s.out.Account(t.Context()); err != nil {
			t.Fatal(err)
		}
		now := time.Now()
		id := strconv.FormatInt(discord.Snowflake(now.Add(-ahead-time.Minute)), 10)
		if age := now.Sub(s.out.MadeHere(id)); age < 59*time.Second || age > 61*time.Second {
			t.Errorf("a message of a minute ago is %v old", age)
		}
		if back := s.out.SnowflakeOf(s.out.MadeHere(id)); discord.MadeAt(strconv.FormatInt(back, 10)).Sub(discord.MadeAt(id)).Abs() > time.Millisecond {
			t.Errorf("its id comes back as %d, want %s", back, id)
		}
	})
}

// responseIn returns the response that the buttons of a request name.
func responseIn(t *testing.T, raw string) string {
	t.Helper()
	_, after, found := strings.Cut(raw, "fb1:up:")
	if !found {
		t.Fatalf("no buttons in %s", raw)
	}
	return after[:36]
}

// frozen is a store that answers no question about conversations until its
// caller gives up.
type frozen struct{ *store.Store }

func (frozen) Latest(ctx context.Context, _ string, _ int) ([]feedback.Response, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// However long the database takes, a command is acknowledged before it is asked,
// and answered in the end.
func TestCommandIsAcknowledgedFirst(t *testing.T) {
	answer := func(_ context.Context, say func(string)) { say("It is four, as far as I can tell.") }
	onStage(t, filepath.Join(t.TempDir(), "feedback.db"), answer, func(s *store.Store) database { return frozen{s} }, func(t *testing.T, s *stage) {
		i := &discord.Interaction{ID: "1", Token: "token", AppID: "7", ChannelID: "8", Type: discord.InteractionCommand,
			User: &discord.User{ID: "2"}, Received: time.Now()}
		i.Data.Name = commandAsk
		i.Data.Options = append(i.Data.Options, discord.OptionValue{Name: optionPrompt, Value: []byte(`"what is 2+2?"`)})
		s.onCommand(t.Context(), i)
		s.running.Wait()
		synctest.Wait()
		if acks := s.left("/callback"); len(acks) != 1 || acks[0].at != 0 || !strings.Contains(acks[0].raw, `"type":5`) {
			t.Errorf("acknowledged with %+v, want it at once", acks)
		}
		if edits := s.left("/@original"); len(edits) == 0 || !edits[len(edits)-1].hasVotes() {
			t.Errorf("answered with %+v, want it in the end", edits)
		}
	})
}

// What is kept for a while is gone after it, also when nothing else is kept.
func TestFleeting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleeting[string]()
		f.put("a", "1")
		time.Sleep(fleetingLife)
		if v, found := f.get("a"); !found || v != "1" {
			t.Errorf("get() = %q, %t within its life", v, found)
		}
		time.Sleep(time.Second)
		if v, found := f.get("a"); found || v != "" {
			t.Errorf("get() = %q, %t after its life", v, found)
		}
		if v, found := f.take("a"); found || v != "" {
			t.Errorf("take() = %q, %t after its life", v, found)
		}
	})
}
