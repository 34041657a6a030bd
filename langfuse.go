package main

import (
	"log/slog"

	"feedbackbot/feedback"
	"feedbackbot/feedback/langfuse"
)

// LangfuseConfig is Langfuse.
type LangfuseConfig struct {
	LangfusePublicKey   string `env:"LANGFUSE_PUBLIC_KEY"`
	LangfuseSecretKey   Secret `env:"LANGFUSE_SECRET_KEY"`
	LangfuseBaseURL     string `env:"LANGFUSE_BASE_URL" envDefault:"https://cloud.langfuse.com"`
	LangfuseEnvironment string `env:"LANGFUSE_TRACING_ENVIRONMENT"`
	LangfuseThumbs      string `env:"LANGFUSE_SCORE_THUMBS" envDefault:"user-thumbs"`
	LangfuseStars       string `env:"LANGFUSE_SCORE_STARS" envDefault:"user-stars"`
}

func (c LangfuseConfig) backend(*slog.Logger) (feedback.Backend, error) {
	if c.LangfusePublicKey == "" && c.LangfuseSecretKey == "" {
		return nil, nil
	}
	return langfuse.New(langfuse.Options{PublicKey: c.LangfusePublicKey, SecretKey: c.LangfuseSecretKey.Reveal(), BaseURL: c.LangfuseBaseURL,
		Environment: c.LangfuseEnvironment, ThumbsName: c.LangfuseThumbs, StarsName: c.LangfuseStars})
}
