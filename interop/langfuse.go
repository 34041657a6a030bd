package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

const (
	scores = "/api/public/scores"
	traces = "/api/public/otel/v1/traces"
)

// langfuseAnswers are those of Langfuse, to one score and to a list of them.
func langfuseAnswers(r request) (int, string) {
	switch {
	case r.Path == scores && bytes.HasPrefix(r.Body, []byte("[")):
		return http.StatusAccepted, `{"message":"Accepted"}`
	case r.Path == scores:
		return http.StatusOK, `{"id":"some"}`
	case r.Method == http.MethodDelete:
		return http.StatusAccepted, `{"message":"Score deletion request received"}`
	}
	return http.StatusOK, `{}`
}

// langfuse sends each score of the bot once more with Langfuse's own client.
//
// The two may differ where the bot has a reason: it sends one score, not a list,
// which servers before version 4 do not take; its comment is null when there is
// none, which clears an earlier one; and it sends no timestamp, which those
// servers do not know either.
func langfuse(ctx context.Context, b *bench) error {
	python, err := b.venv("langfuse")
	if err != nil {
		return err
	}
	ctx = b.begin(ctx)
	rec := b.recorder(langfuseAnswers)
	s, err := b.stage(ctx, "LANGFUSE_PUBLIC_KEY=pk-lf-interop", "LANGFUSE_SECRET_KEY="+secret, "LANGFUSE_BASE_URL="+rec.URL, "LANGFUSE_TRACING_ENVIRONMENT=interop")
	if err != nil {
		return err
	}
	if err := voteAndChange(ctx, s, rec); err != nil {
		return err
	}
	ours := rec.forget()
	client, err := b.reader(python, "send_langfuse.py", []string{"LANGFUSE_PUBLIC_KEY=pk-lf-interop", "LANGFUSE_SECRET_KEY=" + secret,
		"LANGFUSE_BASE_URL=" + rec.URL, "LANGFUSE_TRACING_ENVIRONMENT=interop"})
	if err != nil {
		return err
	}
	for _, r := range ours {
		if err := again(rec, client, r); err != nil {
			return fmt.Errorf("%s %s: %w", r.Method, r.Path, err)
		}
	}
	return nil
}

// voteAndChange leaves a thumb with its reasons, then stars, then nothing.
func voteAndChange(ctx context.Context, s *stage, rec *recorder) error {
	arrived := func(method, path string, n int) error {
		return until(ctx, s.program, func() error {
			found := 0
			for _, r := range rec.all() {
				if r.Method == method && strings.HasPrefix(r.Path, path) {
					found++
				}
			}
			if found < n {
				return fmt.Errorf("%d requests %s %s have arrived, want %d", found, method, path, n)
			}
			return nil
		})
	}
	ada := s.discord.AddUser("ada").ID
	answer, err := s.ask(ctx, ada, "what is 2+2?", rateable)
	if err != nil {
		return err
	}
	receipt, err := s.press(ctx, ada, answer, "down")
	if err == nil {
		err = arrived(http.MethodPost, scores, 1)
	}
	if err == nil {
		err = s.explain(ctx, ada, receipt, "too short 🙂", "four")
	}
	if err == nil {
		err = arrived(http.MethodPost, scores, 3) // the thumb again, and the correction
	}
	if err == nil {
		receipt, err = s.press(ctx, ada, answer, "star4")
	}
	if err == nil {
		err = arrived(http.MethodDelete, scores+"/", 1)
	}
	if err == nil {
		_, err = s.press(ctx, ada, receipt, "undo")
	}
	if err == nil {
		err = arrived(http.MethodDelete, scores+"/", 3)
	}
	return err
}

// again has the client send what the bot sent, and compares.
func again(rec *recorder, client *reader, ours request) error {
	if ours.Path == "/api/public/projects" {
		return nil
	}
	rec.forget()
	var nothing any
	if err := client.ask(ours, &nothing); err != nil {
		return err
	}
	got := rec.forget()
	if len(got) == 0 || got[0].Method != ours.Method || got[0].Path != ours.Path {
		return fmt.Errorf("its own client sends %+v", got)
	}
	theirs := got[0]
	for _, name := range []string{"Authorization", "X-Langfuse-Ingestion-Version"} {
		if ours.Path == traces && !slices.Equal(ours.Header[name], theirs.Header[name]) {
			return fmt.Errorf("%s is %q, its own client sends %q", name, ours.Header[name], theirs.Header[name])
		}
	}
	if ours.Body == nil {
		return nil
	}
	var list []json.RawMessage
	if err := json.Unmarshal(theirs.Body, &list); err != nil || len(list) != 1 {
		return fmt.Errorf("its own client sends %s, want a list of one: %w", theirs.Body, err)
	}
	return same(ours.Body, list[0], []string{"comment"}, []string{"timestamp"})
}
