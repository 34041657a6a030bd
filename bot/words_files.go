package bot

import (
	"errors"

	"feedbackbot/bot/files"
)

// About files.
const (
	textVoice     = "I can't listen to voice messages. Please write to me instead."
	describeFile  = "A picture, or a file of text, that the question is about."
	textManyFiles = "I only look at %d files at a time."
)

// explainFile says why a file was left out.
func explainFile(name string, err error) string {
	var foreign *files.ForeignError
	switch {
	case errors.As(err, &foreign):
		return "I can't open " + name + ": I don't know pictures of the kind " + foreign.Kind + ". Please attach it as JPEG or PNG."
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
