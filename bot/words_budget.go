package bot

import (
	"fmt"

	"feedbackbot/feedback"
)

// Over the budget.
const (
	textOverBudget = "I've answered all that I may for today. Please ask again tomorrow."
	textOverMember = "You've used up your share of answers for today. Please ask again tomorrow."
)

// /usage
func usageText(who string, today, month feedback.Use) string {
	return fmt.Sprintf("**%s** today: %s. In the last %d days: %s.", who, useText(today), usageDays, useText(month))
}

const (
	describeUsage = "See how much you have asked."
	usageOfYou    = "You"
	usageOfServer = "This server"
)

func useText(u feedback.Use) string {
	said := counted(u.Questions, "question") + ", " + counted(u.Tokens, "token")
	if u.Cost > 0 {
		said += fmt.Sprintf(", $%.2f", float64(u.Cost)/1e6)
	}
	return said
}
