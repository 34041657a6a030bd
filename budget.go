package main

import (
	"feedbackbot/bot"
	"feedbackbot/feedback"
)

// BudgetConfig is what answers may take in a day, and what they cost.
type BudgetConfig struct {
	BudgetTokens       int64   `env:"BUDGET_DAILY_TOKENS" envDefault:"0"`
	BudgetUSD          float64 `env:"BUDGET_DAILY_USD" envDefault:"0"`
	BudgetMemberTokens int64   `env:"BUDGET_MEMBER_DAILY_TOKENS" envDefault:"0"`
	PriceInput         float64 `env:"OPENAI_PRICE_INPUT" envDefault:"0"`
	PriceOutput        float64 `env:"OPENAI_PRICE_OUTPUT" envDefault:"0"`
}

func (c BudgetConfig) check(wrong *mistakes) {
	if c.BudgetTokens < 0 || c.BudgetUSD < 0 || c.BudgetMemberTokens < 0 || c.PriceInput < 0 || c.PriceOutput < 0 {
		wrong.add("budgets and prices must not be negative")
	}
	if c.BudgetUSD > 0 && c.PriceInput == 0 && c.PriceOutput == 0 {
		wrong.add("BUDGET_DAILY_USD needs OPENAI_PRICE_INPUT and OPENAI_PRICE_OUTPUT")
	}
}

func (c BudgetConfig) options(maxTokens int) bot.Spending {
	return bot.Spending{
		Budget:     feedback.Budget{Tokens: c.BudgetTokens, Cost: int64(c.BudgetUSD * 1e6), MemberTokens: c.BudgetMemberTokens},
		PriceInput: c.PriceInput, PriceOutput: c.PriceOutput, MaxTokens: maxTokens,
	}
}
