package observatory

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"feedbackbot/feedback"
)

// decide does what a button of an answer's form says.
func (o *Observatory) decide(w http.ResponseWriter, r *http.Request, p *person) {
	id := r.PathValue("id")
	if err := r.ParseForm(); err != nil {
		o.say(w, http.StatusRequestEntityTooLarge, "That is too much", "A review may have two texts of "+strconv.Itoa(maxText)+" characters. Please go back and shorten them.")
		return
	}
	a, _, err := o.seenAnswer(r.Context(), p, id)
	if err != nil {
		o.fail(w, "review an answer", err)
		return
	}
	queue := feedback.Queue(r.PostFormValue("queue"))
	here := url.Values{}
	if nameOf(queue) != "" {
		here.Set("queue", string(queue))
	}
	switch action := r.PostFormValue("action"); action {
	case "skip":
		if _, err = o.store.SkipReview(r.Context(), id, p.rater, o.now()); err == nil {
			o.goOn(w, r, p, queue, url.Values{"done": {id}, "skipped": {"1"}})
			return
		}
	case "undo":
		_, err = o.store.UndoReview(r.Context(), id, p.rater, o.now())
	case "copy":
		if r.PostFormValue("expected") == "" {
			r.PostForm.Set("expected", straight(a.Answer))
		}
		fallthrough
	case "draft":
		if err = o.put(r, p, o.store.SaveDraft); errors.Is(err, feedback.ErrConflict) {
			o.conflict(w, r, p, action)
			return
		}
	default: // save or next: also what Enter in a field means
		err = o.put(r, p, o.store.Decide)
		switch {
		case errors.Is(err, feedback.ErrConflict):
			o.conflict(w, r, p, action)
			return
		case errors.Is(err, feedback.ErrNoRating):
			o.again(w, r, p, "Please choose thumbs or stars first. Your texts are still here.")
			return
		case err == nil && action == "next":
			o.goOn(w, r, p, queue, url.Values{"done": {id}})
			return
		}
	}
	if err != nil {
		o.fail(w, "review an answer", err)
		return
	}
	http.Redirect(w, r, "/review/r/"+url.PathEscape(id)+"?"+here.Encode(), http.StatusSeeOther)
}

// put stores what was sent. The same sent twice is no conflict.
func (o *Observatory) put(r *http.Request, p *person, save saving) error {
	revision, err := strconv.ParseInt(r.PostFormValue("revision"), 10, 64)
	if err != nil {
		revision = -1
	}
	sent := o.opinion(r)
	got, err := save(r.Context(), r.PathValue("id"), p.rater, revision, sent, o.now())
	if errors.Is(err, feedback.ErrConflict) && got.State == feedback.ReviewDone && same(got.Opinion, sent) {
		return nil
	}
	return err
}

func same(a, b feedback.Opinion) bool {
	return a.Rating == b.Rating && a.Kind == b.Kind && a.Explanation == b.Explanation && a.Expected == b.Expected && slices.Equal(a.Reasons, b.Reasons)
}

// again shows the form with what was sent, and why it was not taken.
func (o *Observatory) again(w http.ResponseWriter, r *http.Request, p *person, notice string) {
	v, err := o.viewOf(r, p)
	if err != nil {
		o.fail(w, "show an answer", err)
		return
	}
	v.Notice = notice
	v.Review.Opinion = o.opinion(r)
	v.Diff = difference(v.Response.Answer, v.Review.Expected)
	for n, one := range v.Reasons {
		v.Reasons[n].Chosen = slices.Contains(v.Review.Reasons, one.Name)
	}
	o.show(w, http.StatusUnprocessableEntity, "answer.html", v)
}

// conflict shows what was sent beside what another tab has stored meanwhile. What
// is sent from there replaces it.
func (o *Observatory) conflict(w http.ResponseWriter, r *http.Request, p *person, action string) {
	v, err := o.viewOf(r, p)
	if err != nil {
		o.fail(w, "show an answer", err)
		return
	}
	o.show(w, http.StatusConflict, "conflict.html", struct {
		answerView
		Mine       feedback.Opinion
		MineRating string
		Action     string
	}{v, o.opinion(r), r.PostFormValue("rating"), action})
}

// saved is what the script of the page is told about a draft.
type saved struct {
	Revision int64  `json:"revision"`
	Diff     string `json:"diff"`
	Problem  string `json:"problem,omitempty"`
}

// draft keeps what was typed so far.
func (o *Observatory) draft(w http.ResponseWriter, r *http.Request, p *person) {
	status, answer := http.StatusOK, saved{}
	revision, err := strconv.ParseInt(r.PostFormValue("revision"), 10, 64)
	if err == nil {
		_, _, err = o.seenAnswer(r.Context(), p, r.PathValue("id"))
	}
	if err == nil {
		var got feedback.Review
		if got, err = o.store.SaveDraft(r.Context(), r.PathValue("id"), p.rater, revision, o.opinion(r), o.now()); err == nil {
			answer.Revision = got.Revision
			var a feedback.Response
			a, err = o.store.Response(r.Context(), got.ResponseID)
			answer.Diff = string(difference(a.Answer, got.Expected))
		}
	}
	switch {
	case errors.Is(err, feedback.ErrConflict):
		status, answer.Problem = http.StatusConflict, "Another tab has a newer draft. Save, and you see both."
	case errors.Is(err, feedback.ErrUnknownResponse), errors.Is(err, feedback.ErrOwnQuestion):
		status, answer.Problem = http.StatusNotFound, "This answer is gone. Copy your text if you need it."
	case err != nil:
		o.log.Error("a draft was not kept", "error", err)
		status, answer.Problem = http.StatusServiceUnavailable, "Not saved. It is tried again."
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(answer) // whoever has gone does not need it
}
