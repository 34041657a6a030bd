package main

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// openReviews asks a question, votes it down with a reason, and opens the review
// pages as the playground's reviewer.
func openReviews(t *testing.T) *browser {
	t.Helper()
	b := openPlayground(t)
	b.look("light", 1440, 900)
	b.timeline("The bot has connected")
	b.write("@feedbackbot Give me some Go code")
	b.see("package main")
	const form = `document.getElementById("modal").open`
	b.press("down", form+" || "+inMessages("Saved"))
	var open bool
	if b.do(chromedp.Evaluate(form, &open)); !open { // this machine is slow: the form opens from the receipt
		b.press("explain", form)
	}
	b.do(chromedp.SendKeys(`#modal [name="explanation"]`, "It has no comment."), chromedp.Evaluate(`document.getElementById("modalSubmit").click()`, nil))
	b.timeline("An explanation is stored")
	var link string
	b.do(chromedp.Evaluate(`document.getElementById("reviewLink").href`, &link))
	b.do(chromedp.Navigate(link))
	b.do(chromedp.WaitVisible(".queues", chromedp.ByQuery)) // by way of the page with the button
	return b
}

// key presses a key, wherever the focus is.
func (b *browser) key(key string) {
	b.t.Helper()
	down := input.DispatchKeyEvent(input.KeyDown).WithKey(key).WithText(key)
	if key == "Escape" {
		down = input.DispatchKeyEvent(input.KeyDown).WithKey(key)
	}
	b.do(down, input.DispatchKeyEvent(input.KeyUp).WithKey(key))
}

// leads does what leads to another page, and waits for that.
func (b *browser) leads(actions ...chromedp.Action) {
	b.t.Helper()
	if _, err := chromedp.RunResponse(b.ctx, actions...); err != nil {
		b.t.Fatal(err)
	}
}

// clicking presses what a selector finds.
func clicking(selector string) chromedp.Action {
	return chromedp.Evaluate("document.querySelector(`"+selector+"`).click()", nil)
}

// pressing presses keys together with Ctrl.
func pressing(key string) chromedp.Action {
	return chromedp.KeyEvent(key, chromedp.KeyModifiers(input.ModifierCtrl))
}

// TestReviewInABrowser does what a reviewer does, by the keyboard alone.
func TestReviewInABrowser(t *testing.T) {
	t.Parallel()
	b := openReviews(t)
	b.shoot("review-inbox")
	b.leads(clicking(`[aria-label="Start: Rated down, with a reason"]`))
	b.until(`document.getElementById("review")`)
	var page string
	if b.do(chromedp.Evaluate(`document.body.innerText`, &page)); strings.Contains(page, "It has no comment.") || strings.Contains(page, "scripted-mini") {
		t.Errorf("before the verdict the page shows a member's vote or the model: %s", page)
	}
	b.shoot("review-answer")
	b.key("1")
	b.until(`document.querySelector("input[value=stars-1]")?.checked`)
	var dead bool
	b.do(chromedp.Evaluate(`(() => { // what an input method sends while one composes
		for (const more of [{isComposing: true}, {repeat: true}, {ctrlKey: true}])
			document.body.dispatchEvent(new KeyboardEvent("keydown", {key: "2", bubbles: true, ...more}));
		return !document.querySelector("input[value=stars-2]").checked;
	})()`, &dead))
	if !dead {
		t.Error("a key that belongs to somebody else chooses stars")
	}
	b.key("?")
	b.until(`document.getElementById("keys").open`)
	b.shoot("review-keys")
	b.key("?")
	b.key("e")
	b.until(`document.activeElement.id === "explanation"`)
	b.do(chromedp.KeyEvent("It does not compile. 5 + -"))
	b.key("Escape")
	b.until(`document.activeElement === document.body && document.getElementById("explanation").value === "It does not compile. 5 + -"`)
	b.key("c")
	b.until(`document.getElementById("expected")?.value.includes("package main")`)
	b.do(chromedp.KeyEvent("\nThis is how to run it: go run ."))
	b.until(`document.querySelector("#diff ins")?.innerText.includes("go run")`)
	b.until(`document.getElementById("saved")?.innerText === "Your draft is kept."`)
	b.shoot("review-draft")
	b.do(chromedp.Reload())
	b.until(`document.getElementById("expected")?.value.includes("go run .") && document.querySelector("input[value=stars-1]")?.checked`)
	b.leads(clicking(`button[value=save]`))
	b.until(`document.body?.innerText.includes("It has no comment.") && document.body?.innerText.includes("scripted-mini")`)
	b.shoot("review-decided")
	b.look("dark", 1440, 900)
	b.shoot("review-dark")
	b.look("light", 390, 844)
	b.until(`document.documentElement.scrollWidth <= innerWidth`)
	b.shoot("review-narrow")
	b.do(chromedp.Focus("#explanation"))
	b.leads(pressing("\r"))
	b.until(`document.body.innerText.includes("Saved. Thank you.")`)
	b.shoot("review-next")
}

// TestReviewWithoutScript does the same by the mouse in a browser that runs no
// script.
func TestReviewWithoutScript(t *testing.T) {
	t.Parallel()
	b := openReviews(t)
	b.do(emulation.SetScriptExecutionDisabled(true))
	shown := func(want string) {
		t.Helper()
		var page string
		if b.do(chromedp.OuterHTML("html", &page)); !strings.Contains(page, want) {
			t.Fatalf("the page lacks %q: %s", want, page)
		}
	}
	press := func(selector string) chromedp.Action { return chromedp.Click(selector, chromedp.ByQuery) }
	b.leads(press(`[aria-label="Start: Rated down, with a reason"]`))
	b.do(press(`label:has([value="wrong"])`), chromedp.SendKeys("#explanation", "Nothing explains it."))
	b.leads(press("#correct"))
	shown("Tell me what it should do next")
	b.do(chromedp.SendKeys("#expected", " Run it with go run."))
	b.leads(press(`button[value="draft"]`))
	shown("<ins> Run it with go run.</ins>")
	b.leads(press(`button[value="save"]`))
	shown("Please choose thumbs or stars first")
	b.do(press(`label:has([value="thumbs-1"])`))
	b.leads(press(`button[value="save"]`))
	shown("Your verdict is saved")
	shown("It has no comment.")
	b.shoot("review-without-script")
	b.leads(press(`button[value="undo"]`))
	shown("Your draft is kept.")
}

// TestReviewTwoTabs types in two tabs: neither loses a text.
func TestReviewTwoTabs(t *testing.T) {
	t.Parallel()
	b := openReviews(t)
	b.leads(clicking(`[aria-label="Start: Rated down, with a reason"]`))
	var here string
	b.do(chromedp.Location(&here))
	ctx, done := chromedp.NewContext(b.ctx)
	defer done()
	other := &browser{t, ctx}
	other.do(chromedp.Navigate(here))
	b.do(chromedp.SendKeys("#explanation", "of the first tab"))
	b.until(`document.getElementById("saved").innerText === "Your draft is kept."`)
	other.do(chromedp.SendKeys("#explanation", "of the second tab"))
	other.until(`document.getElementById("saved").innerText.startsWith("Another tab has a newer draft")`)
	other.leads(pressing("\r"))
	other.until(`document.body.innerText.includes("of the first tab") && document.getElementById("explanation").value === "of the second tab"`)
	other.shoot("review-conflict")
}

// TestReviewFromDiscord types /review: a reviewer gets a link that lets them in, a
// member a sentence.
func TestReviewFromDiscord(t *testing.T) {
	t.Parallel()
	b := openPlayground(t)
	b.timeline("The bot has connected")
	b.write("/review ")
	b.see("Reviewing is for a few people here")
	b.be("Rosalind")
	b.write("/review ")
	b.see("This link is for you alone.")
	b.do(chromedp.Evaluate(`window.open = to => { location.href = to; }`, nil)) // in this tab, not in another
	b.leads(chromedp.Evaluate(`[...document.querySelectorAll("#messages button")].find(b => b.innerText.includes("Open the review pages")).click()`, nil))
	b.do(chromedp.WaitVisible(".queues", chromedp.ByQuery)) // by way of the page with the button
}
