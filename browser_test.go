package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// screenshots is where TestPlaygroundInABrowser keeps pictures of the main
// states: go test -run Browser . -screenshots DIR
var screenshots = flag.String("screenshots", "", "folder to keep screenshots of the playground in")

// browser is a page of the playground in headless Chromium.
type browser struct {
	t   *testing.T
	ctx context.Context
}

// openPlayground starts the playground and opens its page.
func openPlayground(t *testing.T) *browser {
	t.Helper()
	var path string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		t.Skip("install Chromium, Debian's package chromium for example, to try the playground as a person does")
	}
	url := startPlayground(t) // only now: told to stop while it starts, it ends with an error
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.WindowSize(1440, 900), chromedp.Flag("disable-component-update", true), chromedp.Flag("lang", "en-US"))
	allocated, stop := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(stop)
	ctx, done := chromedp.NewContext(allocated, chromedp.WithErrorf(func(string, ...any) {})) // it complains of events it does not know
	t.Cleanup(done)
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	t.Cleanup(cancel)
	b := &browser{t, ctx}
	chromedp.ListenTarget(ctx, func(e any) {
		if thrown, ok := e.(*runtime.EventExceptionThrown); ok {
			t.Errorf("the page failed: %v", thrown.ExceptionDetails)
		}
	})
	b.do(chromedp.Navigate(url))
	return b
}

func (b *browser) do(actions ...chromedp.Action) {
	b.t.Helper()
	if err := chromedp.Run(b.ctx, actions...); err != nil {
		var shown string
		chromedp.Run(b.ctx, chromedp.Evaluate(`document.body.innerText`, &shown))
		b.t.Fatalf("%v; the page shows:\n%s", err, shown)
	}
}

// until waits until a JavaScript condition holds, which is asked whenever the
// page changes.
func (b *browser) until(condition string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 2*time.Minute)
	defer cancel()
	err := chromedp.Run(ctx, chromedp.Evaluate(`new Promise(resolve => {
		const ok = () => Boolean(`+condition+`);
		if (ok()) return resolve(true);
		const watch = new MutationObserver(() => { if (ok()) { watch.disconnect(); resolve(true); } });
		watch.observe(document, {subtree: true, childList: true, attributes: true, characterData: true});
	})`, nil, awaited))
	if err != nil {
		var shown string
		chromedp.Run(b.ctx, chromedp.Evaluate(`document.body.innerText`, &shown))
		b.t.Fatalf("waited in vain for %s: %v; the page shows:\n%s", condition, err, shown)
	}
}

// messages is a JavaScript expression for the text of the shown messages.
const messages = `document.getElementById("messages").innerText`

func (b *browser) see(text string) {
	b.t.Helper()
	b.until(messages + `.includes(` + quoted(text) + `)`)
}

func (b *browser) timeline(text string) {
	b.t.Helper()
	b.until(`document.getElementById("timeline").innerText.includes(` + quoted(text) + `)`)
}

func quoted(text string) string { return fmt.Sprintf("%q", text) }

func (b *browser) write(text string) {
	b.t.Helper()
	enter := input.DispatchKeyEvent(input.KeyDown).WithKey("Enter").WithCode("Enter").WithText("\r").WithWindowsVirtualKeyCode(13)
	b.do(chromedp.SendKeys("#box", text), enter)
}

// press presses the last button with this custom id.
func (b *browser) press(action string) {
	b.t.Helper()
	selector := `[...document.querySelectorAll('#messages button[data-custom-id^="fb1:` + action + `:"]')].at(-1)`
	b.until(selector + ` && !` + selector + `.disabled`)
	b.do(chromedp.Evaluate(selector+`.click()`, nil))
}

// be switches to another member.
func (b *browser) be(name string) {
	b.t.Helper()
	b.do(chromedp.Evaluate(`(() => { const s = document.getElementById("member"); s.value = [...s.options].find(o => o.text.startsWith(`+quoted(name)+`)).value;
		s.dispatchEvent(new Event("change")); })()`, nil))
	b.until(`document.getElementById("member").selectedOptions[0].text.startsWith(` + quoted(name) + `)`)
}

// shoot keeps a picture when pictures are wanted.
func (b *browser) shoot(name string) {
	b.t.Helper()
	if *screenshots == "" {
		return
	}
	var png []byte
	b.do(chromedp.CaptureScreenshot(&png))
	if err := os.WriteFile(filepath.Join(*screenshots, name+".png"), png, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

func (b *browser) look(scheme string, width, height int64) {
	b.t.Helper()
	b.do(emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}),
		chromedp.EmulateViewport(width, height))
}

// TestPlaygroundInABrowser does what a visitor does.
func TestPlaygroundInABrowser(t *testing.T) {
	b := openPlayground(t)
	b.look("dark", 1440, 900)
	b.see("Welcome to #general")
	b.timeline("The bot has connected")

	b.write("@feedbackbot What is 17 + 25?")
	b.see("17 + 25 = ")
	b.press("up")
	b.see("Saved, thank you!")
	b.see("Only you can see this")
	b.timeline("A vote is stored: 5 of 5, saved")
	b.shoot("vote")
	b.press("star2")
	b.until(`document.getElementById("modal").open`)
	b.shoot("form")
	b.do(chromedp.SendKeys(`#modal [name="explanation"]`, "It should show the steps."),
		chromedp.SendKeys(`#modal [name="expected_response"]`, "17 + 25 = 42, since 17 + 20 + 5 is 42."),
		chromedp.Evaluate(`document.getElementById("modalSubmit").click()`, nil))
	b.until(`!document.getElementById("modal").open`)
	b.timeline("An explanation is stored")
	b.shoot("explained")
	b.press("undo")
	b.timeline("withdrawn")

	b.be("Grace")
	b.see("17 + 25 = ")
	b.until(`!` + messages + `.includes("Only you can see this")`)
	b.write("/ask prompt: Give me some Go code")
	b.see("package main")
	b.press("up")
	b.see("Saved, thank you!")
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

// startPlayground runs the playground until the test ends, and returns the
// address of its page.
func startPlayground(t *testing.T) string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	printed, out := io.Pipe()
	ended := make(chan int, 1)
	data := t.TempDir() // before the clean-up below, so that it is removed after the playground has ended
	go func() {
		ended <- run(ctx, []string{"playground", "-data", data}, nil, out, io.Discard)
		out.Close()
	}()
	t.Cleanup(func() {
		cancel()
		if code := <-ended; code != 0 {
			t.Errorf("playground = %d, want 0", code)
		}
	})
	var said strings.Builder
	buf := make([]byte, 1024)
	for {
		n, err := printed.Read(buf)
		said.Write(buf[:n])
		for field := range strings.FieldsSeq(said.String()) {
			if strings.HasPrefix(field, "http://") && strings.HasSuffix(field, "/") {
				go io.Copy(io.Discard, printed)
				return field
			}
		}
		if err != nil {
			t.Fatalf("the playground printed no address: %s", said.String())
		}
	}
}

// TestPlaygroundThreadsAndFiles opens a thread and attaches files.
func TestPlaygroundThreadsAndFiles(t *testing.T) {
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

// turn moves a switch of the page.
func (b *browser) turn(name string) {
	b.t.Helper()
	b.do(chromedp.Evaluate(`document.getElementById("s-`+name+`").click()`, nil))
}

// TestPlaygroundWhenThingsFail makes everything fail that the page can, and
// loses nothing.
func TestPlaygroundWhenThingsFail(t *testing.T) {
	b := openPlayground(t)
	b.look("dark", 1440, 900)
	b.timeline("The bot has connected")
	b.write("@feedbackbot What is 2 + 2?")
	b.see("2 + 2 = 4")

	b.turn("restart")
	b.timeline("The bot is told to stop")
	b.until(`document.getElementById("timeline").innerText.match(/The bot has connected to Discord/g).length === 2`)
	b.press("star4")
	b.see("(4 of 5)")

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
