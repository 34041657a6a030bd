package bot

// /review and "Review this answer"
const (
	describeReview    = "Open the pages where answers are reviewed."
	commandReviewThis = "Review this answer"
	textNoAnswer      = "That is none of my answers, so there is nothing to review."
	labelReview       = "Open the review pages"
	textReview        = "This link is for you alone. It opens once, within five minutes."
	textNotReviewer   = "Reviewing is for a few people here, whom the people who run me have chosen. Your votes count just as well: thank you for them!"
)
