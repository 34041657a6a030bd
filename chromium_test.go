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
	})`, nil, func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }))
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
	b.until(inMessages(text))
}

func (b *browser) timeline(text string) {
	b.t.Helper()
	b.until(inTimeline(text))
}

func inTimeline(text string) string {
	return `document.getElementById("timeline").innerText.includes(` + quoted(text) + `)`
}

func inMessages(text string) string { return messages + `.includes(` + quoted(text) + `)` }

func quoted(text string) string { return fmt.Sprintf("%q", text) }

func (b *browser) write(text string) {
	b.t.Helper()
	enter := input.DispatchKeyEvent(input.KeyDown).WithKey("Enter").WithCode("Enter").WithText("\r").WithWindowsVirtualKeyCode(13)
	b.do(chromedp.SendKeys("#box", text), enter)
}

// press presses the last button with this custom id, until a condition holds: as
// a person does who reads that the interaction failed, on a slow machine.
func (b *browser) press(action, shown string) {
	b.t.Helper()
	selector := `[...document.querySelectorAll('#messages button[data-custom-id^="fb1:` + action + `:"]')].at(-1)`
	for held := false; !held; {
		b.until(selector + ` && !` + selector + `.disabled`)
		b.do(chromedp.Evaluate(selector+`.click()`, nil))
		b.until(`(` + shown + `) || document.querySelector("#messages .failed")`)
		b.do(chromedp.Evaluate(`Boolean(`+shown+`)`, &held))
	}
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

// turn moves a switch of the page.
func (b *browser) turn(name string) {
	b.t.Helper()
	b.do(chromedp.Evaluate(`document.getElementById("s-`+name+`").click()`, nil))
}
