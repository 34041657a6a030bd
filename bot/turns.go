package bot

import (
	"fmt"
	"slices"
	"strings"

	"feedbackbot/bot/discord"
	"feedbackbot/feedback"
	"feedbackbot/llm"
)

// turn is something that was said before a question, as the model is shown it.
type turn struct {
	feedback.Turn
	at       []discord.Attachment // its files with addresses that work; nil while they are not known
	texts    []string             // what its files of text say, with their names
	pictures []llm.Image
	missing  []string // files that cannot be shown
}

const (
	fromUser  = string(llm.User)
	fromModel = string(llm.Assistant)
)

// empty reports whether a turn shows nothing.
func (t turn) empty() bool { return strings.TrimSpace(t.said()) == "" && len(t.pictures) == 0 }

// said is a turn's text: what was said, by whom, and what came with it.
func (t turn) said() string {
	said := t.Text
	switch {
	case said == "" || t.Role == fromModel || t.Name == "":
	case t.Quoted:
		said = fmt.Sprintf(modelWrote, t.Name) + said
	default:
		said = t.Name + ": " + said
	}
	parts := append([]string{said}, t.texts...)
	if len(t.missing) > 0 {
		parts = append(parts, fmt.Sprintf(modelNotShown, strings.Join(t.missing, ", ")))
	}
	return strings.TrimPrefix(strings.Join(parts, "\n\n"), "\n\n")
}

// size estimates what a turn takes at most, however it is joined with others.
func (t turn) size() int {
	said := t.said()
	if t.Role == fromModel {
		said += modelYouWrote
	}
	return tokens(said) + 1
}

// shape makes the system prompt, what was said before a question and the question
// a conversation as every model takes it: the user speaks first and last, user and
// assistant take turns, no turn is empty. The oldest turns are left out where they
// do not fit into so many tokens; what stands right before the question is rather
// shortened, because the question is often about it.
func shape(system string, before []turn, asked turn, most int) []llm.Message {
	before = slices.DeleteFunc(slices.Clone(before), turn.empty)
	left := most - tokens(system) - asked.size()
	first := len(before)
	for first > 0 && before[first-1].size() <= left {
		first--
		left -= before[first].size()
	}
	shown := before[first:len(before):len(before)]
	if len(shown) == 0 && first > 0 {
		shown = shortened(before[first-1], left)
	}
	return alternate(system, append(shown, asked))
}

// worthSaying is how many code points of a turn are the least to be shown.
const worthSaying = 40

// shortened is a turn of which as much is left as fits into so many tokens, or
// nothing: the beginning of what a person said, the end of an answer.
func shortened(t turn, left int) []turn {
	said, room := []rune(t.said()), 4*(left-tokens("")-1)-len(modelYouWrote)
	if room < worthSaying || len(said) <= room {
		return nil
	}
	short := turn{Turn: feedback.Turn{Role: t.Role, Text: string(said[:room-1]) + "…"}, pictures: t.pictures}
	if t.Role == fromModel {
		short.Text = "…" + string(said[len(said)-room+1:])
	}
	return []turn{short}
}

// alternate joins what the same side said in a row.
func alternate(system string, turns []turn) (list []llm.Message) {
	if system != "" {
		list = append(list, llm.Message{Role: llm.System, Content: system})
	}
	begin, chatting := len(list), false
	for _, t := range turns {
		if t.empty() {
			continue
		}
		m := llm.Message{Role: llm.Role(t.Role), Content: t.said(), Images: t.pictures}
		if len(list) == begin && m.Role == llm.Assistant {
			m.Role, m.Content = llm.User, modelYouWrote+m.Content
		}
		between, chats := "\n\n", t.Name != "" && !t.Quoted || m.Role == llm.Assistant
		if chats && chatting {
			between = "\n" // lines of people who talk, or parts of an answer
		}
		chatting = chats
		if last := len(list) - 1; last >= begin && list[last].Role == m.Role {
			if list[last].Content != "" && m.Content != "" {
				m.Content = between + m.Content
			}
			list[last].Content += m.Content
			list[last].Images = append(list[last].Images[:len(list[last].Images):len(list[last].Images)], m.Images...)
			continue
		}
		list = append(list, m)
	}
	return list
}

// asksSomething reports whether a conversation ends with something for the model
// to answer.
func asksSomething(list []llm.Message) bool {
	return len(list) > 0 && list[len(list)-1].Role == llm.User
}
