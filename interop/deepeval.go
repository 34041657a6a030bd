package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"feedbackbot/bot/discordtest"
)

// confidentAnswers are those of Confident AI, to both of its protocols.
func confidentAnswers(r request) (int, string) {
	switch {
	case r.Path == "/v1/event" && r.Method == http.MethodGet:
		return http.StatusMethodNotAllowed, `{}`
	case r.Path == "/v1/event":
		return http.StatusOK, `{"eventId":"clx9k2m4p0007"}`
	case r.Path == "/v1/feedback":
		return http.StatusOK, `{}`
	case r.Method == http.MethodGet:
		return http.StatusOK, `{"success":true,"data":{"annotations":[],"total":0,"page":1,"pageSize":25}}`
	}
	return http.StatusOK, `{"success":true,"data":{"id":"cm4z8"},"deprecated":false}`
}

// deepeval sends each trace and annotation of the bot once more. A change of a vote
// is a PUT, which deepeval does not have: Confident AI's documents do.
func deepeval(ctx context.Context, b *bench) error {
	return confident(ctx, b, "deepeval", "annotations", "/v1/traces", "/v1/annotations")
}

// deepeval2 sends each event and feedback once more.
func deepeval2(ctx context.Context, b *bench) error {
	return confident(ctx, b, "deepeval2", "events", "/v1/event", "/v1/feedback")
}

// confident lets the bot report an answer and a vote with its reasons, and has a
// version of deepeval repeat both.
func confident(ctx context.Context, b *bench, version, api, answers, votes string) error {
	python, err := b.venv(version)
	if err != nil {
		return err
	}
	ctx = b.begin(ctx)
	rec := b.recorder(confidentAnswers)
	s, err := b.stage(ctx, "CONFIDENT_API_KEY=confident_us_interop", "CONFIDENT_BASE_URL="+rec.URL, "CONFIDENT_API="+api, "FEEDBACK_EXPLAIN=always", "FEEDBACK_SETTLE=500ms") // so that a vote has its reasons
	if err != nil {
		return err
	}
	ours, err := ratedTwice(ctx, s, rec, answers, votes)
	if err != nil {
		return err
	}
	client, err := b.reader(python, "send_"+version+".py", []string{"CONFIDENT_API_KEY=confident_us_interop", "CONFIDENT_BASE_URL=" + rec.URL,
		"DEEPEVAL_TELEMETRY_OPT_OUT=YES", "DEEPEVAL_UPDATE_WARNING_OPT_OUT=YES", "ERROR_REPORTING=NO", "HOME=" + b.dir}, rec.URL)
	if err != nil {
		return err
	}
	for _, one := range ours {
		rec.forget()
		var nothing any
		if err := client.ask(one, &nothing); err != nil {
			return fmt.Errorf("%s %s with %s: %w", one.Method, one.Path, one.Body, err)
		}
		got := rec.forget()
		if len(got) != 1 || got[0].Method != one.Method || got[0].Path != one.Path {
			return fmt.Errorf("%s %s: its own client sends %+v", one.Method, one.Path, got)
		}
		if key := keyHeader(one.Header); key == "" || key != keyHeader(got[0].Header) {
			return fmt.Errorf("%s %s: the key is in %q, its own client has it in %q", one.Method, one.Path, key, keyHeader(got[0].Header))
		}
		if err := same(one.Body, got[0].Body, nil, nil); err != nil {
			return fmt.Errorf("%s %s: %w", one.Method, one.Path, err)
		}
	}
	return nil
}

// keyHeader is the name of the header with the key, as Go spells it.
func keyHeader(h http.Header) string {
	for name := range h {
		if strings.HasPrefix(strings.ToUpper(name), "CONFIDENT") {
			return name
		}
	}
	return ""
}

// ratedTwice lets one member leave a thumb with its reasons and another five stars,
// and returns what the bot sent about them.
func ratedTwice(ctx context.Context, s *stage, rec *recorder, answers, votes string) ([]request, error) {
	ada, bob := s.discord.AddUser("ada").ID, s.discord.AddUser("bob").ID
	answer, err := s.ask(ctx, ada, "what is 2+2?", rateable)
	if err == nil {
		err = s.rateFully(ctx, ada, answer, "down", "too short 🙂", "four")
	}
	if err == nil {
		err = s.rateFully(ctx, bob, answer, "star5", "", "")
	}
	if err != nil {
		return nil, err
	}
	var ours []request
	err = until(ctx, s.program, func() error {
		ours = nil
		about, explained := map[string]int{}, false
		for _, r := range rec.all() {
			if r.Method == http.MethodPost && (r.Path == answers || r.Path == votes) {
				ours = append(ours, r)
				about[r.Path]++
				explained = explained || strings.Contains(string(r.Body), `"too short 🙂"`) && strings.Contains(string(r.Body), `"four"`)
			}
		}
		if about[answers] != 1 || about[votes] < 2 || !explained {
			return fmt.Errorf("%v requests have arrived, explained: %t", about, explained)
		}
		return nil
	})
	return ours, err
}

// rateFully clicks a button and sends the form that opens at once.
func (s *stage) rateFully(ctx context.Context, who string, m discordtest.Message, action, explanation, expected string) error {
	click := s.discord.Click(who, m.ID, button(m, action))
	answer, err := click.Wait(ctx)
	if err == nil && answer.Modal == nil {
		err = fmt.Errorf("no form but %+v", answer)
	}
	if err == nil {
		_, err = s.discord.Submit(who, click, map[string]string{"explanation": explanation, "expected_response": expected}).Wait(ctx)
	}
	return err
}
