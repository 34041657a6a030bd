package feedback

// Turn is something that the model was shown before a question: a message, or
// answers of the bot's. It is kept so that another answer and a follow-up are
// given the same to go by, and reviewers see what the answer was made of.
type Turn struct {
	Role    string   `json:"role,omitempty"` // user or assistant; "" for answers with their questions
	Name    string   `json:"name,omitempty"` // who said it; "" where only one person talks
	Text    string   `json:"text,omitempty"`
	Quoted  bool     `json:"quoted,omitempty"`  // the question replies to it
	Channel string   `json:"channel,omitempty"` // where the message stands
	Files   []File   `json:"files,omitempty"`   // of the message
	Answers []string `json:"answers,omitempty"` // ids of the responses that are meant, which hold the texts

	Message string `json:"-"` // Discord's id of the message; "" for none
	Owner   Rater  `json:"-"` // whose words these are: they go when the person is forgotten
	Gone    bool   `json:"-"` // set by the store: it was deleted, or its owner forgotten
}

// File is a file of a message, as Discord describes it. Its content is not kept.
type File struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
	Type string `json:"type,omitempty"` // such as image/png, as Discord says
	Size int64  `json:"size,omitempty"`
}

// Shown is what the model was shown with a question. Where nothing is kept of what
// came before, that is the response that the question follows, with all before it.
type Shown struct {
	Asked  Turn   // the question's message, without its text
	Before []Turn // oldest first
}
