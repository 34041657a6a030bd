package bot

import (
	"cmp"
	"context"
	"slices"

	"feedbackbot/bot/discord"
	"feedbackbot/feedback"
)

// What the model was shown before is shown to it again: with another answer to the
// same question, after a restart, and with a question that follows the answer.

// recallAsked is the conversation of a question that was asked before, as it was
// then. a.Shown is what is kept of it.
func (b *Bot) recallAsked(ctx context.Context, a feedback.Ask) (c conversation, err error) {
	c = conversation{id: a.ConversationID, parent: a.ParentID, source: a.Source, shown: a.Shown, speaker: a.Shown.Asked.Name}
	switch {
	case len(a.Shown.Before) > 0:
		c.turns, err = b.again(ctx, a.Shown.Before)
	case a.ParentID != "":
		c.turns, err = b.follow(ctx, a.ParentID)
	}
	return c, err
}

// shownWith returns what the model was shown with the question of a response.
func (b *Bot) shownWith(ctx context.Context, responseID string) (feedback.Shown, error) {
	all, err := b.store.ShownWith(ctx, responseID)
	return all[responseID], err
}

// follow returns what was said up to a response, with it: all that the model knew
// when it gave that answer, and the answer.
func (b *Bot) follow(ctx context.Context, responseID string) ([]turn, error) {
	chain, err := b.store.Chain(ctx, responseID, maxTurns)
	if err != nil {
		return nil, err
	}
	shown, err := b.store.ShownWith(ctx, idsOf(chain)...)
	if err != nil {
		return nil, err
	}
	var before []feedback.Turn
	for n, r := range slices.Backward(chain) {
		if before = shown[r.ID].Before; len(before) > 0 {
			chain = chain[n:] // what it was shown is all there was before it
			break
		}
	}
	turns, err := b.again(ctx, before)
	return append(turns, b.answered(ctx, b.newPage(), chain, shown)...), err
}

func idsOf(responses []feedback.Response) (ids []string) {
	for _, r := range responses {
		ids = append(ids, r.ID)
	}
	return ids
}

// again turns what is kept of a conversation into turns.
func (b *Bot) again(ctx context.Context, before []feedback.Turn) ([]turn, error) {
	var ids []string
	for _, t := range before {
		ids = append(ids, t.Answers...)
	}
	answers, err := b.answersOf(ctx, ids)
	if err != nil {
		return nil, err
	}
	shown, err := b.store.ShownWith(ctx, ids...)
	if err != nil {
		return nil, err
	}
	page, parts := b.newPage(), make([][]turn, len(before))
	for n, t := range slices.Backward(before) { // the newest first: they matter most
		switch {
		case len(t.Answers) > 0:
			var list []feedback.Response
			for _, id := range t.Answers {
				if r, found := answers[id]; found {
					list = append(list, r)
				}
			}
			parts[n] = b.answered(ctx, page, list, shown)
			if t.Role == fromModel { // their questions stand there by themselves
				parts[n] = slices.DeleteFunc(parts[n], func(t turn) bool { return t.Role != fromModel })
			}
		case !t.Gone:
			parts[n] = b.said(ctx, page, t)
		}
		if len(parts[n]) == 0 && n == len(before)-1 { // the question may well be about it
			parts[n] = []turn{{Turn: feedback.Turn{Role: fromUser, Text: modelGone, Gone: true}}}
		}
	}
	return slices.Concat(parts...), nil
}

// said is a message's turn. Where its text is not kept it is read from Discord.
func (b *Bot) said(ctx context.Context, page *pageOf, t feedback.Turn) []turn {
	if t.Text != "" {
		return []turn{{Turn: t}}
	}
	if t.Message == "" {
		return nil
	}
	read := page.message
	if t.Quoted {
		read = page.single // the page is of the thread's end
	}
	m := read(ctx, t.Channel, t.Message)
	if m == nil || m.Author == nil {
		return nil
	}
	again := b.turnOf(m)
	again.Quoted, again.Role = t.Quoted, t.Role
	return []turn{again}
}

// answersOf returns responses by their ids, those of them that are still there.
func (b *Bot) answersOf(ctx context.Context, ids []string) (map[string]feedback.Response, error) {
	list, err := b.store.Answers(ctx, slices.Compact(slices.Sorted(slices.Values(ids))))
	found := map[string]feedback.Response{}
	for _, r := range list {
		found[r.ID] = r
	}
	return found, err
}

// answered returns what was asked and answered, oldest first.
func (b *Bot) answered(ctx context.Context, page *pageOf, responses []feedback.Response, shown map[string]feedback.Shown) []turn {
	turns := make([]turn, 2*len(responses))
	for n, r := range slices.Backward(responses) {
		asked := shown[r.ID].Asked
		if r.Question == "" && r.Answer == "" {
			asked.Name, r.Question, r.Answer = b.reread(ctx, page, r)
		}
		asked.Role, asked.Text = fromUser, r.Question
		if len(asked.Files) == 0 { // it was asked before it was kept where they are
			asked.Message, asked.Channel = r.AskID, b.placeOf(r.ChannelID, r.AskID)
			asked.Files = filesIn(r.Question)
		}
		turns[2*n] = turn{Turn: asked}
		turns[2*n+1] = turn{Turn: feedback.Turn{Role: fromModel, Text: r.Answer}}
	}
	return slices.DeleteFunc(turns, func(t turn) bool { return t.Text == "" })
}

// wordless is what may be stored of what was shown when that could not be stored
// at once: somebody may have been forgotten since. It is read from Discord again.
func wordless(s feedback.Shown) feedback.Shown {
	s.Before = slices.Clone(s.Before)
	for n, t := range s.Before {
		s.Before[n] = feedback.Turn{Role: t.Role, Quoted: t.Quoted, Channel: t.Channel, Message: t.Message, Answers: t.Answers}
		for _, f := range t.Files {
			s.Before[n].Files = append(s.Before[n].Files, feedback.File{ID: f.ID, Type: f.Type, Size: f.Size})
		}
	}
	return s
}

// describe is what is kept of files.
func describe(list []discord.Attachment) (files []feedback.File) {
	for _, a := range list[:min(len(list), maxNamed)] {
		files = append(files, feedback.File{ID: a.ID, Name: fileName(a), Type: a.Type, Size: a.Size})
	}
	return files
}

// present finds files among the attachments that a message has now, nil if it is
// gone, and names those that are gone.
func present(files []feedback.File, now []discord.Attachment) (found []discord.Attachment, gone []string) {
	for _, f := range files {
		n := slices.IndexFunc(now, func(a discord.Attachment) bool { return a.ID == f.ID || f.ID == "" && fileName(a) == f.Name })
		switch {
		case n >= 0:
			found = append(found, now[n])
		case f.ID != "" || now == nil: // else somebody only wrote that there is one
			gone = append(gone, cmp.Or(f.Name, textNoName))
		}
	}
	return found, gone
}
