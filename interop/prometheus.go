package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
)

// accepted are what a Prometheus of version 2, one of version 3, and one that is
// told to scrape protobuf say that they take.
var accepted = []string{
	"text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
	"application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
	"application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,text/plain;version=0.0.4;q=0.5",
}

func prometheus(ctx context.Context, b *bench) error {
	check, err := b.built("promcheck")
	if err != nil {
		return err
	}
	alerts, err := expressions()
	if err != nil {
		return err
	}
	ctx = b.begin(ctx)
	s, err := b.stage(ctx, "WEBHOOK_URL=http://127.0.0.1:1/", "WEBHOOK_SECRET=whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")
	if err != nil {
		return err
	}
	ada := s.discord.AddUser("ada").ID
	answer, err := s.ask(ctx, ada, "what is 2+2?", rateable)
	if err != nil {
		return err
	}
	if _, err := s.press(ctx, ada, answer, "up"); err != nil {
		return err
	}
	for _, accept := range accepted {
		contentType, page, err := s.metrics(ctx, accept)
		if err != nil {
			return err
		}
		c := exec.CommandContext(ctx, check, append([]string{contentType}, alerts...)...)
		c.Stdin = bytes.NewReader(page)
		if out, err := c.CombinedOutput(); err != nil || len(out) > 0 {
			return fmt.Errorf("as %s: %v\n%s", contentType, err, out)
		}
	}
	return nil
}

// metrics scrapes the bot.
func (s *stage) metrics(ctx context.Context, accept string) (contentType string, page []byte, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.http+"/metrics", nil)
	if err != nil {
		return "", nil, err
	}
	req.Header.Set("Accept", accept)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", nil, err
	}
	defer resp.Body.Close()
	page, err = io.ReadAll(resp.Body)
	return resp.Header.Get("Content-Type"), page, err
}

var metric = regexp.MustCompile("`(feedbackbot_[a-z_]+(?: [<>] [0-9]+)?)`")

// expressions are those of the README: names of metrics, and alerts.
func expressions() (list []string, err error) {
	readme, err := os.ReadFile(filepath.Join("..", "README.md"))
	for _, m := range metric.FindAllSubmatch(readme, -1) {
		list = append(list, string(m[1]))
	}
	return list, err
}
