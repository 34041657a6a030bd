package confidenttest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The two types of annotation.
const (
	Thumbs = "THUMBS_RATING"
	Stars  = "FIVE_STAR_RATING"
)

// Annotation is a vote as it stands after all changes.
type Annotation struct {
	ID     string
	Rating int
	Type   string
	// One of TraceUUID, SpanUUID and ThreadID is set.
	TraceUUID       string
	SpanUUID        string
	ThreadID        string
	ExpectedOutput  string
	ExpectedOutcome string
	Explanation     string
	// UserID is whom the client named; the service takes it, and shows it to
	// nobody who reads annotations.
	UserID    string
	CreatedAt time.Time
	UpdatedAt time.Time
	// History counts how often it was written: 1, and one more by each PUT.
	History int
}

// changeable are the keys a PUT may have.
func changeable() map[string]field {
	return map[string]field{
		"rating": may(whole(0, 5)), "type": may(oneOf(Thumbs, Stars)),
		"expectedOutput": may(text), "expectedOutcome": may(text), "explanation": may(text),
	}
}

func annotationBody() kind {
	fields := changeable()
	fields["rating"] = must(whole(0, 5))
	fields["traceUuid"], fields["spanUuid"], fields["threadId"] = may(otelID(32)), may(otelID(16)), may(some())
	fields["userId"] = may(some())
	return object(fields)
}

// wrong checks what no single value shows.
func (a Annotation) wrong() string {
	targets := 0
	for _, id := range []string{a.TraceUUID, a.SpanUUID, a.ThreadID} {
		if id != "" {
			targets++
		}
	}
	switch {
	case targets != 1:
		return fmt.Sprintf("%d of traceUuid, spanUuid and threadId, want exactly one", targets)
	case a.Type == Thumbs && a.Rating > 1:
		return fmt.Sprintf("rating: %d, want 0 or 1 for %s", a.Rating, Thumbs)
	case a.Type == Stars && a.Rating < 1:
		return fmt.Sprintf("rating: %d, want 1 to 5 for %s", a.Rating, Stars)
	case a.ThreadID != "" && a.ExpectedOutput != "":
		return "expectedOutput: not on a thread, use expectedOutcome"
	case a.ThreadID == "" && a.ExpectedOutcome != "":
		return "expectedOutcome: only on a thread, use expectedOutput"
	}
	return ""
}

// write takes a body's keys over and checks the whole.
func (a Annotation) write(body []byte) (Annotation, string) {
	in := struct {
		*Annotation
		Rating float64 // 4.0 is a whole number, too
	}{&a, float64(a.Rating)}
	if err := json.Unmarshal(body, &in); err != nil {
		return a, err.Error()
	}
	a.Rating = int(in.Rating)
	a.UpdatedAt = time.Now().UTC()
	a.History++
	return a, a.wrong()
}

func (s *Server) postAnnotation(r *http.Request, body []byte) answer {
	if found := wrongs(body, annotationBody()); found != nil {
		return refusal(http.StatusBadRequest, strings.Join(found, "; "))
	}
	a, wrong := Annotation{Type: Thumbs}.write(body)
	if wrong != "" {
		return refusal(http.StatusBadRequest, wrong)
	}
	if !slices.ContainsFunc(s.traces, func(t Trace) bool {
		return t.UUID == a.TraceUUID || slices.Contains(t.Spans, a.SpanUUID) || a.ThreadID != "" && t.ThreadID == a.ThreadID
	}) {
		s.problem(r, fmt.Sprintf("annotation before its target %q", a.TraceUUID+a.SpanUUID+a.ThreadID))
	}
	a.ID, a.CreatedAt = fmt.Sprintf("annotation-%d", len(s.annotations)+1), a.UpdatedAt
	s.annotations = append(s.annotations, a)
	return stored(a.ID)
}

func (s *Server) putAnnotation(id string, body []byte) answer {
	i := s.find(id)
	if i < 0 {
		return notFound()
	}
	if found := wrongs(body, object(changeable())); found != nil {
		return refusal(http.StatusBadRequest, strings.Join(found, "; "))
	}
	a, wrong := s.annotations[i].write(body)
	if wrong != "" {
		return refusal(http.StatusBadRequest, wrong)
	}
	s.annotations[i] = a
	return stored(id)
}

func (s *Server) getAnnotation(id string) answer {
	i := s.find(id)
	if i < 0 {
		return notFound()
	}
	return answer{status: http.StatusOK, value: map[string]any{
		"success": true, "data": map[string]any{"annotation": s.wire(s.annotations[i])},
	}}
}

func (s *Server) find(id string) int {
	return slices.IndexFunc(s.annotations, func(a Annotation) bool { return a.ID == id })
}

func stored(id string) answer {
	return answer{status: http.StatusOK, value: map[string]any{"success": true, "data": map[string]any{"id": id}, "deprecated": false}}
}

func notFound() answer {
	return answer{status: http.StatusNotFound, value: map[string]any{"message": "Annotation not found"}}
}

// listAnnotations answers with one page, the newest first.
func (s *Server) listAnnotations(query url.Values) answer {
	q := filter{query: query, known: map[string]bool{}}
	type_, trace, span, thread := q.text("type"), q.text("traceUuid"), q.text("spanUuid"), q.text("threadId")
	low, high := q.number("minRating", 0), q.number("maxRating", 5)
	page, size := q.number("page", 1), q.number("pageSize", 25)
	start, end := q.time("start", time.Now().AddDate(0, 0, -30)), q.time("end", time.Now())
	ascending := q.text("ascending") == "true"
	if by := q.text("sortBy"); by != "" && by != "createdAt" {
		q.wrong = append(q.wrong, fmt.Sprintf("sortBy: %q, want createdAt", by))
	}
	if page < 1 || size < 1 {
		q.wrong = append(q.wrong, "page and pageSize start at 1")
	}
	for name := range query {
		if !q.known[name] {
			q.wrong = append(q.wrong, name+": unknown parameter")
		}
	}
	if q.wrong != nil {
		return refusal(http.StatusBadRequest, strings.Join(q.wrong, "; "))
	}
	fits := func(want, got string) bool { return want == "" || want == got }
	found := []map[string]any{}
	for _, a := range s.annotations {
		if fits(type_, a.Type) && fits(trace, a.TraceUUID) && fits(span, a.SpanUUID) && fits(thread, a.ThreadID) &&
			a.Rating >= low && a.Rating <= high && !a.CreatedAt.Before(start) && !a.CreatedAt.After(end) {
			found = append(found, s.wire(a))
		}
	}
	if !ascending {
		slices.Reverse(found)
	}
	from := min((page-1)*size, len(found))
	return answer{status: http.StatusOK, value: map[string]any{"success": true, "data": map[string]any{
		"annotations": found[from:min(from+size, len(found))], "total": len(found), "page": page, "pageSize": size,
	}}}
}

// account is who has made every annotation here: the one whose key it is.
const account = "account-of-the-key"

// wire is an annotation as the server shows it; what was not given is left out.
// Its user is who made it. There is no word of the userId that it was made with.
func (s *Server) wire(a Annotation) map[string]any {
	out := map[string]any{"id": a.ID, "rating": a.Rating, "type": a.Type, "createdAt": a.CreatedAt.Format("2006-01-02T15:04:05.000Z")}
	for name, value := range map[string]string{
		"traceUuid": a.TraceUUID, "spanUuid": a.SpanUUID, "threadId": a.ThreadID,
		"expectedOutput": a.ExpectedOutput, "expectedOutcome": a.ExpectedOutcome, "explanation": a.Explanation,
	} {
		if value != "" {
			out[name] = value
		}
	}
	if !s.opts.HideUsers {
		out["user"] = map[string]any{"id": account, "email": "owner@example.com", "name": nil, "image": nil}
	}
	return out
}

// filter reads query parameters and collects what is wrong with them.
type filter struct {
	query url.Values
	known map[string]bool
	wrong []string
}

func (f *filter) text(name string) string {
	f.known[name] = true
	return f.query.Get(name)
}

func (f *filter) number(name string, otherwise int) int {
	n, err := strconv.Atoi(cmp.Or(f.text(name), strconv.Itoa(otherwise)))
	if err != nil {
		f.wrong = append(f.wrong, name+": not a whole number")
	}
	return n
}

func (f *filter) time(name string, otherwise time.Time) time.Time {
	given := f.text(name)
	if given == "" {
		return otherwise
	}
	t, err := time.Parse(time.RFC3339, given)
	if err != nil {
		f.wrong = append(f.wrong, name+": not a time")
	}
	return t
}
