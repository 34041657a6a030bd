package bot

import (
	"strings"
	"unicode/utf8"

	"feedbackbot/bot/text"
)

const (
	// maxMessages is how many messages one answer may take. What is longer comes
	// as a file too.
	maxMessages = 10
	// maxAnswer is how long an answer may become, in code points.
	maxAnswer = 200_000
	wholeName = "answer.md"
	wholeType = "text/markdown; charset=utf-8"
)

// final is a complete answer as it is to be shown.
type final struct {
	parts []string
	whole string // the text of a file beside the last part; "" when the parts are all there is
	alone string // the last part where no file may be attached
}

// finalParts cuts a complete text into messages, below the question if that is to
// be shown, and with a mark at its end.
func finalParts(asked, answer, mark string) *final {
	shown := below(asked, text.Answer(answer))
	if mark != "" {
		mark = "\n\n" + mark
	}
	parts := text.Split(shown+mark, text.MaxMessage, true)
	if len(parts) <= maxMessages {
		return &final{parts: parts}
	}
	parts = text.Split(shown, text.MaxMessage, false)[:maxMessages]
	last := parts[maxMessages-1]
	parts[maxMessages-1] = endWith(last, "\n\n"+markWhole+mark)
	return &final{parts: parts, whole: answer, alone: endWith(last, "\n\n"+markNoFile+mark)}
}

// endWith makes room for a mark in a part.
func endWith(part, mark string) string {
	part = text.Split(part, text.MaxMessage-utf8.RuneCountInString(mark), false)[0]
	return strings.TrimRight(part, "\n") + mark
}

// partsSoFar cuts a text that is being written into the messages that will show
// it.
func partsSoFar(asked, so string) []string {
	so = text.Answer(so[:min(len(so), maxMessages*text.MaxMessage*utf8.UTFMax)]) // more is not shown
	if !text.Visible(so) {
		asked = ""
	}
	parts := text.Split(below(asked, so), text.MaxMessage, false)
	return parts[:min(len(parts), maxMessages)]
}
