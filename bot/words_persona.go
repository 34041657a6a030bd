package bot

// /persona and /model
const (
	describePersona       = "See or change how I behave in this channel."
	describePersonaPrompt = "What I should be like."
	describeModel         = "See or change which model answers in this channel."
	describeModelName     = "Which model."
	describeServer        = "For the whole server, not only this channel?"
	describeReset         = "Go back to the usual?"

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
