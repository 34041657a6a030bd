package bot

// "Ask about this".
const (
	commandAbout     = "Ask about this"
	labelAbout       = "Your question"
	defaultAbout     = "Please explain this message."
	textNothingThere = "There is nothing in this message that I could answer about."
	textFormTooOld   = "This form is too old. Please choose \"" + commandAbout + "\" again."
)
