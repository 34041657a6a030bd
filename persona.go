package main

import (
	"strings"

	"feedbackbot/llm"
)

// PersonaConfig is what people may choose from with /model.
type PersonaConfig struct {
	OpenAIModels []string `env:"OPENAI_MODELS"`
}

// offer adds what may be chosen to the usual model.
func (c PersonaConfig) offer(models *llm.Models, named func(string) (*llm.Client, error)) error {
	for _, name := range c.OpenAIModels {
		other, err := named(strings.TrimSpace(name))
		if err != nil {
			return err
		}
		models.Offer(other)
	}
	return nil
}
