package bot

import (
	"fmt"
	"time"

	"feedbackbot/feedback"
)

// /privacy and /forget-me
const (
	describePrivacy = "See what I keep about you, and why."
	describeForget  = "Delete what I keep about you."
	labelForgetMe   = "Delete my data"

	textPrivacy = `**What I keep, and why**
- %s
- Your votes, and what you write in the form: so that the people who run me can improve my answers.
- You appear under a pseudonym, never with your Discord id; your name stands only where the model was told who said what. I don't keep other messages.
**Who gets it**
- %s writes my answers, so it gets the conversation.
- %s
**How long**
- %s
/forget-me deletes your questions, votes and pseudonym for good.`
	textTexts      = "The questions you put to me, what they were about (the message they reply to, the thread before them), my answers, and where all that stands: so that conversations go on and answers can be reviewed."
	textNoTexts    = "That you asked, when and where my answer and what it is about stand, but not what you ask or what I answer: so that votes find their answer."
	textNobodyElse = "Nobody else: it stays in my own database."
	textBackends   = "Answers and votes go to %s, where they are reviewed."
	textForgetAsk  = "This deletes your questions, my answers to them, your votes and your explanations from my database, for good, and what you wrote that others asked me about. Your messages on Discord stay; delete them yourself if you like."
	textForgotten  = "**Done.** I deleted %s with the answers, and %s."
	textErased     = "\nThey were passed on before, and are being deleted there as well: %s."
	textElsewhere  = "\nThese were passed on before, and I can't delete them there: %s. The people who run me can."
	textForgetFail = "Sorry, that did not work. **Your data may still be there.** Please try again in a moment."
	textAtBackend  = "%d at %s" // how much
)

func retentionText(r feedback.Retention) string {
	days := func(d time.Duration) string { return fmt.Sprintf("%d days", int(d.Hours()/24)) }
	switch {
	case r.Votes > 0 && r.Texts > 0 && r.Texts < r.Votes:
		return "Texts go after " + days(r.Texts) + ", everything else after " + days(r.Votes) + "."
	case r.Votes > 0:
		return "Everything goes after " + days(r.Votes) + "."
	case r.Texts > 0:
		return "Texts go after " + days(r.Texts) + "; votes stay until you delete them."
	}
	return "Until you delete it."
}
