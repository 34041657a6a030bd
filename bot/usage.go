package bot

import (
	"context"

	"feedbackbot/bot/discord"
	"feedbackbot/feedback"
)

// /usage shows a member their own use, and whoever manages the server also that
// of the server.

const (
	commandUsage = "usage"
	usageDays    = 30
)

func (b *Bot) usageCommands() []command {
	return []command{{slash(commandUsage, describeUsage, anywhere), b.onUsage}}
}

func (b *Bot) onUsage(ctx context.Context, i *discord.Interaction) {
	said, err := b.usageOf(ctx, usageOfYou, feedback.OfMember(b.store.Rater(i.UserID())))
	if err == nil && i.GuildID != "" && i.May(discord.ManageServer) {
		var server string
		server, err = b.usageOf(ctx, usageOfServer, feedback.OfServer(i.GuildID))
		said += "\n" + server
	}
	if err != nil {
		b.log.Error("cannot read what was used", "error", err)
		said = textWentWrong
	}
	b.tell(ctx, i, said)
}

func (b *Bot) usageOf(ctx context.Context, who, scope string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, b.commitBudget)
	defer cancel()
	now := b.options.Spending.now()
	today, err := b.store.Used(ctx, scope, now)
	if err != nil {
		return "", err
	}
	month, err := b.store.Used(ctx, scope, now.AddDate(0, 0, 1-usageDays))
	return usageText(who, today, month), err
}
