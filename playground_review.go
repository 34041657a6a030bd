package main

import (
	"strings"

	"feedbackbot/bot/playground"
)

// reviewStandIn keeps the review pages on this machine. PUBLIC_URL may be where the
// real bot is.
func reviewStandIn(vars map[string]string, _ *playground.Options) (end func(), err error) {
	if !strings.HasPrefix(vars["PUBLIC_URL"], "http://") {
		delete(vars, "PUBLIC_URL")
	}
	if vars["REVIEW_ADDR"] == "" {
		vars["REVIEW_ADDR"] = "127.0.0.1:0"
	}
	return func() {}, nil
}
