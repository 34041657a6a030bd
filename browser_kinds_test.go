package main

import (
	"testing"

	"github.com/chromedp/chromedp"
)

// choose presses a line of the open menu, or a button of a dialog, by its text.
func (b *browser) choose(text string) {
	b.t.Helper()
	button := `[...document.querySelectorAll("#menu:not([hidden]) button, dialog[open] button")].find(b => b.textContent.includes(` + quoted(text) + `))`
	b.until(button)
	b.do(chromedp.Evaluate(button+`.click()`, nil))
}

func (b *browser) click(selector string) {
	b.t.Helper()
	b.do(chromedp.Evaluate(`document.querySelector(`+quoted(selector)+`).click()`, nil))
}

// TestPlaygroundKindsOfMessages sends everything that is no text: the bot is asked
// about it, and the page shows it.
func TestPlaygroundKindsOfMessages(t *testing.T) {
	b := openPlayground(t)
	b.look("dark", 1440, 1500)
	b.timeline("The bot has connected")
	b.click("#attach")
	b.choose("Alert of another bot")
	b.see("checkout-api is down")
	b.click(`#messages [aria-label="Reply to Status"]`)
	b.write("@feedbackbot what does this alert mean?")
	b.see("what does this alert mean?")
	b.see("You asked: \"what does this alert mean?\"")
	b.click("#attach")
	b.shoot("plus")
	b.choose("Create a poll")
	b.do(chromedp.SendKeys("#pollQuestion", "Which day?"), chromedp.SendKeys("#pollAnswers", "Saturday\nSunday"))
	b.shoot("poll-form")
	b.choose("Post")
	b.see("open until")
	b.click("#attach")
	b.choose("Wave")
	b.see("Sticker: Wave")
	b.click("#attach")
	b.choose("Voice message")
	b.see("Voice message, 5 s")
	b.click(`#messages .message [aria-label=More]`)
	b.choose("Forward")
	b.choose("#general")
	b.see("Forwarded")
	b.shoot("kinds")
	b.click(`#messages .message [aria-label=More]`)
	b.choose("Forward")
	b.choose("@feedbackbot")
	b.see("You asked: \"Forwarded message:")
	b.click("#attach")
	b.choose("Voice message")
	b.see("can't listen to voice messages")
	b.shoot("direct")
	b.look("light", 420, 860)
	b.until(`document.documentElement.scrollWidth <= innerWidth`)
	b.shoot("direct-narrow")
	b.until(`!document.getElementById("timeline").innerText.includes("Discord would complain")`)
}
