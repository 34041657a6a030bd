package main

import (
	"testing"

	"github.com/chromedp/chromedp"
)

// TestPlaygroundInABrowser does what a visitor does.
func TestPlaygroundInABrowser(t *testing.T) {
	t.Parallel()
	b := openPlayground(t)
	b.look("dark", 1440, 900)
	b.see("Welcome to #general")
	b.timeline("The bot has connected")

	b.write("@feedbackbot What is 17 + 25?")
	b.see("17 + 25 = ")
	b.press("up", inMessages("Saved, thank you!"))
	b.see("Only you can see this")
	b.timeline("A vote is stored: 5 of 5, saved")
	b.shoot("vote")
	const form = `document.getElementById("modal").open`
	b.press("star2", form+" || "+inMessages("(2 of 5)"))
	var open bool
	if b.do(chromedp.Evaluate(form, &open)); !open { // this machine is slow: the form opens from the receipt
		b.press("explain", form)
	}
	b.shoot("form")
	b.do(chromedp.SendKeys(`#modal [name="explanation"]`, "It should show the steps."),
		chromedp.SendKeys(`#modal [name="expected_response"]`, "17 + 25 = 42, since 17 + 20 + 5 is 42."),
		chromedp.Evaluate(`document.getElementById("modalSubmit").click()`, nil))
	b.until(`!document.getElementById("modal").open`)
	b.timeline("An explanation is stored")
	b.shoot("explained")
	b.press("undo", inTimeline("withdrawn"))

	b.be("Grace")
	b.see("17 + 25 = ")
	b.until(`!` + messages + `.includes("Only you can see this")`)
	b.write("/ask prompt: Give me some Go code")
	b.see("package main")
	b.press("up", inMessages("Saved, thank you!"))
	b.timeline("The vote is delivered to Confident AI")

	b.do(chromedp.Evaluate(`document.getElementById("s-backend-down").click()`, nil))
	b.timeline("Switched on: the backend is down")
	b.write("@feedbackbot Tell me a joke")
	b.see("To cover the other side.")
	b.timeline("no answer")
	b.do(chromedp.Evaluate(`document.getElementById("s-backend-down").click()`, nil))
	b.timeline("Switched off: the backend is down")
	b.until(`[...document.querySelectorAll("#timeline li.backend")].at(-1).querySelector(".status").textContent === "200"`)
	b.do(chromedp.Evaluate(`document.querySelector("#backend summary").click()`, nil))
	b.until(`document.getElementById("arrived").innerText.includes("THUMBS_RATING: 1")`)
	b.shoot("dark")
	b.do(chromedp.Evaluate(`[...document.querySelectorAll("#timeline summary")].at(-1).click()`, nil))
	b.until(`document.querySelector("#timeline pre")`)
	b.until(`document.getElementById("timeline").scrollWidth <= document.getElementById("timeline").clientWidth`) // the JSON scrolls by itself
	b.shoot("opened")

	b.look("light", 1440, 900)
	b.shoot("light")
	b.look("dark", 420, 860)
	b.until(`document.documentElement.scrollWidth <= innerWidth`)
	b.shoot("narrow")
}

// TestPlaygroundThreadsAndFiles opens a thread and attaches files.
func TestPlaygroundThreadsAndFiles(t *testing.T) {
	t.Parallel()
	b := openPlayground(t)
	b.look("dark", 1440, 900)
	b.timeline("The bot has connected")
	b.write("@feedbackbot What is 20 + 3?")
	b.see("20 + 3 = 23")
	b.do(chromedp.Evaluate(`document.querySelector("#messages .message [aria-label=More]").click()`, nil),
		chromedp.Evaluate(`[...document.querySelectorAll("#menu button")].find(b => b.textContent === "Create thread").click()`, nil))
	b.see("Thread: What is 20 + 3?")
	b.do(chromedp.Evaluate(`(() => {
		const files = new DataTransfer();
		const dot = Uint8Array.from(atob("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="), c => c.charCodeAt(0));
		files.items.add(new File([dot], "dot.png", {type: "image/png"}));
		files.items.add(new File(["hello"], "a note.txt", {type: "text/plain"}));
		const input = document.getElementById("fileInput");
		input.files = files.files;
		input.dispatchEvent(new Event("change"));
	})()`, nil))
	b.write("@feedbackbot What is 30 + 4?")
	b.see("30 + 4 = 34")
	b.see("a note.txt")
	b.until(`document.querySelector("#messages img.picture").naturalWidth === 1`)
	b.until(`!document.getElementById("timeline").innerText.includes("Discord would complain")`)
	b.shoot("thread")
}

// TestPlaygroundDigitsAreText measures digits and spaces in every font list of
// the page. An emoji font has glyphs for them too, far wider ones, and draws
// them where the fonts before it are missing, sans-serif included, for which
// Chromium takes Arial; so the emoji fonts of a list are measured also alone.
func TestPlaygroundDigitsAreText(t *testing.T) {
	t.Parallel()
	b := openPlayground(t)
	b.timeline("The bot has connected") // the lists of what a script adds count too
	var measured struct {
		Lists int
		Wide  []string
	}
	b.do(chromedp.Evaluate(`(() => {
		const probe = document.createElement("span"), code = document.createElement("code");
		document.body.append(probe, code);
		const lists = new Set([...document.querySelectorAll("body, body *")].map(e => getComputedStyle(e).fontFamily));
		probe.style.cssText = "position: absolute; white-space: pre; font-size: 100px";
		probe.textContent = "0123456789 0 1 2";
		const width = family => { probe.style.fontFamily = family; return probe.getBoundingClientRect().width; };
		const generic = family => /^(sans-serif|serif|monospace|system-ui)$/.test(family);
		const wide = [];
		for (const list of lists) {
			const all = list.split(",").map(f => f.trim());
			const plain = all.find(generic);
			if (!plain) { wide.push(list + " ends in no generic font"); continue; }
			for (const some of [all, all.filter(f => /emoji/i.test(f))]) {
				const ratio = some.length ? width(some.join(", ")) / width(plain) : 1;
				if (ratio > 1.25) wide.push("digits in " + some.join(", ") + " are " + ratio.toFixed(2) + " times as wide as in " + plain); // two fonts of text differ by less
			}
		}
		probe.remove();
		code.remove();
		return {Lists: lists.size, Wide: wide};
	})()`, &measured))
	for _, wide := range measured.Wide {
		t.Error(wide)
	}
	if measured.Lists < 2 {
		t.Errorf("%d font lists in the page, want those of text and of code", measured.Lists)
	}
}

// TestPlaygroundWhenThingsFail makes everything fail that the page can, and
// loses nothing.
func TestPlaygroundWhenThingsFail(t *testing.T) {
	t.Parallel()
	b := openPlayground(t)
	b.look("dark", 1440, 900)
	b.timeline("The bot has connected")
	b.write("@feedbackbot What is 2 + 2?")
	b.see("2 + 2 = 4")

	b.turn("restart")
	b.timeline("The bot is told to stop")
	b.until(`document.getElementById("timeline").innerText.match(/The bot has connected to Discord/g).length === 2`)
	b.press("star4", inMessages("(4 of 5)"))

	b.turn("disconnect")
	b.timeline("The bot has connected again")
	b.do(chromedp.Click("#dmButton"))
	b.see("This is your conversation with feedbackbot")
	b.turn("model-error")
	b.write("What is 3 + 3?")
	b.until(messages + `.match(/try again/i)`)
	b.shoot("model-error")
	b.turn("model-error")
	b.turn("cut-stream")
	b.write("Tell me about ferries at length, in a long text")
	b.until(messages + `.match(/cut|broke off|incomplete/i)`)
	b.shoot("cut")
	b.turn("cut-stream")
	b.turn("rate-limit")
	b.write("What is 4 + 4?")
	b.see("4 + 4 = 8")
	b.timeline("429")
	b.until(`!document.getElementById("timeline").innerText.includes("Discord would complain")`)
}
