package bot_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"feedbackbot/bot"
	"feedbackbot/feedback/store"
	"feedbackbot/llm"
)

// These variables turn the test binary into a bot of its own, so that its
// memory can be measured without the fakes'.
const (
	childDiscord  = "BOT_CHILD_DISCORD"
	childModel    = "BOT_CHILD_MODEL"
	childDatabase = "BOT_CHILD_DATABASE"
)

// runChild is a bot that runs until its standard input ends, and then prints
// its peak of resident memory.
func runChild() {
	err := func() error {
		ctx, stop := context.WithCancel(context.Background())
		go func() {
			io.Copy(io.Discard, os.Stdin)
			stop()
		}()
		store, err := store.Open(ctx, os.Getenv(childDatabase), store.Options{})
		if err != nil {
			return err
		}
		client, err := llm.New(llm.Options{BaseURL: os.Getenv(childModel), Key: modelKey, Model: "scripted"})
		if err != nil {
			return err
		}
		b, err := bot.New(bot.Options{Token: discordToken, APIURL: os.Getenv(childDiscord), GlobalRPS: 50,
			ContextTokens: 4000, MessageContent: bot.ContentAuto, Buttons: bot.ThumbsAndStars, Raters: bot.Everyone,
			Explain: bot.ExplainAsk}, store, llm.NewModels(nil, client))
		if err != nil {
			return err
		}
		if err := b.Run(ctx); err != nil {
			return err
		}
		return store.Close()
	}()
	if err != nil {
		fmt.Println("child:", err)
		os.Exit(1)
	}
	fmt.Println(peakMemory())
	os.Exit(0)
}

// peakMemory is the process's VmHWM line, such as "VmHWM: 40960 kB".
func peakMemory() string {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return "VmHWM: 0 kB"
	}
	for line := range strings.Lines(string(status)) {
		if strings.HasPrefix(line, "VmHWM:") {
			return strings.Join(strings.Fields(line), " ")
		}
	}
	return "VmHWM: 0 kB"
}
