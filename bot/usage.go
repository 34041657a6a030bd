package bot

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"feedbackbot/feedback"
)

// /usage shows a member their own use, and whoever manages the server also that
// of the server.

const (
	commandUsage = "usage"
	usageDays    = 30
)

func usageCommand() command {
	return command{Name: commandUsage, Type: 1, Description: "See how much you have asked.", Contexts: []int{0, 1}, Installs: []int{0}}
}

func (b *Bot) onUsage(ctx context.Context, i *interaction) {
	text, err := b.usageOf(ctx, "You", feedback.OfMember(b.store.Rater(i.userID())))
	if err == nil && i.GuildID != "" && i.may(manageServer) {
		var server string
		server, err = b.usageOf(ctx, "This server", feedback.OfServer(i.GuildID))
		text += "\n" + server
	}
	if err != nil {
		b.log.Error("cannot read what was used", "error", err)
		text = textWentWrong
	}
	b.say(ctx, i, text)
}

func (b *Bot) usageOf(ctx context.Context, who, scope string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, b.commitBudget)
	defer cancel()
	now := time.Now()
	today, err := b.store.Used(ctx, scope, now)
	if err != nil {
		return "", err
	}
	month, err := b.store.Used(ctx, scope, now.AddDate(0, 0, 1-usageDays))
	return fmt.Sprintf("**%s** today: %s. In the last %d days: %s.", who, useText(today), usageDays, useText(month)), err
}

func useText(u feedback.Use) string {
	text := counted(u.Questions, "question") + ", " + counted(u.Tokens, "token")
	if u.Cost > 0 {
		text += fmt.Sprintf(", $%.2f", float64(u.Cost)/1e6)
	}
	return text
}

func counted(n int64, what string) string {
	if n != 1 {
		what += "s"
	}
	return grouped(n) + " " + what
}

// grouped writes a number with commas between thousands.
func grouped(n int64) string {
	digits := strconv.FormatInt(n, 10)
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return digits
}
