package bot

import (
	"context"
	"fmt"
	"time"
)

// reply is one answer on the screen: some messages, brought level with the text
// step by step.
type reply struct {
	bot       *Bot
	out       *outgoing
	q         question
	ids       []string // of the messages there are
	shown     []string // what each of them shows
	changedAt time.Time
	postedAt  time.Time // the first of them
	waiting   bool      // the first message says that the answer is to come
	stoppable bool      // the first message has a Stop button
	cut       bool      // the answer broke off
	again     bool      // a notice offers to try again
}

func newReply(b *Bot, q question) *reply { return &reply{bot: b, out: b.out, q: q} }

// begun reports whether some of the answer is on the screen.
func (r *reply) begun() bool { return len(r.ids) > 0 && !r.waiting }

// progress shows what has arrived so far. The end of streaming ends the wait
// for its turn.
func (r *reply) progress(ctx, streaming context.Context, l *live) error {
	for k := 0; streaming.Err() == nil || k == 0 && len(r.ids) == 0; k++ {
		text, _ := l.now()
		parts := split(answerText(text), maxMessage, false)
		parts = parts[:min(len(parts), maxMessages)]
		newest := func(k int) func() string {
			return func() string {
				text, _ := l.now()
				now := split(answerText(text), maxMessage, false)
				return now[min(k, len(now)-1)]
			}
		}
		switch {
		case k >= len(parts):
			return nil
		case !visible(parts[k]):
		case k >= len(r.ids):
			lane := spare
			if k == 0 {
				lane = urgent
			}
			if err := r.post(ctx, k, lane, newest(k)); err != nil {
				return err
			}
		case r.shown[k] != parts[k]:
			var buttons *[]row
			if k == 0 && !r.stoppable && !r.q.unstored && time.Since(r.postedAt) > worthStopping {
				buttons = &[]row{stopRow(r.q.ResponseID)}
			}
			lane, grantBy := spare, streaming
			if r.waiting {
				lane, grantBy = urgent, ctx
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
	last := len(parts) - 1
	for k, part := range parts {
		text := func() string { return part }
		switch {
		case k >= len(r.ids):
			if err := r.post(ctx, k, urgent, text); err != nil {
				return err
			}
		case k < last && (r.shown[k] != part || k == 0 && r.stoppable):
			var buttons *[]row
			if k == 0 && r.stoppable {
				buttons = &[]row{}
			}
			if err := r.edit(ctx, ctx, k, urgent, text, buttons); err != nil {
				return err
			}
			r.stoppable = r.stoppable && k != 0
		}
	}
	var buttons *[]row
	if !r.q.unstored {
		rows := append(voteRows(r.bot.options.Buttons, r.q.ResponseID), againRow(r.q.ResponseID, r.cut))
		buttons = &rows
	} else if r.shown[last] == parts[last] {
		return nil
	}
	return r.edit(ctx, ctx, last, urgent, func() string { return parts[last] }, buttons)
}

// say shows a sentence in place of an answer.
func (r *reply) say(ctx context.Context, text string) error {
	var buttons *[]row
	if r.again && !r.q.unstored {
		buttons = &[]row{againRow(r.q.ResponseID, true)}
	}
	if len(r.ids) > 0 && !r.tokenWorks() { // it told the person to wait
		return r.edit(ctx, ctx, 0, urgent, func() string { return text }, buttons)
	}
	if r.q.Token != "" {
		_, err := r.out.editOriginal(ctx, nil, r.bot.appID, r.q.Token, urgent, func() body { return body{Content: text, Components: buttons} })
		return err
	}
	_, err := r.out.postMessage(ctx, r.q.ChannelID, urgent, func() body {
		return body{Content: text, Components: buttons, Nonce: r.nonce("e", 0), Reference: r.reference()}
	})
	return err
}

// tokenLife is for how long an interaction can be answered, less a margin.
const tokenLife = 14 * time.Minute

func (r *reply) tokenWorks() bool { return r.q.Token != "" && time.Since(r.q.AskedAt) < tokenLife }

// post shows a new message with part k. A command's first message is the answer
// that Discord is already showing as "thinking".
func (r *reply) post(ctx context.Context, k int, l lane, text func() string) error {
	var shown string
	make := func() body {
		shown = text()
		return body{Content: shown, Nonce: r.nonce("a", k), Reference: r.referenceOf(k)}
	}
	var m message
	var err error
	if k == 0 && r.tokenWorks() {
		m, err = r.out.editOriginal(ctx, nil, r.bot.appID, r.q.Token, l, func() body {
			shown = text()
			return body{Content: shown, Flags: flagSuppressEmbeds}
		})
	} else {
		m, err = r.out.postMessage(ctx, r.q.ChannelID, l, make)
		if status(err) == 403 && r.tokenWorks() { // a command works where the bot may not write
			m, err = r.out.followUp(ctx, r.bot.appID, r.q.Token, func() body { return body{Content: text()} })
		}
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
func (r *reply) edit(ctx, grantBy context.Context, k int, l lane, text func() string, buttons *[]row) error {
	var shown string
	make := func() body {
		shown = text()
		return body{Content: shown, Components: buttons}
	}
	var err error
	if k == 0 && r.tokenWorks() {
		_, err = r.out.editOriginal(ctx, grantBy, r.bot.appID, r.q.Token, l, func() body {
			b := make()
			b.Flags = flagSuppressEmbeds
			return b
		})
	} else {
		err = r.out.editMessage(ctx, grantBy, r.q.ChannelID, r.ids[k], l, make)
	}
	r.changedAt = time.Now()
	if err == nil {
		r.shown[k] = shown
	}
	return err
}

// nonce names message k of the answer, or of the notice, to this question. The
// same question gives the same nonce in any process, so Discord shows each
// message once.
func (r *reply) nonce(kind string, k int) string { return fmt.Sprintf("%s%s%d", r.q.ID, kind, k) }

func (r *reply) reference() *messageReference {
	if r.q.replyTo == "" {
		return nil
	}
	no := false // the question may have been deleted
	return &messageReference{MessageID: r.q.replyTo, FailIfNotExists: &no}
}

func (r *reply) referenceOf(k int) *messageReference {
	if k > 0 {
		return nil
	}
	return r.reference()
}

// finalParts cuts a complete text into messages, with a mark at its end.
func finalParts(text, mark string) []string {
	text = answerText(text)
	if mark != "" {
		mark = "\n\n" + mark
	}
	parts := split(text+mark, maxMessage, true)
	if len(parts) <= maxMessages {
		return parts
	}
	mark = "\n\n" + markLong
	whole := split(text, maxMessage, true)[:maxMessages]
	last := split(whole[maxMessages-1], maxMessage-len(mark), false)[0]
	whole[maxMessages-1] = last + mark
	return whole
}
