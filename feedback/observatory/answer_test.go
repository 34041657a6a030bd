package observatory_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"feedbackbot/feedback"
	"feedbackbot/feedback/observatory"
)

// What somebody may not see on Discord is unknown here, by id too; their own
// questions are for others; direct messages only when the operator says so.
func TestOutOfSight(t *testing.T) {
	t.Parallel()
	for _, direct := range []bool{false, true} {
		h := build(t, func(o *observatory.Options) { o.Direct = direct })
		b := h.in(cleo)
		place := func(guildID, channelID string, userID string) feedback.Response {
			return h.answered(func(r *feedback.Response) {
				r.GuildID, r.ChannelID, r.Asker, r.Answer = guildID, channelID, h.store.Rater(userID), "xylophone"
			})
		}
		inDirect := 404
		if direct {
			inDirect = 200
		}
		for name, c := range map[string]struct {
			response feedback.Response
			status   int
		}{
			"a channel":                      {place(guild, general, ada), 200},
			"a thread":                       {place(guild, "thread", ada), 200},
			"a closed channel":               {place(guild, secret, ada), 404},
			"a thread of it":                 {place(guild, "secret thread", ada), 404},
			"a thread that is gone":          {place(guild, "gone", ada), 404},
			"another server":                 {place("2", general, ada), 404},
			"a direct message":               {place("", "5", ada), inDirect},
			"an answer to one's own":         {place(guild, general, cleo), 403},
			"an answer that there never was": {feedback.Response{ID: feedback.NewID()}, 404},
		} {
			status, page := b.get(path(c.response))
			text := "!xylophone"
			if c.status == 200 {
				text = "xylophone"
			}
			want(t, name, status, c.status, page, text)
			for _, to := range []string{path(c.response), path(c.response) + "/draft"} {
				status, page := b.post(to, url.Values{"revision": {"0"}, "action": {"draft"}, "explanation": {"x"}})
				if (status == 200) != (c.status == 200) && !(c.status == 200 && status == 409) || status == 500 {
					t.Errorf("POST %s of %s = %d: %s", to, name, status, page)
				}
			}
		}
		left := "3 left" // the channel's, the thread's
		if !direct {
			left = "2 left"
		}
		_, page := b.get("/review")
		if got := strings.ReplaceAll(page, "</strong>", ""); !strings.Contains(got, ">"+left) {
			t.Errorf("the inbox counts otherwise than %s: %s", left, page)
		}
	}
}

// Answers are hostile: what they say is text, whichever way it is shown.
func TestHostileAnswers(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	b := h.in(cleo)
	for _, hostile := range []string{
		"<script>alert(1)</script>", `"><script>alert(1)</script>`, "</textarea><script>alert(1)</script>", "<svg onload=alert(1)>", "<img src=x onerror=alert(1)>",
		"![x](https://evil.example/x.png)", "[click](javascript:alert(1))", "[click](data:text/html,<script>alert(1)</script>)", "<javascript:alert(1)>",
		"<style>body{display:none}</style>\n\n<div onclick=alert(1)>x</div>", "[a](https://evil.example/?\"onmouseover=alert(1))",
		"safe \u202Egnp.exe\u2066", "`</code><script>alert(1)</script>`", "```\n</pre><script>alert(1)</script>\n```", strings.Repeat("[", 5000) + strings.Repeat("]", 5000),
	} {
		r := h.answered(func(r *feedback.Response) { r.Answer, r.Question, r.Model = hostile, hostile, hostile })
		for _, view := range []string{"", "?as=formatted"} {
			status, page := b.get(path(r) + view)
			if status != 200 {
				t.Errorf("an answer with %.40q = %d", hostile, status)
			}
			for _, bad := range []string{"<script>", "<svg", "<img", "<style", "onclick=alert(1)>x</div>", `href="javascript`, `href="data:`, "\u202E", "\u2066", `"onmouseover`} {
				if strings.Contains(page, bad) {
					t.Errorf("with %.40q the page%s holds %q", hostile, view, bad)
				}
			}
		}
		_, page := b.get(path(r))
		status, page := b.post(path(r), b.review(page, "save", "rating", "thumbs-1", "explanation", hostile, "expected", hostile+" x"))
		want(t, "a verdict that quotes it", status, 200, page, "Your verdict is saved")
		for _, bad := range []string{"<script>", "<svg", "<img", "<style"} {
			if strings.Contains(page, bad) {
				t.Errorf("with %.40q the verdict's page holds %q", hostile, bad)
			}
		}
	}
	r := h.answered(func(r *feedback.Response) { r.Answer = "See [the page](https://good.example/a) and https://x." })
	_, page := b.get(path(r) + "?as=formatted")
	if want := `<a rel="noopener noreferrer nofollow" target="_blank" href="https://good.example/a">the page</a> (good.example)`; !strings.Contains(page, want) {
		t.Errorf("a link is shown otherwise than %s: %s", want, page)
	}
}

// An answer of ten megabytes is shown as far as somebody reads.
func TestHugeAnswer(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	r := h.answered(func(r *feedback.Response) { r.Answer = strings.Repeat("ä*[<", 2_500_000) })
	b := h.in(cleo)
	for _, view := range []string{"", "?as=formatted"} {
		status, page := b.get(path(r) + view)
		if status != 200 || len(page) > 1<<20 || !strings.Contains(page, "9960000 more characters are not shown") || strings.Contains(page, `id="correct"`) {
			t.Errorf("GET%s = %d with %d bytes, want less than a megabyte, how much is missing, and nothing to start from", view, status, len(page))
		}
	}
	status, page := b.post(path(r), url.Values{"revision": {"0"}, "action": {"save"}, "explanation": {strings.Repeat("x", 3<<20)}})
	want(t, "a review of three megabytes", status, 413, page, "too much")
}

// A review by forms alone: others' opinions are hidden until one's own verdict; a
// change after that is marked; an undo brings the draft back; a skip is one person's.
func TestReviewByForms(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	r := h.votedDown()
	b, other := h.in(cleo), h.in(dora)
	blind := []string{"!a member's reason", "!model-xyz", "!" + r.PromptVersion}
	status, page := b.post("/review/next", url.Values{"queue": {"bad"}})
	want(t, "next", status, 200, page, append(blind, r.Question, "Rated down, with a reason · 1 left")...)
	status, page = other.post("/review/next", url.Values{"queue": {"bad"}})
	want(t, "next of a colleague", status, 200, page, "What waits for you") // it is being worked on
	_, page = b.get(path(r) + "?queue=bad")
	status, page = b.post(path(r), b.review(page, "save", "explanation", "my reason"))
	want(t, "a verdict without a rating", status, 422, page, append(blind, "choose thumbs or stars", "my reason")...)
	status, page = b.post(path(r), b.review(page, "copy", "explanation", "my reason", "reason", "rude", "reason", "forged"))
	want(t, "starting from the answer", status, 200, page, append(blind, r.Answer+"</textarea>", "my reason", `value="rude" checked`, "!forged")...)
	status, page = b.post(path(r), b.review(page, "draft", "explanation", "my reason", "expected", r.Answer+" And red?"))
	want(t, "a draft", status, 200, page, append(blind, "<ins> And red?</ins>", "Your draft is kept")...)
	form := b.review(page, "save", "rating", "stars-2", "explanation", "my reason", "reason", "wrong")
	status, page = b.post(path(r), form)
	want(t, "the verdict", status, 200, page, "Your verdict is saved.", "a member's reason", "model-xyz", r.PromptVersion, "No other verdict")
	status, page = b.post(path(r), form) // pressed twice
	want(t, "the verdict once more", status, 200, page, "Your verdict is saved.")
	sub, err := h.store.Submission(t.Context(), r.ID, h.store.Rater(cleo), feedback.Reviewer)
	if err != nil || sub.Rating != 2 || sub.Kind != feedback.Stars || sub.Explanation != "[wrong] my reason" || sub.Rev != 1 {
		t.Errorf("Submission = %+v, %v", sub, err)
	}
	_, theirs := other.get(path(r))
	want(t, "a colleague's page", 200, 200, theirs, append(blind, "!my reason")...)
	_, theirs = other.post(path(r), other.review(theirs, "save", "rating", "thumbs-5"))
	want(t, "a colleague's page after their verdict", 200, 200, theirs, "my reason", "a member's reason")
	_, page = b.get(path(r))
	_, page = b.post(path(r), b.review(page, "draft", "rating", "stars-3"))
	want(t, "a draft after the verdict", 200, 200, page, "Your verdict is saved. What stands here now is a draft")
	status, page = b.post(path(r), b.review(page, "save", "rating", "stars-4"))
	want(t, "another verdict", status, 200, page, "marked as changed", "👍 good")
	status, page = b.post(path(r), b.review(page, "undo"))
	want(t, "an undo", status, 200, page, "!Your verdict is saved", `value="stars-4" checked`)
	if _, err := h.store.Submission(t.Context(), r.ID, h.store.Rater(cleo), feedback.Reviewer); err != feedback.ErrNoVote {
		t.Errorf("Submission after an undo = %v, want ErrNoVote", err)
	}
}

// Save and next leads on, in the order of waiting, and to the inbox at the end; what
// was done last can be taken back from there.
func TestNext(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	first := h.votedDown()
	second := h.votedDown()
	b := h.in(cleo)
	_, page := b.post("/review/next", url.Values{"queue": {"bad"}})
	want(t, "the first", 200, 200, page, first.ID, "!"+second.ID)
	_, page = b.post(path(first), b.review(page, "next", "rating", "thumbs-1"))
	want(t, "the second", 200, 200, page, "Saved. Thank you.", path(second), "Take it back", "1 left")
	_, page = b.post(path(second), b.review(page, "skip"))
	want(t, "the end", 200, 200, page, "Skipped.", "That was all of this queue", "What you did last")
	_, page = b.post(path(second), url.Values{"action": {"undo"}})
	want(t, "back again", 200, 200, page, path(second))
	if _, theirs := h.in(dora).post("/review/next", url.Values{"queue": {"bad"}}); strings.Contains(theirs, path(second)) {
		t.Error("a colleague is given what is being worked on")
	}
	h.pass(feedback.ClaimTime + time.Second)
	if _, theirs := h.in(dora).post("/review/next", url.Values{"queue": {"bad"}}); !strings.Contains(theirs, path(second)) {
		t.Errorf("ten minutes later a colleague is not given it: %s", theirs)
	}
}

// Two tabs do not overwrite each other: the second shows both texts, and goes on
// from there.
func TestTwoTabs(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	r, b := h.votedDown(), h.in(cleo)
	_, tab := b.get(path(r))
	b.post(path(r), b.review(tab, "draft", "explanation", "of the first tab"))
	status, page := b.post(path(r), b.review(tab, "save", "explanation", "of the second tab"))
	want(t, "the second tab without a rating", status, 409, page, "in two places", "of the first tab", "of the second tab")
	status, page = b.post(path(r), b.review(tab, "save", "rating", "thumbs-1", "explanation", "of the second tab"))
	want(t, "the second tab", status, 409, page, "in two places", "of the first tab", "of the second tab")
	status, page = b.post(path(r), b.review(page, "save", "rating", "thumbs-1", "explanation", "of the second tab"))
	want(t, "keeping the second", status, 200, page, "Your verdict is saved", "of the second tab", "!of the first tab")
}

// The script's drafts are kept with what they change, renew the claim, and are told
// about another tab.
func TestDrafts(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	r, b := h.votedDown(), h.in(cleo)
	var told struct {
		Revision      int64
		Diff, Problem string
	}
	draft := func(revision int64, expected string) int {
		t.Helper()
		status, answer := b.post(path(r)+"/draft", url.Values{"revision": {fmt.Sprint(revision)}, "expected": {expected}, "rating": {"stars-3"}})
		told.Problem = ""
		if err := json.Unmarshal([]byte(answer), &told); err != nil {
			t.Fatalf("%v: %s", err, answer)
		}
		return status
	}
	if status := draft(0, r.Answer+"\r\n<b>"); status != 200 || told.Revision != 1 || !strings.Contains(told.Diff, "<ins>\n&lt;b&gt;</ins>") {
		t.Errorf("a draft = %d, %+v", status, told)
	}
	if status := draft(0, "another tab"); status != 409 || told.Problem == "" {
		t.Errorf("a draft of another tab = %d, %+v", status, told)
	}
	h.pass(8 * time.Minute)
	if status := draft(1, "typed on"); status != 200 || told.Revision != 2 {
		t.Errorf("the next draft = %d, %+v", status, told)
	}
	h.pass(8 * time.Minute)
	if _, theirs := h.in(dora).post("/review/next", url.Values{"queue": {"bad"}}); strings.Contains(theirs, path(r)) {
		t.Error("a colleague is given what somebody types at")
	}
	_, page := b.get("/review")
	want(t, "the inbox", 200, 200, page, "Your drafts", r.Question)
}

// Leads see how the team is doing; others do not.
func TestLeads(t *testing.T) {
	t.Parallel()
	h := build(t, func(o *observatory.Options) { o.Leads = []string{dora} })
	r, b, lead := h.votedDown(), h.in(cleo), h.in(dora)
	_, page := b.get(path(r))
	b.post(path(r), b.review(page, "save", "rating", "thumbs-1"))
	_, page = b.get("/review")
	want(t, "a reviewer's inbox", 200, 200, page, "!The team")
	_, page = lead.get("/review")
	want(t, "a lead's inbox", 200, 200, page, "The team", "1 verdict")
}

// A search shows what the address selects, of what somebody may see.
func TestSearch(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	b := h.in(cleo)
	r := h.votedDown()
	h.answered(func(r *feedback.Response) { r.Question = "another question" })
	h.answered(func(r *feedback.Response) { r.Question, r.ChannelID = "a secret question", secret })
	h.answered(func(r *feedback.Response) { r.Question, r.GuildID = "a distant question", "2" })
	hidden := []string{"!secret question", "!distant question"}
	status, page := b.get("/review/search")
	want(t, "a search for all", status, 200, page, append(hidden, path(r), "another question")...)
	status, page = b.get("/review/search?vote=down&server=" + guild + "&text=sky&from=2020-01-01")
	want(t, "a search for what was rated down", status, 200, page, append(hidden, path(r), "!another question", `value="down" selected`)...)
	status, page = b.get("/review/search?server=2&vote=forged&from=never&before=%22%3E%3Cscript%3E")
	want(t, "a forged search", status, 200, page, append(hidden, "!<script>")...)
}
