package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"feedbackbot/feedback"
)

// maxLooked is how many responses one search looks at, so that it is quick however
// many there are.
const maxLooked = 2000

// searched are the responses of a server ($1) from before an id ($2), and not
// before another ($3), the newest first.
const searched = `SELECT * FROM responses WHERE guild_id = $1 AND id < $2 AND id >= $3 ORDER BY id DESC LIMIT $4`

const (
	memberSaid   = `EXISTS (SELECT 1 FROM submissions v WHERE v.response_id = r.id AND v.source = 'user' AND v.withdrawn = 0`
	reviewerSaid = `EXISTS (SELECT 1 FROM submissions v WHERE v.response_id = r.id AND v.source = 'reviewer' AND v.withdrawn = 0`
)

// SearchReviews returns up to n responses that a filter selects, the newest first,
// and from where to look further; "" when that was all. It leaves out questions of
// the reviewer's own, and what was removed. It may return fewer than n, and look
// further all the same.
func (s *Store) SearchReviews(ctx context.Context, f feedback.ReviewFilter, reviewer feedback.Rater, n int) (found []feedback.Response, further string, err error) {
	before, from := idAt(f.To), idAt(f.From)
	if f.To.IsZero() {
		before = "g" // after every id
	}
	if f.Before != "" && f.Before < before {
		before = f.Before
	}
	text := ""
	if f.Text != "" {
		text = "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(strings.ToLower(f.Text)) + "%"
	}
	found, err = find(ctx, s, scanResponse, `SELECT `+responseColumns+` FROM (`+searched+`) r
		WHERE r.removed = 0 AND r.asker <> $5 AND ($6 = '' OR r.model = $6) AND ($7 = '' OR r.prompt_version = $7) AND ($8 = '' OR r.channel_id = $8)
			AND ($9 = '' OR LOWER(r.question) LIKE $9 ESCAPE '\' OR LOWER(r.answer) LIKE $9 ESCAPE '\')
			AND ($10 = '' OR $10 = 'none' AND NOT `+memberSaid+`) OR $10 = 'down' AND `+memberSaid+` AND v.rating <= 2) OR $10 = 'up' AND `+memberSaid+` AND v.rating >= 4))
			AND ($11 = '' OR $11 = 'open' AND NOT `+reviewerSaid+`) OR $11 = 'done' AND `+reviewerSaid+`) OR $11 = 'mine' AND `+reviewerSaid+` AND v.rater = $5))
		ORDER BY r.id DESC LIMIT $12`,
		f.GuildID, before, from, maxLooked, reviewer, f.Model, f.PromptVersion, f.ChannelID, text, f.Vote, f.State, n)
	if err == nil && len(found) == n {
		return found, found[n-1].ID, nil
	}
	if err == nil {
		further, err = maybe[string](ctx, s, `SELECT id FROM responses WHERE guild_id = $1 AND id < $2 AND id >= $3 ORDER BY id DESC LIMIT 1 OFFSET $4`,
			f.GuildID, before, from, maxLooked-1)
	}
	if err != nil {
		return nil, "", fmt.Errorf("search for responses: %w", err)
	}
	return found, further, nil
}

// idAt is where the ids begin that were made at a time: they begin with it.
func idAt(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	ms := t.UnixMilli()
	return fmt.Sprintf("%08x-%04x", ms>>16, ms&0xffff)
}
