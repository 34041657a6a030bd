package main

import (
	"testing"

	"github.com/chromedp/chromedp"
)

// TestPlaygroundLongAnswers asks with /ask and a file, and for more than ten
// messages hold.
func TestPlaygroundLongAnswers(t *testing.T) {
	t.Parallel()
	b := openPlayground(t)
	b.look("dark", 1440, 900)
	b.timeline("The bot has connected")
	b.do(chromedp.Evaluate(`(() => {
		const files = new DataTransfer();
		files.items.add(new File([Uint8Array.of(71, 114, 252, 223, 101)], "notes.txt", {type: "text/plain"}));
		files.items.add(new File([new TextEncoder().encode("\0\0\0\x18ftypheic")], "IMG_0001.heic", {type: "image/heic"}));
		const input = document.getElementById("fileInput");
		input.files = files.files;
		input.dispatchEvent(new Event("change"));
	})()`, nil))
	b.write("/ask prompt: What is 20 + 3, and who is <@1>?")
	b.see("20 + 3 = 23")
	b.see("asks: What is 20 + 3, and who is <@1>? [attached: notes.txt, IMG_0001.heic]")
	b.see("I can't open IMG_0001.heic")
	b.press("up", inMessages("Saved, thank you!"))
	b.shoot("ask")
	b.write("/ask prompt: Please write me a book")
	const file = `document.querySelector('#messages a[download="answer.md"]')`
	b.until(file)
	b.see("The file has all of it.")
	b.until(file + `.closest("li").querySelector('button[data-custom-id^="fb1:up:"]')`)
	var text string
	b.do(chromedp.Evaluate(`fetch(`+file+`.href).then(r => r.text())`, &text, awaited))
	if len(text) < 20_000 || text[len(text)-26:] != "That was the last chapter." {
		t.Errorf("the file has %d bytes and ends with %q", len(text), text[max(0, len(text)-40):])
	}
	b.shoot("book")
	b.do(chromedp.Evaluate(`document.querySelector('#messages li:has(a[download="answer.md"])').scrollIntoView({block: "end"})`, nil))
	b.until(`!document.getElementById("timeline").innerText.includes("Discord would complain")`)
	b.shoot("file")
	b.look("dark", 420, 860)
	b.until(`document.documentElement.scrollWidth <= innerWidth`)
	b.shoot("file-narrow")
}
