package langfuse

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"feedbackbot/feedback"
)

// What one vote may be at Langfuse: a score of its kind, and a correction.
const (
	thumbs = "thumbs"
	stars  = "stars"
	output = "output"
)

// score is one score that was written for a vote. After a score was deleted its
// id is not used again, since Langfuse deletes some time later: the next ones
// are of another generation.
type score struct {
	dimension  string // thumbs, stars or output
	day        string // UTC, on which it was written
	generation int64
}

// wanted are the dimensions that a vote has as it stands now.
func wanted(s feedback.Submission) []string {
	switch {
	case s.Withdrawn:
		return nil
	case s.Expected == "":
		return []string{string(s.Kind)}
	}
	return []string{string(s.Kind), output}
}

// namespace of the score ids.
var namespace = uuid.MustParse("b17c1b73-6685-511d-bcdb-619ce755951a")

// id follows from what the score is about, so a repetition is the same score.
func (one score) id(s feedback.Submission) string {
	return uuid.NewSHA1(namespace, fmt.Appendf(nil, "%s|%s|%s|%s|%s|%d", s.ResponseID, s.Rater, s.Source, one.dimension, one.day, one.generation)).String()
}

// held is what is kept of a vote as its remote id: the scores that are at
// Langfuse, and the generation of the next ones.
type held struct {
	scores []score
	next   int64
}

// nextGeneration is how the generation stands in a remote id.
const nextGeneration = "next#"

// remoteID writes h for parse, with the ids of the scores for whoever looks.
func (h held) remoteID(s feedback.Submission) string {
	parts := []string{nextGeneration + strconv.FormatInt(h.next, 10)}
	for _, one := range h.scores {
		parts = append(parts, fmt.Sprintf("%s@%s#%d=%s", one.dimension, one.day, one.generation, one.id(s)))
	}
	return strings.Join(parts, " ")
}

func parse(remoteID string) (h held) {
	for part := range strings.FieldsSeq(remoteID) {
		if number, ok := strings.CutPrefix(part, nextGeneration); ok {
			h.next, _ = strconv.ParseInt(number, 10, 64) // we wrote it
			continue
		}
		dimension, rest, ok := strings.Cut(part, "@")
		rest, _, _ = strings.Cut(rest, "=")
		day, number, ok2 := strings.Cut(rest, "#")
		generation, err := strconv.ParseInt(number, 10, 64)
		if ok && ok2 && err == nil {
			h.scores = append(h.scores, score{dimension, day, generation})
		}
	}
	return h
}

// maxDays is how far back an attempt is looked for whose answer was lost. What
// is older has surely been answered by a later one.
const maxDays = 3

// candidates are the scores that attempts may have written whose answers were
// lost: of any dimension if the vote may have been another one then.
func candidates(s feedback.Submission, h held, changed bool, now time.Time) (list []score) {
	dimensions, generations := wanted(s), []int64{h.next}
	if changed {
		dimensions, generations = []string{thumbs, stars, output}, []int64{h.next, h.next + 1}
	}
	first := s.CreatedAt.UTC().Truncate(24 * time.Hour)
	for day, n := now.UTC().Truncate(24*time.Hour), 0; n < maxDays && !day.Before(first); day, n = day.AddDate(0, 0, -1), n+1 {
		for _, generation := range generations {
			for _, dimension := range dimensions {
				list = append(list, score{dimension, day.Format(time.DateOnly), generation})
			}
		}
	}
	return list
}
