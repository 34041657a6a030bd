package bot

import (
	"context"
	"strings"

	"github.com/google/uuid"

	"feedbackbot/bot/discord"
	"feedbackbot/feedback"
)

// Buttons says which vote buttons stand under an answer.
type Buttons string

const (
	ThumbsAndStars Buttons = "both"
	OnlyThumbs     Buttons = "thumbs"
	OnlyStars      Buttons = "stars"
)

// idVersion begins every custom id. Buttons live as long as their message, so
// the form of an id can be extended, never changed.
const idVersion = "fb1"

// action is what a button does.
type action string

const (
	thumbUp     action = "up"
	thumbDown   action = "down"
	explainVote action = "explain" // on the receipt: opens the form
	undoVote    action = "undo"    // on the receipt
	submitForm  action = "form"    // the form's own custom id
)

var stars = [...]action{"star1", "star2", "star3", "star4", "star5"}

// customID names an action on a response. It is all a click needs: nothing is
// kept in memory, so buttons work after a restart and in another process.
func customID(a action, responseID string) string {
	return idVersion + ":" + string(a) + ":" + responseID
}

// parseCustomID reads what customID wrote. ok is false for anything else.
func parseCustomID(id string) (a action, responseID string, ok bool) {
	parts := strings.Split(id, ":")
	if len(parts) != 3 || parts[0] != idVersion {
		return "", "", false
	}
	parsed, err := uuid.Parse(parts[2])
	if err != nil || parsed.String() != parts[2] {
		return "", "", false // only the one spelling that we write
	}
	a = action(parts[1])
	_, _, isVote := a.rating()
	if isVote || pressed[a] != nil || filled[a] != nil {
		return a, parts[2], true
	}
	return "", "", false
}

// doing is what a button or a form starts; id is what stands in its custom id.
type doing func(b *Bot, ctx context.Context, i *discord.Interaction, id string)

// pressed are the buttons beside those of a vote, and filled the forms.
var (
	pressed = map[action]doing{
		undoVote:    (*Bot).onUndo,
		explainVote: (*Bot).openForm,
		stopAnswer:  (*Bot).onStop,
		anotherOne:  (*Bot).onRegenerate,
		forgetMe:    (*Bot).onForgetMeMeant,
	}
	filled = map[action]doing{
		submitForm: (*Bot).onExplanation,
		askAbout:   (*Bot).onAboutForm,
	}
)

// rating returns what a vote button stands for.
func (a action) rating() (rating int, kind feedback.Kind, ok bool) {
	switch a {
	case thumbUp:
		return 5, feedback.Thumbs, true
	case thumbDown:
		return 1, feedback.Thumbs, true
	}
	for i, s := range stars {
		if a == s {
			return i + 1, feedback.Stars, true
		}
	}
	return 0, "", false
}

// voteRows returns the buttons under an answer: thumbs first, stars below.
func voteRows(which Buttons, responseID string) []discord.Row {
	var rows []discord.Row
	if which != OnlyStars {
		rows = append(rows, discord.Row{
			discord.Button{Style: discord.StyleSecondary, Emoji: "👍", CustomID: customID(thumbUp, responseID)},
			discord.Button{Style: discord.StyleSecondary, Emoji: "👎", CustomID: customID(thumbDown, responseID)},
		})
	}
	if which != OnlyThumbs {
		var r discord.Row
		for i, a := range stars {
			r = append(r, discord.Button{Style: discord.StyleSecondary, Emoji: "⭐", Label: string(rune('1' + i)), CustomID: customID(a, responseID)})
		}
		rows = append(rows, r)
	}
	return rows
}

// receiptRows returns the buttons of a receipt.
func receiptRows(responseID string, canExplain bool) []discord.Row {
	var r discord.Row
	if canExplain {
		r = append(r, discord.Button{Style: discord.StylePrimary, Label: labelExplain, CustomID: customID(explainVote, responseID)})
	}
	return []discord.Row{append(r, discord.Button{Style: discord.StyleSecondary, Label: labelUndo, CustomID: customID(undoVote, responseID)})}
}
