package bot

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"feedbackbot/bot/discord"
)

// CheckReviewers asks Discord whether each of these ids is a role or a member of
// one of the bot's servers.
func CheckReviewers(ctx context.Context, options Options, ids []string) Finding {
	f := Finding{What: "reviewers"}
	unknown := slices.Clone(ids)
	out, err := discord.New(discord.Options{BaseURL: options.APIURL, Token: options.Token, GlobalRPS: options.GlobalRPS, Log: options.Log})
	more := true
	for after := "0"; err == nil && more && len(unknown) > 0; {
		var page []string
		if page, more, err = serverIDs(ctx, out, after); err != nil || len(page) == 0 {
			break
		}
		after = page[len(page)-1]
		for _, guildID := range page {
			if unknown, err = without(ctx, out, guildID, unknown); err != nil {
				break
			}
		}
	}
	switch {
	case err != nil:
		f.Cause, f.Mend = err.Error(), "try again in a minute"
	case len(unknown) > 0:
		f.Cause = "no server of the bot has a role or a member with the id " + strings.Join(unknown, ", ")
		f.Mend = "copy the ids anew to REVIEWERS and REVIEW_LEADS, with Discord's developer mode"
	}
	return f
}

func serverIDs(ctx context.Context, out *discord.Client, after string) (ids []string, more bool, err error) {
	page, more, err := out.Servers(ctx, after)
	for _, g := range page {
		ids = append(ids, g.ID)
	}
	return ids, more, err
}

// without returns those ids that a server does not know either.
func without(ctx context.Context, out *discord.Client, guildID string, ids []string) (unknown []string, err error) {
	rights, err := out.Rights(ctx, guildID)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		if slices.ContainsFunc(rights.Roles, func(r discord.Role) bool { return r.ID == id }) {
			continue
		}
		_, err := out.Member(ctx, guildID, id)
		switch {
		case discord.Status(err) == http.StatusNotFound:
			unknown = append(unknown, id)
		case err != nil:
			return nil, err
		}
	}
	return unknown, nil
}
