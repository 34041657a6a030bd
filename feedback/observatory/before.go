package observatory

import (
	"context"

	"feedbackbot/feedback"
)

// said is something that was said before a question, under a heading.
type said struct{ Who, Text string }

const (
	whoAsked    = "Question"
	whoAnswered = "Answer"
	whoWrote    = "Somebody wrote"
	whoQuoted   = "The message it replies to"
	whoIsGone   = "A message that was deleted"
)

// turnsBefore is how much of a conversation is shown.
const turnsBefore = 10

// before returns what the model was shown before a question, as far as somebody may
// see it: what was kept of that, or else the questions and answers that it follows.
func (o *Observatory) before(ctx context.Context, p *person, r feedback.Response) (list []said, err error) {
	all, err := o.store.ShownWith(ctx, r.ID)
	if err != nil {
		return nil, err
	}
	turns := all[r.ID].Before
	if len(turns) == 0 && r.ParentID != "" {
		chain, err := o.store.Chain(ctx, r.ParentID, turnsBefore)
		if err != nil {
			return nil, err
		}
		return o.answersIn(ctx, p, chain, true), nil
	}
	for _, t := range turns {
		switch _, may := o.place(ctx, p.sight, r.GuildID, t.Channel); {
		case len(t.Answers) > 0:
			answers, err := o.store.Answers(ctx, t.Answers)
			if err != nil {
				return nil, err
			}
			list = append(list, o.answersIn(ctx, p, answers, t.Role == "")...)
		case t.Gone:
			list = append(list, said{Who: whoIsGone})
		case t.Text == "" || !may:
		case t.Role == "assistant":
			list = append(list, said{whoAnswered, t.Text})
		case t.Quoted:
			list = append(list, said{whoQuoted, t.Text})
		default:
			list = append(list, said{whoWrote, t.Text})
		}
	}
	return list, nil
}

// answersIn are answers, with their questions where these belong there.
func (o *Observatory) answersIn(ctx context.Context, p *person, responses []feedback.Response, asked bool) (list []said) {
	for _, r := range responses {
		if _, may := o.place(ctx, p.sight, r.GuildID, r.ChannelID); !may {
			continue
		}
		if asked {
			list = append(list, said{whoAsked, r.Question})
		}
		list = append(list, said{whoAnswered, r.Answer})
	}
	return list
}
