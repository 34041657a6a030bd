package bot

// What members read.
const (
	textFlaggedAnswer  = "I've taken my answer back: it went against the rules here."
	textFlaggedRequest = "I can't answer that: it goes against the rules here."
)

// Moderators read this; it repeats no text of a member.
const (
	textFlagged  = "🚩 A flagged %s (%s): %s"
	textInDirect = "a direct message"
)
