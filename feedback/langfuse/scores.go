package langfuse

import (
	"fmt"
	"slices"
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

// score is one score that was written for a vote.
type score struct {
	dimension string // thumbs, stars or output
	day       string // UTC, on which it was written
	rev       int64  // of the submission with which it was first written
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
	return uuid.NewSHA1(namespace, fmt.Appendf(nil, "%s|%s|%s|%s|%s|%d", s.ResponseID, s.Rater, s.Source, one.dimension, one.day, one.rev)).String()
}

func contains(list []score, one score) bool { return slices.Contains(list, one) }

// remoteID names the scores that are at Langfuse, for parse, with their ids for
// Items.
func remoteID(s feedback.Submission, list []score) string {
	if len(list) == 0 {
		return none
	}
	var parts []string
	for _, one := range list {
		parts = append(parts, fmt.Sprintf("%s@%s#%d=%s", one.dimension, one.day, one.rev, one.id(s)))
	}
	return strings.Join(parts, " ")
}

func parse(remoteID string) (list []score) {
	for part := range strings.FieldsSeq(remoteID) {
		dimension, rest, ok := strings.Cut(part, "@")
		rest, _, _ = strings.Cut(rest, "=")
		day, number, ok2 := strings.Cut(rest, "#")
		rev, err := strconv.ParseInt(number, 10, 64)
		if ok && ok2 && err == nil {
			list = append(list, score{dimension, day, rev})
		}
	}
	return list
}

// How far back an attempt is looked for whose answer was lost. What is older has
// surely been answered by a later one.
const (
	maxDays = 3
	maxRevs = 4
)

// candidates are the scores that lost attempts may have written.
func candidates(s feedback.Submission, now time.Time) (list []score) {
	first := s.CreatedAt.UTC().Truncate(24 * time.Hour)
	for day, n := now.UTC().Truncate(24*time.Hour), 0; n < maxDays && !day.Before(first); day, n = day.AddDate(0, 0, -1), n+1 {
		for rev := s.Rev; rev > 0 && rev > s.Rev-maxRevs; rev-- {
			for _, dimension := range []string{thumbs, stars, output} {
				list = append(list, score{dimension, day.Format(time.DateOnly), rev})
			}
		}
	}
	return list
}
