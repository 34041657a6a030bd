package llm

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// Models are the models that an operator offers: the first is the usual one,
// and one may stand in for any that is down.
type Models struct {
	offered  []*Client
	fallback *Client // nil for none

	mu   sync.Mutex
	down map[*Client]time.Time // until when a model is not asked
}

// restAfterFailure is for how long a model that failed is passed over, when
// another can stand in for it.
const restAfterFailure = time.Minute

// NewModels offers models. fallback may be nil.
func NewModels(fallback, first *Client, more ...*Client) *Models {
	return &Models{offered: append([]*Client{first}, more...), fallback: fallback, down: map[*Client]time.Time{}}
}

// Offer adds a model, before any is asked. One of a name that there is already is
// left out.
func (m *Models) Offer(c *Client) {
	if !slices.Contains(m.Names(), c.Model()) {
		m.offered = append(m.offered, c)
	}
}

// Names returns the names of the models, the usual one first.
func (m *Models) Names() (names []string) {
	for _, c := range m.offered {
		names = append(names, c.Model())
	}
	return names
}

// Host returns the host name of the usual model's provider, and Model its name.
func (m *Models) Host() string  { return m.offered[0].Host() }
func (m *Models) Model() string { return m.offered[0].Model() }

// Stream is [Client.Stream] with the model of this name, or with the usual one
// when it is not offered. When that fails before its first word, in a way that
// another model may not, the fallback answers.
func (m *Models) Stream(ctx context.Context, name string, conversation []Message, onText func(string, bool)) (Answer, error) {
	c := m.offered[0]
	for _, other := range m.offered {
		if other.Model() == name {
			c = other
		}
	}
	if m.fallback == nil || c == m.fallback {
		return c.Stream(ctx, conversation, onText)
	}
	if m.resting(c) {
		return m.fallback.Stream(ctx, conversation, onText)
	}
	answer, err := c.Stream(ctx, conversation, onText)
	var e *Error
	if err == nil || answer.Text != "" || !errors.As(err, &e) || !e.Kind.another() {
		return answer, err
	}
	c.options.Log.Warn("a model failed; another stands in", "model", c.Model(), "fallback", m.fallback.Model(), "error", err)
	if e.Kind != NoImages { // which is about this question alone
		m.rest(c)
	}
	return m.fallback.Stream(ctx, conversation, onText)
}

// another reports whether another model may answer where this one failed.
func (k Kind) another() bool {
	switch k {
	case Moderated, Canceled, TooLong, BadRequest, BadImage:
		return false
	}
	return true
}

func (m *Models) resting(c *Client) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return time.Now().Before(m.down[c])
}

func (m *Models) rest(c *Client) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.down[c] = time.Now().Add(restAfterFailure)
}
