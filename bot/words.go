package bot

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"feedbackbot/bot/files"
	"feedbackbot/feedback"
	"feedbackbot/llm"
)

// Every sentence that a member may read stands in this file: one plain sentence
// each; the log has the details.

// Why there is no answer.
const (
	textEmptyQuestion  = "Hi! Mention me together with a question, and I'll answer it."
	textNoCommand      = "I don't know this command any more. Please use /ask."
	textTooLong        = "That is more text than the model can take. Please ask with less."
	textStopping       = "I'm restarting right now. Please ask again in a minute."
	textWentWrong      = "Sorry, something went wrong on my side. Please try again in a moment."
	textNotAllowed     = "Sorry, you can't ask me questions here."
	textNoDirect       = "I don't answer direct messages. Please ask me on a server."
	textCannotWrite    = "I'm not allowed to write in <#%s>, so I couldn't answer you there. Please ask me in another channel, or tell the people who run the server."
	textWaiting        = "⏳ Many people are asking right now. Your answer comes as soon as it is your turn."
	textOverBudget     = "I've answered all that I may for today. Please ask again tomorrow."
	textOverMember     = "You've used up your share of answers for today. Please ask again tomorrow."
	textTooMany        = "You've asked a lot in a short time. Please go on in %s."
	textServerMany     = "This server has asked a lot in a short time. Please go on in %s."
	textFlaggedAnswer  = "I've taken my answer back: it went against the rules here."
	textFlaggedRequest = "I can't answer that: it goes against the rules here."
)

// explainModel says why the model gave no answer.
func explainModel(err error) string {
	var e *llm.Error
	if err == nil {
		e = &llm.Error{Kind: llm.Empty}
	} else if !errors.As(err, &e) {
		return textWentWrong
	}
	switch e.Kind {
	case llm.Busy:
		return "The model is busy. Please try again in a minute."
	case llm.Trouble, llm.Broken, llm.Malformed:
		return "The model has trouble answering right now. Please try again in a minute."
	case llm.Unreachable:
		return "I can't reach the model right now. Please try again in a minute."
	case llm.Silent, llm.TimedOut:
		return "The model took too long to answer. Please try again."
	case llm.BadKey, llm.NoPermission, llm.NoCredit, llm.UnknownModel, llm.BadRequest:
		return "The model is not set up correctly, so I can't answer. Please tell the people who run this bot."
	case llm.TooLong:
		return textTooLong
	case llm.NoImages:
		return "This model can't look at pictures. Please ask without them."
	case llm.Moderated:
		return "The model's provider does not allow an answer to that."
	case llm.Empty:
		return "The model had nothing to say to that. Please try other words."
	case llm.Canceled:
		return textStopping
	}
	return textWentWrong
}

// Marks stand below an answer that is not all there is.
const (
	markCut      = "-# ✂️ The answer broke off here. Please ask again if you need the rest."
	markSilent   = "-# ✂️ The model stopped talking here. Please ask again if you need the rest."
	markStopping = "-# ✂️ I had to restart here. Please ask again if you need the rest."
	markStopped  = "-# ⏹️ Stopped here."
	markLength   = "-# ✂️ The answer reached its length limit here."
	markLong     = "-# ✂️ The answer is too long for Discord and ends here."
	markFiltered = "-# ✂️ The model's provider withheld the rest."
	markFile     = "-# 📎 " // and a sentence about a file
)

// About files.
const textManyFiles = "I only look at %d files at a time."

// explainFile says why a file was left out.
func explainFile(name string, err error) string {
	switch {
	case errors.Is(err, files.ErrTooLarge):
		return "The file " + name + " is too large for me."
	case errors.Is(err, files.ErrManyPixels):
		return "The picture " + name + " has too many pixels for me."
	case errors.Is(err, files.ErrNoPicture):
		return "I can't read " + name + ": I take pictures and files of plain text."
	case errors.Is(err, files.ErrNoSight):
		return "The model can't look at pictures, so I left out " + name + "."
	}
	return "I couldn't get the file " + name + " from Discord."
}

// About votes.
const (
	textUnknown      = "I don't know this answer any more, so I can't take a vote on it."
	textNotAsker     = "Only the person who asked can rate this answer."
	textNotSaved     = "Sorry, that was **not saved**. Please try again in a moment."
	textNothing      = "You have no vote on this answer. Press a button under it to rate it."
	textRemoved      = "**Removed.** Your vote on this answer is gone."
	textBroken       = "This button doesn't work any more. Please ask me again."
	textExplainFirst = "Your vote was taken back, so I did not keep the explanation. Vote again to add one."
)

// receiptText says what is recorded now; why and expected are what the person
// wrote, in short.
func receiptText(outcome feedback.Outcome, s feedback.Submission, why, expected string) string {
	said := "**Saved, thank you!**"
	switch outcome {
	case feedback.Changed:
		said = "**Changed.**"
	case feedback.Unchanged, feedback.Late:
		said = "**Already saved.**"
	}
	said += " Your rating: " + ratingText(s)
	if why != "" {
		said += "\n**Why:** " + why
	}
	if expected != "" {
		said += "\n**Expected:** " + expected
	}
	return said
}

func ratingText(s feedback.Submission) string {
	if s.Kind == feedback.Stars {
		return strings.Repeat("⭐", s.Rating) + " (" + strconv.Itoa(s.Rating) + " of 5)"
	}
	if s.Up() {
		return "👍"
	}
	return "👎"
}

// Labels of buttons and fields.
const (
	labelExplain    = "Explain"
	labelUndo       = "Undo"
	labelStop       = "Stop"
	labelRegenerate = "Regenerate"
	labelTryAgain   = "Try again"
	labelForgetMe   = "Delete my data"
	labelAbout      = "Your question"
	labelExpected   = "What should it have said?"
	hintExplanation = "Optional. Your vote is saved already."
	hintExpected    = "Optional. The answer you would have liked."
)

// formWords returns the form's title, and its question why.
func formWords(rating int) (title, why string) {
	switch {
	case rating <= 2:
		return "What went wrong?", "What was wrong with the answer?"
	case rating >= 4:
		return "What was good about it?", "What did you like?"
	}
	return "Tell me more", "Why this rating?"
}

// About Stop and Regenerate.
const (
	textStopped    = "Stopped, before I had said anything."
	textNotYours   = "Only the person who asked, or a moderator, can do that."
	textNotWriting = "This answer isn't being written any more, so there is nothing to stop."
	textAtIt       = "I'm already writing another answer to this."
	textNoQuestion = "I don't have this question any more. Please ask it again."
)

// describe returns what Discord's list of commands says about a command or one of
// its options.
func describe(name string) string {
	return map[string]string{
		commandAsk:     "Ask me a question.",
		commandUsage:   "See how much you have asked.",
		commandPersona: "See or change how I behave in this channel.",
		commandModel:   "See or change which model answers in this channel.",
		commandPrivacy: "See what I keep about you, and why.",
		commandForget:  "Delete what I keep about you.",

		commandAsk + optionPrompt:     "What would you like to know?",
		commandAsk + optionThread:     "Answer in a thread of its own?",
		commandPersona + optionPrompt: "What I should be like.",
		commandModel + optionName:     "Which model.",
		optionServer:                  "For the whole server, not only this channel?",
		optionReset:                   "Go back to the usual?",
	}[name]
}

// The menu of a message, and threads.
const (
	commandAbout     = "Ask about this"
	defaultAbout     = "Please explain this message."
	textNothingThere = "There is nothing in this message that I could answer about."
	textFormTooOld   = "This form is too old. Please choose \"" + commandAbout + "\" again."
	textAsks         = "**%s** asks: %s"
	threadName       = "A question" // of a thread whose question has no words
)

// /usage
func usageText(who string, today, month feedback.Use) string {
	return fmt.Sprintf("**%s** today: %s. In the last %d days: %s.", who, useText(today), usageDays, useText(month))
}

const (
	usageOfYou    = "You"
	usageOfServer = "This server"
)

func useText(u feedback.Use) string {
	said := counted(u.Questions, "question") + ", " + counted(u.Tokens, "token")
	if u.Cost > 0 {
		said += fmt.Sprintf(", $%.2f", float64(u.Cost)/1e6)
	}
	return said
}

// /persona and /model
const (
	textNotManager = "Only people who manage this %s can do that."
	textPersonaSet = "Done. From now on I follow this persona %s."
	textReset      = "Done. %s I'm as usual again."
	textNoPersona  = "I have no persona %s; I'm as usual."
	textPersonaIs  = "My persona %s:\n>>> %s"
	textModelSet   = "Done. From now on **%s** answers %s."
	textModelIs    = "**%s** answers %s. There is a choice of: %s."
	textNoModel    = "There is no such model. There is a choice of: %s."
)

// scopeWords are a channel's or a server's.
type scopeWords struct{ what, where string }

var (
	channelWords = scopeWords{"channel", "in this channel"}
	serverWords  = scopeWords{"server", "on this server"}
)

// /privacy and /forget-me
const (
	textPrivacy = `**What I keep, and why**
- %s
- Your votes, and what you write in the form: so that the people who run me can improve my answers.
- You appear under a pseudonym, never with your Discord name or id. I don't keep messages that aren't for me.
**Who gets it**
- %s writes my answers, so it gets the conversation.
- %s
**How long**
- %s
/forget-me deletes your questions, votes and pseudonym for good.`
	textTexts      = "The questions you put to me, my answers, and where they stand: so that conversations go on and answers can be reviewed."
	textNoTexts    = "That you asked, when and where my answer stands, but not what you ask or what I answer: so that votes find their answer."
	textNobodyElse = "Nobody else: it stays in my own database."
	textBackends   = "Answers and votes go to %s, where they are reviewed."
	textForgetAsk  = "This deletes your questions, my answers to them, your votes and your explanations from my database, for good. Your messages on Discord stay; delete them yourself if you like."
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

// Moderators read this; it repeats no text of a member.
const (
	textFlagged  = "🚩 A flagged %s (%s): %s"
	textInDirect = "a direct message"
)

// counted is a number of things.
func counted(n int64, what string) string {
	if n != 1 {
		what += "s"
	}
	return grouped(n) + " " + what
}

// grouped writes a number with commas between thousands.
func grouped(n int64) string {
	digits := strconv.FormatInt(n, 10)
	for at := len(digits) - 3; at > 0; at -= 3 {
		digits = digits[:at] + "," + digits[at:]
	}
	return digits
}

// minutes says how long to wait.
func minutes(n int) string {
	if n == 1 {
		return "a minute"
	}
	return fmt.Sprintf("%d minutes", n)
}
