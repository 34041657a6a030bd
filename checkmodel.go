package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"log/slog"

	"feedbackbot/bot"
	"feedbackbot/llm"
)

// checkModel asks the model as members do: with the system prompt, the limits and,
// where people may attach them, a picture.
func checkModel(ctx context.Context, c Config, log *slog.Logger) []bot.Finding {
	f := bot.Finding{What: "model " + c.OpenAIModel}
	model, err := newModel(c, log)
	if err != nil {
		f.Cause, f.Mend = err.Error(), "correct OPENAI_BASE_URL and OPENAI_MODEL"
		return []bot.Finding{f}
	}
	ask := func(what string, question llm.Message) bot.Finding {
		question.Role = llm.User
		_, err := model.Stream(ctx, []llm.Message{{Role: llm.System, Content: c.SystemPrompt}, question}, func(string, bool) {})
		return modelFinding(what, err)
	}
	f = ask(f.What, llm.Message{Content: "Reply with the word ok."})
	if f.Cause != "" || !c.OpenAIImages {
		return []bot.Finding{f}
	}
	blue := llm.Message{Content: "Which colour is this? Reply with one word.", Images: []llm.Image{{Type: "image/png", Data: bluePicture()}}}
	return []bot.Finding{f, ask(f.What+" with a picture", blue)}
}

// mends are what an operator can do about each kind of error.
var mends = map[llm.Kind]string{
	llm.BadKey:        "set OPENAI_API_KEY to a key that may use this model",
	llm.NoPermission:  "set OPENAI_API_KEY to a key that may use this model",
	llm.NoCredit:      "add credit to the account at the provider",
	llm.DailyQuota:    "wait until tomorrow, or raise the quota of the account at the provider",
	llm.UnknownModel:  "set OPENAI_MODEL to a model that the provider has, and OPENAI_BASE_URL to its address, mostly ending in /v1",
	llm.BadRequest:    "see which setting the provider names; OPENAI_MAX_TOKENS=0 and an empty OPENAI_TEMPERATURE send the least",
	llm.LimitTooLarge: "lower OPENAI_MAX_TOKENS, so that the answer fits into the model together with a question",
	llm.NoRoom:        "raise OPENAI_MAX_TOKENS, for the model's thinking counts as well",
	llm.TooLong:       "shorten SYSTEM_PROMPT, or give the model a longer context where it runs",
	llm.Moderated:     "change SYSTEM_PROMPT, which the provider does not allow, or take another provider",
	llm.NoImages:      "set OPENAI_IMAGES=false, or OPENAI_MODEL to one that looks at pictures",
	llm.BadImage:      "set OPENAI_IMAGES=false, or OPENAI_MODEL to one that looks at pictures",
	llm.Busy:          "try again in a minute; if it stays so, raise the limits of the account at the provider",
	llm.Trouble:       "try again in a while; the trouble is the provider's own",
	llm.Silent:        "raise OPENAI_IDLE_TIMEOUT, or take a model that answers sooner",
	llm.TimedOut:      "raise OPENAI_TIMEOUT, or take a model that answers sooner",
}

// modelFinding says how a question to the model went.
func modelFinding(what string, err error) bot.Finding {
	f := bot.Finding{What: what}
	var e *llm.Error
	if err == nil || errors.As(err, &e) && e.Kind == llm.Empty {
		return f // a single word is not what some models are made for
	}
	f.Cause, f.Mend = err.Error(), "see that OPENAI_BASE_URL is right and its server runs"
	if e != nil {
		f.Mend = cmp.Or(mends[e.Kind], f.Mend)
	}
	return f
}

// bluePicture is large enough for models that refuse tiny ones.
func bluePicture() []byte {
	picture := image.NewRGBA(image.Rect(0, 0, 64, 64))
	draw.Draw(picture, picture.Bounds(), image.NewUniform(color.RGBA{B: 255, A: 255}), image.Point{}, draw.Src)
	var out bytes.Buffer
	if err := png.Encode(&out, picture); err != nil {
		panic(err) // our own picture, into memory
	}
	return out.Bytes()
}
