package observatory

import (
	"context"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"feedbackbot/feedback"
)

// desk is what an answer's page needs of the store.
type desk interface {
	Response(ctx context.Context, id string) (feedback.Response, error)
	Chain(ctx context.Context, id string, n int) ([]feedback.Response, error)
	Answers(ctx context.Context, ids []string) ([]feedback.Response, error)
	ShownWith(ctx context.Context, responseIDs ...string) (map[string]feedback.Shown, error)
	SubmissionsOn(ctx context.Context, responseID string) ([]feedback.Submission, error)
	Review(ctx context.Context, responseID string, reviewer feedback.Rater) (feedback.Review, error)
	ClaimReview(ctx context.Context, responseID string, reviewer feedback.Rater, queue feedback.Queue, now time.Time) (feedback.Review, error)
	SaveDraft(ctx context.Context, responseID string, reviewer feedback.Rater, revision int64, o feedback.Opinion, now time.Time) (feedback.Review, error)
	Decide(ctx context.Context, responseID string, reviewer feedback.Rater, revision int64, o feedback.Opinion, now time.Time) (feedback.Review, error)
	SkipReview(ctx context.Context, responseID string, reviewer feedback.Rater, now time.Time) (feedback.Review, error)
	UndoReview(ctx context.Context, responseID string, reviewer feedback.Rater, now time.Time) (feedback.Review, error)
}

// seenAnswer returns an answer that somebody may review, and where it stands. What
// they may not look at is unknown to them, like what there is not.
func (o *Observatory) seenAnswer(ctx context.Context, p *person, id string) (r feedback.Response, place string, err error) {
	r, err = o.store.Response(ctx, id)
	if err != nil {
		return feedback.Response{}, "", err
	}
	place, may := o.place(ctx, p.sight, r.GuildID, r.ChannelID)
	switch {
	case !may:
		return feedback.Response{}, "", feedback.ErrUnknownResponse
	case r.Asker == p.rater:
		return feedback.Response{}, "", feedback.ErrOwnQuestion
	}
	return r, place, nil
}

// answerView is the page of an answer.
type answerView struct {
	frame
	feedback.Response
	Place    string
	Turns    []said        // before it
	Rendered template.HTML // "" for plain text
	Shown    string        // of the answer, as plain text
	Hidden   int           // characters that are too many
	Review   feedback.Review
	Reasons  []reasonView
	Diff     template.HTML
	Queue    queueView
	Unsaved  bool                  // the verdict that stands says something else
	Open     bool                  // others' opinions may be seen
	Votes    []feedback.Submission // members'
	Verdicts []feedback.Submission // colleagues'
	Done     string                // the answer decided before; "" for none
	Skipped  bool
	Notice   string
	MaxText  int
	Now      time.Time
}

// reasonView is a reason that a verdict may name.
type reasonView struct {
	Name   string
	Chosen bool
}

// Answered reports whether the answer can be taken over as the expected one.
func (v answerView) Answered() bool { return v.Hidden == 0 && v.Response.Answer != "" }

// answer shows an answer.
func (o *Observatory) answer(w http.ResponseWriter, r *http.Request, p *person) {
	v, err := o.viewOf(r, p)
	if err != nil {
		o.fail(w, "show an answer", err)
		return
	}
	o.log.Info("a reviewer reads an answer", "reviewer", p.rater, "response_id", v.ID, "queue", string(v.Queue.Queue))
	o.show(w, http.StatusOK, "answer.html", v)
}

func (o *Observatory) viewOf(r *http.Request, p *person) (v answerView, err error) {
	ctx := r.Context()
	v = answerView{frame: frame{"Review an answer", true}, Now: o.now(), MaxText: maxText,
		Done: r.FormValue("done"), Skipped: r.Form.Has("skipped")}
	if v.Response, v.Place, err = o.seenAnswer(ctx, p, r.PathValue("id")); err != nil {
		return v, err
	}
	if v.Review, err = o.store.Review(ctx, v.ID, p.rater); err != nil {
		return v, err
	}
	if v.Turns, err = o.before(ctx, p, v.Response); err != nil {
		return v, err
	}
	v.Shown, v.Hidden = clip(v.Response.Answer)
	if r.FormValue("as") == "formatted" {
		v.Rendered = formatted(v.Shown)
	}
	v.Diff = difference(v.Response.Answer, v.Review.Expected)
	for _, name := range o.reasons(v.Review.Reasons) {
		v.Reasons = append(v.Reasons, reasonView{name, slices.Contains(v.Review.Reasons, name)})
	}
	if q := feedback.Queue(r.FormValue("queue")); nameOf(q) != "" {
		list, err := o.waiting(ctx, p)
		if err != nil {
			return v, err
		}
		v.Queue = list[slices.IndexFunc(list, func(one queueView) bool { return one.Queue == q })]
	}
	if v.Open = !v.Review.FirstAt.IsZero(); v.Open {
		err = o.open(ctx, p, &v)
	}
	return v, err
}

// open adds what others think, which may be seen after one's own verdict.
func (o *Observatory) open(ctx context.Context, p *person, v *answerView) error {
	all, err := o.store.SubmissionsOn(ctx, v.ID)
	for _, s := range all {
		switch {
		case s.Source == feedback.User:
			v.Votes = append(v.Votes, s)
		case s.Rater != p.rater:
			v.Verdicts = append(v.Verdicts, s)
		default:
			said := v.Review.Opinion
			v.Unsaved = s.Rating != said.Rating || s.Kind != said.Kind || s.Expected != said.Expected || !strings.HasSuffix(s.Explanation, said.Explanation)
		}
	}
	return err
}

// reasons are those that are offered, and those of a verdict that are not offered
// any more.
func (o *Observatory) reasons(chosen []string) []string {
	list := slices.Clone(o.options.Reasons)
	for _, name := range chosen {
		if !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	return list
}

// opinion is what was sent with a form.
func (o *Observatory) opinion(r *http.Request) feedback.Opinion {
	v := feedback.Opinion{Explanation: typed(r.PostFormValue("explanation")), Expected: typed(r.PostFormValue("expected"))}
	if kind, rating, found := cutRating(r.PostFormValue("rating")); found {
		v.Kind, v.Rating = kind, rating
	}
	for _, name := range r.PostForm["reason"] {
		if slices.Contains(o.options.Reasons, name) && !slices.Contains(v.Reasons, name) {
			v.Reasons = append(v.Reasons, name)
		}
	}
	return v
}

// cutRating reads a choice: thumbs-5, thumbs-1, stars-1 to stars-5.
func cutRating(text string) (kind feedback.Kind, rating int, found bool) {
	for _, kind := range []feedback.Kind{feedback.Thumbs, feedback.Stars} {
		for n := 1; n <= 5; n++ {
			if text == ratingName(kind, n) && (kind == feedback.Stars || n == 1 || n == 5) {
				return kind, n, true
			}
		}
	}
	return "", 0, false
}

func ratingName(kind feedback.Kind, rating int) string {
	return string(kind) + "-" + strconv.Itoa(rating)
}

// Stars are the choices of stars as the form names them.
func (v answerView) Stars() (names []string) {
	for n := 1; n <= 5; n++ {
		names = append(names, ratingName(feedback.Stars, n))
	}
	return names
}

// Rating is the choice of a review as the form names it.
func (v answerView) Rating() string { return ratingName(v.Review.Kind, v.Review.Opinion.Rating) }
