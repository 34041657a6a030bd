package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"feedbackbot/bot/discordtest"
	"feedbackbot/llm/llmtest"
)

// proxyConfig is LiteLLM's: one model, asked once, so that a case costs seconds.
const proxyConfig = `model_list:
  - model_name: scripted-mini
    litellm_params: {model: openai/scripted-mini, api_base: %q, api_key: %q, max_retries: 0}
router_settings: {num_retries: 0, disable_cooldowns: true}
general_settings: {master_key: %s}
`

const proxyKey = "sk-interop-of-the-proxy"

func litellm(ctx context.Context, b *bench) error {
	python, err := b.venv("litellm")
	if err != nil {
		return err
	}
	ctx = b.begin(ctx)
	addr, err := freeAddr()
	if err != nil {
		return err
	}
	s, err := b.fakes("OPENAI_BASE_URL=http://"+addr+"/v1", "OPENAI_API_KEY="+proxyKey)
	if err != nil {
		return err
	}
	config := filepath.Join(b.dir, "config.yaml")
	if err := os.WriteFile(config, fmt.Appendf(nil, proxyConfig, s.model.URL(), secret, proxyKey), 0o600); err != nil {
		return err
	}
	proxy, err := b.start([]string{"LITELLM_TELEMETRY=False", "LITELLM_LOCAL_MODEL_COST_MAP=True", "NO_DOCS=True"},
		sibling(python, "litellm"), "--config", config, "--host", "127.0.0.1", "--port", port(addr))
	if err != nil {
		return err
	}
	if err := answers(ctx, proxy, "http://"+addr+"/health/liveliness"); err != nil {
		return err
	}
	if err := checked(ctx, b, s, []finding{
		{"OPENAI_MODEL=scripted-mini", "ok  model scripted-mini"}, {"OPENAI_API_KEY=sk-interop-wrong", "set OPENAI_API_KEY"}, {"OPENAI_MODEL=unknown", "set OPENAI_MODEL"},
	}); err != nil {
		return err
	}
	if err := s.enter(ctx, b); err != nil {
		return err
	}
	return asked(ctx, s)
}

// spoken is what a member reads when the model answers in some way.
type spoken struct {
	name   string
	answer func(llmtest.Request) llmtest.Script
	want   string
}

// always answers every request alike.
func always(sc llmtest.Script) func(llmtest.Request) llmtest.Script {
	return func(llmtest.Request) llmtest.Script { return sc }
}

// fault returns one of the faults that the tests have.
func fault(name string) func(llmtest.Request) llmtest.Script {
	for _, c := range llmtest.Faults() {
		if c.Name == name {
			return always(c.Script)
		}
	}
	return always(llmtest.Script{Text: "there is no fault called " + name})
}

// asked asks through the proxy.
func asked(ctx context.Context, s *stage) error {
	ada := s.discord.AddUser("ada").ID
	once := make(chan struct{}, 1) // the first request of a case
	for _, c := range []spoken{
		{"an answer", always(llmtest.Script{Text: "Seven minutes 🙂 for a soft yolk."}), "Seven minutes 🙂 for a soft yolk."},
		{"thoughts", fault("reasoning apart"), "Seven minutes for a soft yolk."},
		{"a length limit", always(llmtest.Script{Text: "Seven", Finish: "length"}), "reached its length limit"},
		{"a filter", always(llmtest.Script{Text: "Seven", Finish: "content_filter"}), "withheld the rest"},
		{"an error behind some text", fault("error object after text"), "broke off here"},
		{"a lost connection", fault("reset after two tokens"), "broke off here"},
		{"one rate limit", func(r llmtest.Request) llmtest.Script {
			select {
			case once <- struct{}{}:
				return llmtest.RateLimited(0)
			default:
				return llmtest.Friendly(r)
			}
		}, ""},
		{"a limit on the answer that is not known", func(r llmtest.Request) llmtest.Script {
			if r.MaxTokens != 0 {
				return fault("400 unsupported parameter")(r)
			}
			return llmtest.Friendly(r)
		}, ""},
		{"rate limits", always(llmtest.RateLimited(0)), "The model is busy."},
		{"a long context", fault("400 context too long"), "more text than the model can take"},
		{"moderation", fault("400 moderation"), "does not allow an answer"},
		{"the proxy's own key", always(llmtest.Error(http.StatusUnauthorized, "Incorrect API key provided.")), "not set up correctly"},
		{"no credit", fault("402 no credit"), "not set up correctly"},
		{"overload", fault("503 overloaded"), "Please try again in a minute."},
	} {
		s.model.SetAnswer(c.answer)
		_, err := s.ask(ctx, ada, "what is 2+2?", func(m discordtest.Message) bool {
			if c.want == "" {
				return rateable(m) && strings.Contains(m.Content, "4")
			}
			return strings.Contains(m.Content, c.want)
		})
		if err != nil {
			return fmt.Errorf("%s: want %q: %w", c.name, c.want, err)
		}
	}
	return nil
}
