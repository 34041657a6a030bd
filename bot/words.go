package bot

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"feedbackbot/feedback"
	"feedbackbot/llm"
)

// Every sentence that a member may read stands in this file, or in words_NAME.go
// for what a fork may do without: one plain sentence each; the log has the details.

// Why there is no answer.
const (
	textEmptyQuestion = "Hi! Mention me together with a question, and I'll answer it."
	textNoCommand     = "I don't know this command any more. Please use /ask."
	textTooLong       = "That is more text than the model can take. Please ask with less."
	textStopping      = "I'm restarting right now. Please ask again in a minute."
	textWentWrong     = "Sorry, something went wrong on my side. Please try again in a moment."
	textNotAllowed    = "Sorry, you can't ask me questions here."
	textNoDirect      = "I don't answer direct messages. Please ask me on a server."
	textCannotWrite   = "I'm not allowed to write in <#%s>, so I couldn't answer you there. Please ask me in another channel, or tell the people who run the server."
	textWaiting       = "⏳ Many people are asking right now. Your answer comes as soon as it is your turn."
	textTooMany       = "You've asked a lot in a short time. Please go on in %s."
	textServerMany    = "This server has asked a lot in a short time. Please go on in %s."
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
	case llm.BadKey, llm.NoPermission, llm.NoCredit, llm.UnknownModel, llm.BadRequest, llm.LimitTooLarge:
		return "The model is not set up correctly, so I can't answer. Please tell the people who run this bot."
	case llm.TooLong:
		return textTooLong
	case llm.NoImages:
		return "This model can't look at pictures. Please ask without them."
	case llm.BadImage:
		return "The model couldn't read a picture. Please try another one, or ask without it."
	case llm.DailyQuota:
		return "The model has answered as much as it may for today. Please ask again tomorrow."
	case llm.NoRoom:
		return "The model thought about that for so long that there was no room left for an answer. Please ask for something smaller."
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

// What Discord's list of commands says about a command or one of its options.
const (
	describeAsk    = "Ask me a question."
	describePrompt = "What would you like to know?"
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
