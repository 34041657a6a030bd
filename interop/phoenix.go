package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
)

// shown is what Phoenix' client returns.
type shown struct {
	Spans []struct {
		Name       string         `json:"name"`
		Context    spanContext    `json:"context"`
		SpanKind   string         `json:"span_kind"`
		StatusCode string         `json:"status_code"`
		Attributes map[string]any `json:"attributes"`
	} `json:"spans"`
	Annotations []annotation `json:"annotations"`
}

type spanContext struct {
	TraceID string `json:"trace_id"`
	SpanID  string `json:"span_id"`
}

type annotation struct {
	SpanID     string         `json:"span_id"`
	Name       string         `json:"name"`
	Kind       string         `json:"annotator_kind"`
	Identifier string         `json:"identifier"`
	Metadata   map[string]any `json:"metadata"`
	Result     struct {
		Label       string   `json:"label"`
		Score       *float64 `json:"score"`
		Explanation string   `json:"explanation"`
	} `json:"result"`
}

// say is an annotation in one line, without who made it.
func (a annotation) say() string {
	score := "none"
	if a.Result.Score != nil {
		score = fmt.Sprint(*a.Result.Score)
	}
	return fmt.Sprintf("%s %s %s %q %v", a.Name, a.Result.Label, score, a.Result.Explanation, a.Metadata["expected"])
}

func phoenix(ctx context.Context, b *bench) error {
	python, err := b.venv("phoenix")
	if err != nil {
		return err
	}
	ctx = b.begin(ctx)
	addr, err1 := freeAddr()
	grpc, err2 := freeAddr()
	if err := firstOf(err1, err2); err != nil {
		return err
	}
	base := "http://" + addr
	key := strings.Repeat("0123456789abcdef", 2) // Phoenix wants 32 characters, letters and digits among them
	server, err := b.start([]string{
		"PHOENIX_WORKING_DIR=" + b.dir, "PHOENIX_HOST=127.0.0.1", "PHOENIX_PORT=" + port(addr), "PHOENIX_GRPC_PORT=" + port(grpc),
		"PHOENIX_ENABLE_AUTH=true", "PHOENIX_SECRET=" + key + "A", "PHOENIX_ADMIN_SECRET=" + key + "B", "PHOENIX_TELEMETRY_ENABLED=false",
	}, sibling(python, "phoenix"), "serve")
	if err != nil {
		return err
	}
	if err := answers(ctx, server, base+"/healthz"); err != nil {
		return err
	}
	s, err := b.fakes("PHOENIX_BASE_URL="+base, "PHOENIX_API_KEY="+key+"B", "PHOENIX_PROJECT_NAME=interop")
	if err == nil {
		err = checked(ctx, b, s, []finding{{"PHOENIX_PROJECT_NAME=interop", "ok  backend phoenix"}, {"PHOENIX_API_KEY=wrong", "set its key"}})
	}
	if err == nil {
		err = s.enter(ctx, b)
	}
	if err != nil {
		return err
	}
	client, err := b.reader(python, "read_phoenix.py", []string{"PHOENIX_API_KEY=" + key + "B"}, base, "interop")
	if err != nil {
		return err
	}
	return journey(ctx, s, server, func() (got shown, err error) { return got, client.ask(nil, &got) })
}

// journey is a question, a vote with its reasons, a change to the other kind, and
// an undo; each is seen at Phoenix before the next.
func journey(ctx context.Context, s *stage, server *program, look func() (shown, error)) error {
	ada, bob := s.discord.AddUser("ada").ID, s.discord.AddUser("bob").ID
	answer, err := s.ask(ctx, ada, "what is 2+2?", rateable)
	if err != nil {
		return err
	}
	id := strings.ReplaceAll(responseID(answer), "-", "")
	// holds waits for the annotations of one rater, and one of another that stay.
	holds := func(step string, want ...string) error {
		err := until(ctx, server, func() error {
			got, err := look()
			if err != nil {
				return err
			}
			if err := rightSpan(got, id, answer.Content); err != nil {
				return err
			}
			var said []string
			for _, a := range got.Annotations {
				if a.SpanID != id[16:] || a.Kind != "HUMAN" || a.Identifier == "" {
					return fmt.Errorf("the annotation %+v is not on the span %s, or not by a rater", a, id[16:])
				}
				said = append(said, a.say())
			}
			return sameLines(said, want)
		})
		if err != nil {
			return fmt.Errorf("after %s: %w", step, err)
		}
		return nil
	}
	if err := holds("the answer"); err != nil {
		return err
	}
	const bobs = `user-stars 5 stars 5 "" `
	receipt, err1 := s.press(ctx, ada, answer, "down")
	_, err2 := s.press(ctx, bob, answer, "star5")
	if err := firstOf(err1, err2); err != nil {
		return err
	}
	if err := holds("two votes", bobs, `user-thumbs thumbs-down 0 "" `); err != nil {
		return err
	}
	if err := s.explain(ctx, ada, receipt, "too short\nby far 🙂", "four"); err != nil {
		return err
	}
	if err := holds("an explanation", bobs, `user-thumbs thumbs-down 0 "too short\nby far 🙂" four`); err != nil {
		return err
	}
	if receipt, err = s.press(ctx, ada, answer, "star4"); err != nil {
		return err
	}
	if err := holds("a change to stars", bobs, `user-stars 4 stars 4 "too short\nby far 🙂" four`, `user-thumbs withdrawn none "" `); err != nil {
		return err
	}
	if _, err := s.press(ctx, ada, receipt, "undo"); err != nil {
		return err
	}
	return holds("undo", bobs, `user-stars withdrawn none "" `, `user-thumbs withdrawn none "" `)
}

// rightSpan reports what is wrong with the one span that should be there.
func rightSpan(got shown, id, text string) error {
	if len(got.Spans) != 1 {
		return fmt.Errorf("%d spans are there, want the answer's", len(got.Spans))
	}
	span := got.Spans[0]
	if span.Context != (spanContext{id, id[16:]}) || span.SpanKind != "LLM" || span.StatusCode != "OK" && span.StatusCode != "UNSET" {
		return fmt.Errorf("the span is %+v, want trace %s, kind LLM", span, id)
	}
	for name, want := range map[string]any{"output.value": text, "input.value": "what is 2+2?", "llm.model_name": "scripted-mini", "tag.tags": []any{"discord"}} {
		if got := span.Attributes[name]; fmt.Sprint(got) != fmt.Sprint(want) {
			all, _ := json.Marshal(span.Attributes) // it came as JSON
			return fmt.Errorf("%s is %v, want %v, among %s", name, got, want, all)
		}
	}
	return nil
}
