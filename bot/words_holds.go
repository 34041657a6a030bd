package bot

// What the model reads of a message that is more than text. It stands in questions, so
// that people read it too: in the names of threads, and where answers are reviewed.
const (
	heldSticker    = "[sticker: %s]"
	heldForward    = "Forwarded message:\n"
	heldEmbed      = "Embed:\n"
	heldPicture    = "[embedded picture]"
	heldPoll       = "Poll: "
	heldClosed     = " (closed)"
	heldOpen       = " (open until 2 January 2006 15:04 UTC)" // as time.Format has it
	heldSeveral    = " (several answers may be chosen)"
	heldPollResult = "Poll closed: %s\nWinner: %s (%s of %s votes)"
	heldNoWinner   = "Poll closed: %s\nNo winner (%s votes)"
	heldVoice      = " (voice message, %s)"

	// askedNothing is what somebody asks who only mentions the bot, in reply to
	// something or in a thread.
	askedNothing = "Please respond to this."
)
