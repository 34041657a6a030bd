package bot

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"feedbackbot/bot/discord"
	"feedbackbot/feedback"
)

// A custom id read back is what was written, and what is not exactly what we
// write is not ours.
func TestCustomID(t *testing.T) {
	t.Parallel()
	id := feedback.NewID()
	for _, a := range append(stars[:], thumbUp, thumbDown, explainVote, undoVote, submitForm) {
		text := customID(a, id)
		gotAction, gotID, ok := parseCustomID(text)
		if !ok || gotAction != a || gotID != id {
			t.Errorf("parseCustomID(%q) = %s, %s, %t, want %s, %s", text, gotAction, gotID, ok, a, id)
		}
		if len(text) > 100 {
			t.Errorf("custom id %q is longer than Discord allows", text)
		}
	}
	good := customID(thumbUp, id)
	for _, bad := range []string{"", ":", "::", "fb1", "fb1:up:", "fb1:up", good + " ", " " + good, strings.ToUpper(good),
		"fb1:up:{" + id + "}", "fb1:up:urn:uuid:" + id, "fb1:up:" + strings.ReplaceAll(id, "-", ""), "fb1:star0:" + id,
		"fb1:star6:" + id, "fb1::" + id, "fb2:up:" + id, "fb1:UP:" + id, good + ":" + id} {
		if a, _, ok := parseCustomID(bad); ok {
			t.Errorf("parseCustomID(%q) = %s, want it refused", bad, a)
		}
	}
}

func FuzzCustomID(f *testing.F) {
	f.Add(customID(thumbUp, feedback.NewID()))
	f.Add("fb1:form:00000000-0000-0000-0000-000000000000")
	f.Add("fb1:star5:{00000000-0000-0000-0000-000000000000}")
	f.Fuzz(func(t *testing.T, text string) {
		if a, id, ok := parseCustomID(text); ok && customID(a, id) != text {
			t.Errorf("parseCustomID(%q) = %s, %s, which is written %q", text, a, id, customID(a, id))
		}
	})
}

// An interaction's parts are found wherever Discord puts them.
func TestInteractionParts(t *testing.T) {
	t.Parallel()
	var i discord.Interaction
	err := json.Unmarshal([]byte(`{"id":"7","member":{"user":{"id":"42"}},"user":{"id":"43"},"message":{"flags":64},
		"data":{"options":[{"name":"n","value":3},{"name":"prompt","value":"hi"}],"components":[
			{"type":1,"components":[{"type":4,"custom_id":"a","value":"1"}]},
			{"type":18,"component":{"type":4,"custom_id":"b","value":""}},
			{"type":77,"custom_id":"c","value":null},{"type":78,"unknown":[]}]}}`), &i)
	if err != nil {
		t.Fatal(err)
	}
	if i.UserID() != "42" || !i.OnReceipt() || i.Option("prompt") != "hi" || i.Option("n") != "" || i.Option("x") != "" {
		t.Errorf("user %s, on receipt %t, prompt %q", i.UserID(), i.OnReceipt(), i.Option("prompt"))
	}
	if got, want := i.Inputs(), map[string]string{"a": "1", "b": ""}; !reflect.DeepEqual(got, want) {
		t.Errorf("inputs() = %v, want %v", got, want)
	}
	if (&discord.Interaction{User: &discord.User{ID: "43"}}).UserID() != "43" || (&discord.Interaction{Member: &discord.Member{}}).UserID() != "" {
		t.Error("userID() does not know direct messages, or a member without a user")
	}
}

// Whatever JSON Discord sends, reading an event does not panic.
func FuzzInteraction(f *testing.F) {
	f.Add([]byte(`{"id":"1","data":{"components":[{"components":[{"custom_id":"a","value":"b"}]}]}}`))
	f.Add([]byte(`{"data":{"components":{"component":{"component":{}}},"options":[{}]},"member":null,"message":{}}`))
	f.Add([]byte(`{"content":"<@1> <t:9:R>","message_snapshots":[{"message":{"content":"<@&2>"}}],"poll":{"answers":[{}]},"embeds":[{"fields":[{}]}]}`))
	f.Add([]byte(`[[[[`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var i discord.Interaction
		if json.Unmarshal(data, &i) == nil {
			i.Inputs()
			i.UserID()
			i.OnReceipt()
			i.Option("prompt")
			parseCustomID(i.Data.CustomID)
		}
		var m discord.Message
		if json.Unmarshal(data, &m) == nil {
			b := &Bot{me: discord.User{ID: "1"}, places: newPlaces(), roles: newRoles(), store: raters{}}
			b.isForUs(&m)
			b.questionText(&m)
			b.quoted(m.Referenced)
		}
		var g discord.Guild
		if json.Unmarshal(data, &g) == nil {
			discord.Number(g.ID)
		}
	})
}

// raters is a store of which only pseudonyms are wanted.
type raters struct{ database }

func (raters) Rater(id string) feedback.Rater { return feedback.Rater("rater of " + id) }

// A snowflake and its moment belong together.
func TestSnowflake(t *testing.T) {
	t.Parallel()
	now := time.Now().Truncate(time.Millisecond).UTC()
	if got := discord.MadeAt(fmt.Sprint(discord.Snowflake(now))); !got.Equal(now) {
		t.Errorf("madeAt(snowflake(%v)) = %v", now, got)
	}
	if got := discord.Number("not a number"); got != 0 {
		t.Errorf("number() = %d, want 0", got)
	}
}

// The latest ids are remembered, and the memory does not grow.
func TestRecent(t *testing.T) {
	t.Parallel()
	r := newRecent(10)
	for n := range 100 {
		id := fmt.Sprint(n)
		if !r.add(id) || r.add(id) {
			t.Errorf("add(%s) is wrong about whether it is new", id)
		}
		if n >= 9 && r.add(fmt.Sprint(n-9)) {
			t.Errorf("%d is forgotten after 9 others", n-9)
		}
	}
	if n := len(r.now) + len(r.old); n > 20 {
		t.Errorf("%d ids are kept, want at most 20", n)
	}
}
