package bot

import (
	"context"
	"fmt"
	"time"

	"feedbackbot/bot/discord"
	"feedbackbot/bot/text"
)

// reply is one answer on the screen: some messages, brought level with the text
// step by step.
type reply struct {
	bot       *Bot
	out       *discord.Client
	q         question
	ids       []string // of the messages there are
	shown     []string // what each of them shows
	changedAt time.Time
	postedAt  time.Time // the first of them
	waiting   bool      // the first message says that the answer is to come
	stoppable bool      // the first message has a Stop button
	cut       bool      // the answer broke off
	retryable bool      // a sentence in its place offers to try again
	barred    bool      // the bot may do nothing in the channel itself
}

func newReply(b *Bot, q question) *reply { return &reply{bot: b, out: b.out, q: q} }

// begun reports whether some of the answer is on the screen.
func (r *reply) begun() bool { return len(r.ids) > 0 && !r.waiting }

// progress shows what has arrived so far. The end of streaming ends the wait
// for its turn.
func (r *reply) progress(ctx, streaming context.Context, d *draft) error {
	for k := 0; streaming.Err() == nil || k == 0 && len(r.ids) == 0; k++ {
		so, _ := d.now()
		parts := text.Split(text.Answer(so), text.MaxMessage, false)
		parts = parts[:min(len(parts), maxMessages)]
		if d.restarted() {
			if err := r.shrink(ctx, len(parts)); err != nil {
				return err
			}
		}
		newest := func(k int) func() string {
			return func() string {
				so, _ := d.now()
				now := text.Split(text.Answer(so), text.MaxMessage, false)
				return now[min(k, len(now)-1)]
			}
		}
		switch {
		case k >= len(parts):
			return nil
		case !text.Visible(parts[k]):
		case k >= len(r.ids):
			lane := discord.Spare
			if k == 0 {
				lane = discord.Urgent
			}
			if err := r.post(ctx, k, lane, newest(k)); err != nil {
				return err
			}
		case r.shown[k] != parts[k]:
			var buttons *[]discord.Row
			if k == 0 && !r.stoppable && !r.q.unstored && time.Since(r.postedAt) > worthStopping {
				buttons = &[]discord.Row{stopRow(r.q.ResponseID)}
			}
			lane, grantBy := discord.Spare, streaming
			if r.waiting {
				lane, grantBy = discord.Urgent, ctx
			}
			if err := r.edit(ctx, grantBy, k, lane, newest(k), buttons); err != nil {
				return err
			}
			r.waiting = false
			r.stoppable = r.stoppable || buttons != nil
		}
	}
	return nil
}

// complete brings the messages to the final parts. The last edit puts the
// buttons under the last part, if the store knows the answer.
func (r *reply) complete(ctx context.Context, parts []string) error {
	if err := r.shrink(ctx, len(parts)); err != nil {
		return err
	}
	last := len(parts) - 1
	for k, part := range parts {
		text := func() string { return part }
		switch {
		case k >= len(r.ids):
			if err := r.post(ctx, k, discord.Urgent, text); err != nil {
				return err
			}
		case k < last && (r.shown[k] != part || k == 0 && r.stoppable):
			var buttons *[]discord.Row
			if k == 0 && r.stoppable {
				buttons = &[]discord.Row{}
			}
			if err := r.edit(ctx, ctx, k, discord.Urgent, text, buttons); err != nil {
				return err
			}
			r.stoppable = r.stoppable && k != 0
		}
	}
	var buttons *[]discord.Row
	if !r.q.unstored {
		rows := append(voteRows(r.bot.options.Buttons, r.q.ResponseID), retryRow(r.q.ResponseID, r.cut))
		buttons = &rows
	} else if r.shown[last] == parts[last] {
		return nil
	}
	return r.edit(ctx, ctx, last, discord.Urgent, func() string { return parts[last] }, buttons)
}

// sentence shows a sentence in place of an answer.
func (r *reply) sentence(ctx context.Context, words string) error {
	if err := r.shrink(ctx, 1); err != nil {
		return err
	}
	var buttons *[]discord.Row
	if r.retryable && !r.q.unstored {
		buttons = &[]discord.Row{retryRow(r.q.ResponseID, true)}
	}
	if len(r.ids) > 0 && !r.tokenWorks() { // it told the person to wait
		return r.edit(ctx, ctx, 0, discord.Urgent, func() string { return words }, buttons)
	}
	if r.q.Token != "" {
		_, err := r.out.EditOriginal(ctx, nil, r.bot.appID, r.q.Token, discord.Urgent, func() discord.Body { return discord.Body{Content: words, Components: buttons} })
		return err
	}
	_, err := r.out.Post(ctx, r.q.ChannelID, discord.Urgent, func() discord.Body {
		return discord.Body{Content: words, Components: buttons, Nonce: r.nonce("e", 0), Reference: r.reference()}
	})
	return err
}

// tokenLife is for how long an interaction can be answered, less a margin.
const tokenLife = 14 * time.Minute

func (r *reply) tokenWorks() bool { return r.q.Token != "" && time.Since(r.q.AskedAt) < tokenLife }

// post shows a new message with part k. A command's first message is the answer
// that Discord is already showing as "thinking".
func (r *reply) post(ctx context.Context, k int, l discord.Lane, text func() string) error {
	var shown string
	make := func() discord.Body {
		shown = text()
		return discord.Body{Content: shown, Nonce: r.nonce("a", k), Reference: r.referenceOf(k)}
	}
	var m discord.Message
	var err error
	if k == 0 && r.tokenWorks() {
		m, err = r.out.EditOriginal(ctx, nil, r.bot.appID, r.q.Token, l, func() discord.Body {
			shown = text()
			return discord.Body{Content: shown, Flags: discord.FlagSuppressEmbeds}
		})
	} else {
		err = r.orByToken(func() error {
			m, err = r.out.Post(ctx, r.q.ChannelID, l, make)
			return err
		}, func() error {
			m, err = r.out.FollowUp(ctx, r.bot.appID, r.q.Token, func() discord.Body {
				shown = text()
				return discord.Body{Content: shown}
			})
			return err
		})
	}
	if err != nil {
		return err
	}
	if k == 0 {
		r.postedAt = time.Now()
		r.bot.metrics.firstText.Observe(time.Since(r.q.startedAt).Seconds())
	}
	r.ids, r.shown, r.changedAt = append(r.ids, m.ID), append(r.shown, shown), time.Now()
	if r.q.unstored {
		return nil
	}
	storeCtx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	if err := r.bot.store.Posted(storeCtx, r.q.Ask, m.ID, k); err != nil {
		r.bot.log.Error("cannot store a message of an answer", "response_id", r.q.ResponseID, "error", err)
		r.q.unstored = true
	}
	return nil
}

// edit changes message k.
func (r *reply) edit(ctx, grantBy context.Context, k int, l discord.Lane, text func() string, buttons *[]discord.Row) error {
	var shown string
	make := func() discord.Body {
		shown = text()
		return discord.Body{Content: shown, Components: buttons}
	}
	var err error
	if k == 0 && r.tokenWorks() {
		_, err = r.out.EditOriginal(ctx, grantBy, r.bot.appID, r.q.Token, l, func() discord.Body {
			b := make()
			b.Flags = discord.FlagSuppressEmbeds
			return b
		})
	} else {
		err = r.orByToken(func() error { return r.out.Edit(ctx, grantBy, r.q.ChannelID, r.ids[k], l, make) },
			func() error {
				return r.out.EditFollowUp(ctx, grantBy, r.bot.appID, r.q.Token, r.ids[k], l, make)
			})
	}
	r.changedAt = time.Now()
	if err == nil {
		r.shown[k] = shown
	}
	return err
}

// shrink takes back the messages after the first n: what stood in them was a
// model's thought, and the answer is shorter.
func (r *reply) shrink(ctx context.Context, n int) error {
	for last := len(r.ids) - 1; last >= max(n, 1); last-- {
		r.bot.takenBack.put(r.ids[last], true) // Discord tells of every deletion
		if err := r.remove(ctx, r.ids[last]); err != nil && !discord.Permanent(err) {
			return err
		}
		r.ids, r.shown = r.ids[:last], r.shown[:last]
	}
	return nil
}

// remove deletes a message of the answer. One that is gone is no error.
func (r *reply) remove(ctx context.Context, id string) error {
	err := r.orByToken(func() error { return r.out.Delete(ctx, r.q.ChannelID, id) },
		func() error { return r.out.DeleteFollowUp(ctx, r.bot.appID, r.q.Token, id) })
	if discord.Code(err) == discord.CodeUnknownMessage {
		return nil
	}
	return err
}

// orByToken does something in the channel or, where the bot may not, by the token
// of the command, which works everywhere.
func (r *reply) orByToken(inChannel, byToken func() error) error {
	if !r.barred || !r.tokenWorks() {
		err := inChannel()
		if discord.Status(err) != 403 || !r.tokenWorks() {
			return err
		}
		r.barred = true
	}
	return byToken()
}

// nonce names message k of the answer, or of the notice, to this question. The
// same question gives the same nonce in any process, so Discord shows each
// message once.
func (r *reply) nonce(kind string, k int) string { return fmt.Sprintf("%s%s%d", r.q.ID, kind, k) }

func (r *reply) reference() *discord.Reference {
	if r.q.replyTo == "" {
		return nil
	}
	no := false // the question may have been deleted
	return &discord.Reference{MessageID: r.q.replyTo, FailIfNotExists: &no}
}

func (r *reply) referenceOf(k int) *discord.Reference {
	if k > 0 {
		return nil
	}
	return r.reference()
}

// finalParts cuts a complete text into messages, with a mark at its end.
func finalParts(answer, mark string) []string {
	answer = text.Answer(answer)
	if mark != "" {
		mark = "\n\n" + mark
	}
	parts := text.Split(answer+mark, text.MaxMessage, true)
	if len(parts) <= maxMessages {
		return parts
	}
	mark = "\n\n" + markLong
	whole := text.Split(answer, text.MaxMessage, true)[:maxMessages]
	last := text.Split(whole[maxMessages-1], text.MaxMessage-len(mark), false)[0]
	whole[maxMessages-1] = last + mark
	return whole
}
