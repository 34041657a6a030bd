package bot

import (
	"errors"

	"feedbackbot/feedback"
	"feedbackbot/llm"
)

// What people are told. One plain sentence each; the log has the details.
const (
	textEmptyQuestion = "Hi! Mention me together with a question, and I'll answer it."
	textNoCommand     = "I don't know this command any more. Please use /ask."
	textTooLong       = "That is more text than the model can take. Please ask with less."
	textStopping      = "I'm restarting right now. Please ask again in a minute."

	markCut      = "-# ✂️ The answer broke off here. Please ask again if you need the rest."
	markSilent   = "-# ✂️ The model stopped talking here. Please ask again if you need the rest."
	markStopping = "-# ✂️ I had to restart here. Please ask again if you need the rest."
	textStopped  = "Stopped, before I had said anything."
	markStopped  = "-# ⏹️ Stopped here."
	markLength   = "-# ✂️ The answer reached its length limit here."
	markLong     = "-# ✂️ The answer is too long for Discord and ends here."
	markFiltered = "-# ✂️ The model's provider withheld the rest."
)

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

// explainModel says to a person why the model gave no answer.
func explainModel(err error) string {
	var e *llm.Error
	if err == nil {
		e = &llm.Error{Kind: llm.Empty}
	} else if !errors.As(err, &e) {
		return "Sorry, something went wrong on my side. Please try again in a moment."
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
	return "Sorry, something went wrong on my side. Please try again in a moment."
}

// worthTrying reports whether the same question may well get an answer later.
func worthTrying(err error) bool {
	var e *llm.Error
	return !errors.As(err, &e) || e.Kind != llm.TooLong && e.Kind != llm.Moderated && e.Kind != llm.NoImages
}

// finishOf says how an answer of which text arrived has ended, and the mark that
// is put below it.
func finishOf(s streamed, stopped error) (feedback.Finish, string) {
	if s.err == nil {
		switch s.answer.Finish {
		case llm.Length:
			return feedback.Length, markLength
		case llm.Filtered:
			return feedback.Filtered, markFiltered
		case llm.Refusal:
			return feedback.Refused, ""
		}
		return feedback.Complete, ""
	}
	var e *llm.Error
	switch {
	case errors.Is(stopped, errFull):
		return feedback.Length, markLong
	case errors.Is(stopped, errStopped):
		return feedback.Cut, markStopped
	case errors.Is(stopped, errStopping):
		return feedback.Cut, markStopping
	case errors.As(s.err, &e) && (e.Kind == llm.Silent || e.Kind == llm.TimedOut):
		return feedback.Cut, markSilent
	}
	return feedback.Cut, markCut
}
