package playground

import (
	"context"
	"net/http"
)

// reviewer is the id of the member who reviews.
func (p *Playground) reviewer() string {
	for _, m := range p.members {
		if m.Role == roleReviewer {
			return m.ID
		}
	}
	return ""
}

// Invites takes how the bot that runs invites a reviewer.
func (p *Playground) Invites(invite func(ctx context.Context, userID, responseID string) (link string, err error)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.invite = invite
}

// review leads to the review pages, as if the reviewer had typed /review.
func (p *Playground) review(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	invite := p.invite
	p.mu.Unlock()
	if invite == nil {
		http.Error(w, "the bot has not started yet; try again in a moment", http.StatusServiceUnavailable)
		return
	}
	link, err := invite(r.Context(), p.reviewer(), "")
	if err != nil {
		http.Error(w, "the review pages cannot be opened: "+err.Error(), http.StatusServiceUnavailable)
		return
	}
	http.Redirect(w, r, link, http.StatusSeeOther)
}
