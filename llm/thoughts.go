package llm

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// thoughts keeps what a model thinks aloud out of its answer. It is fed piece by
// piece, and lets through the same text however the pieces are cut. Marks in code
// are left alone, as are those that a sentence speaks of.
//
// Some models begin with a thought and mark only its end. What was let through
// till then turns out to be none of the answer: anew takes it back.
type thoughts struct {
	// wait holds everything back until a thought has ended, for a model that seems
	// to mark nothing but that. When it is known to, what does not end is a thought.
	wait, known bool
	// bare says that a thought ended that had not begun.
	bare bool

	held    string   // not judged yet
	closers []string // what ends the thought that it is in
	loose   bool     // and without that it was none
	lead    string   // white space before the first text
	begun   bool     // there was a first text
	trim    bool     // white space is skipped, after a thought
	special bool     // there were marks as of a chat template
	final   bool     // a channel has said that it is the answer
	spoken  int      // marks that a sentence spoke of, not closed yet
	code    string   // the ticks that end the code it is in
	solid   rune     // the last visible letter of the line; 0 at its begin
	prev    rune     // the last letter
	kept    strings.Builder
	out     strings.Builder
	anew    bool
}

// next takes a piece and returns what of it may be shown. With anew, that
// replaces all there was before.
func (f *thoughts) next(piece string) (text string, anew bool) {
	f.held += piece
	return f.run(false)
}

// flush returns what was held back, at the end. A thought that did not end is no
// part of an answer, and neither is what may be one when the answer is not complete.
func (f *thoughts) flush(complete bool) (text string, anew bool) {
	if f.loose && complete {
		f.closers, f.loose, f.begun = nil, false, true
		f.held = strippedOpen + f.held
	}
	f.run(true)
	if f.closers != nil {
		f.held = ""
	}
	if f.wait && (complete || !f.known) {
		f.release()
	}
	f.out.WriteString(f.lead)
	f.lead = ""
	return f.out.String(), f.anew
}

func (f *thoughts) run(last bool) (string, bool) {
	f.out.Reset()
	f.anew = false
	for f.held != "" && f.step(last) {
	}
	return f.out.String(), f.anew
}

// step judges the beginning of what is held. It returns false when it needs more.
func (f *thoughts) step(last bool) bool {
	if f.closers != nil {
		return f.inside(last)
	}
	if !f.begun || f.trim {
		rest := strings.TrimLeftFunc(f.held, unicode.IsSpace)
		if !f.trim {
			f.lead += f.held[:len(f.held)-len(rest)]
		}
		if f.held = rest; rest == "" {
			return false
		}
		if known, more := f.stripped(last); known || more {
			return known
		}
	}
	for at, r := range f.held {
		switch {
		case r == utf8.RuneError && !last && !utf8.FullRuneInString(f.held[at:]):
			f.pass(at)
			return false
		case r == '\n':
			f.pass(at + 1)
			if len(f.code) < 3 {
				f.code = "" // what was begun in a line ends with it
			}
			f.solid = 0
			return true
		case r == '`' || r == '~':
			f.pass(at)
			return f.ticks(r, last)
		case f.code == "" && (r == '<' || r == '[' || r == '◁'):
			f.pass(at)
			return f.mark(last)
		}
	}
	f.pass(len(f.held))
	return false
}

// stripped looks for a channel without its marks. It reports that it found one,
// or that it takes more to tell.
func (f *thoughts) stripped(last bool) (known, more bool) {
	after, found := strings.CutPrefix(f.held, strippedOpen)
	switch {
	case f.begun:
		return false, false
	case found && after != "" && unicode.IsUpper(first(after)):
		f.enter(strippedClose)
		f.held, f.loose = after, true
		return true, false
	}
	return false, !last && (found && !utf8.FullRuneInString(after) || strings.HasPrefix(strippedOpen, f.held))
}

// inside looks for the end of a thought.
func (f *thoughts) inside(last bool) bool {
	lower, at, end := asciiLower(f.held), -1, 0
	for _, c := range f.closers {
		if n := strings.Index(lower, c); n >= 0 && (at < 0 || n < at) {
			at, end = n, n+len(c)
			if strings.HasPrefix(c, "<|start|>") || c == finalChannel {
				end = n // to be looked at again
			}
		}
	}
	if at > 0 && f.held[at-1] == '`' { // does the thought speak of the mark?
		switch {
		case end == len(f.held) && !last:
			return false
		case end < len(f.held) && f.held[end] == '`':
			f.held = f.held[end:]
			return true
		}
	}
	if at < 0 {
		if !f.loose {
			f.held = f.held[max(0, len(f.held)-longestMark):]
		}
		return false
	}
	f.closers, f.loose, f.trim = nil, false, true
	f.held = f.held[end:]
	return true
}

// ticks takes a run of backticks or tildes, which begins or ends code.
func (f *thoughts) ticks(r rune, last bool) bool {
	n := len(f.held) - len(strings.TrimLeft(f.held, string(r)))
	if n == len(f.held) && !last {
		return false
	}
	run := f.held[:n]
	switch {
	case r == '~' && (n < 3 || f.solid != 0):
	case f.code == "":
		f.code = run
	case f.code == run, len(f.code) >= 3 && strings.HasPrefix(run, f.code):
		f.code = ""
	}
	f.pass(n)
	return true
}

// mark judges what stands at the beginning of held and may be a mark.
func (f *thoughts) mark(last bool) bool {
	lower := asciiLower(f.held)
	more := false
	is := func(mark string) bool {
		more = more || len(lower) < len(mark) && strings.HasPrefix(mark, lower)
		return strings.HasPrefix(lower, mark)
	}
	for _, p := range pairs {
		switch {
		case is(p.open):
			f.opened(p)
			return true
		case is(p.close):
			if len(f.held) == len(p.close) && !last {
				return false // what follows tells whether a sentence speaks of it
			}
			f.closed(p)
			return true
		}
	}
	for _, channel := range thoughtChannels {
		if is(channel) {
			f.special = true
			f.held = f.held[len(channel):]
			f.enter(channelEnds...)
			return true
		}
	}
	if is(finalChannel) {
		f.held = f.held[len(finalChannel):]
		if !f.final {
			f.restart()
		}
		f.final, f.special = true, true
		f.enter(messageMark)
		return true
	}
	for _, n := range noise {
		if is(n) && (f.special || n == noise[0]) {
			f.special = true
			f.held = f.held[len(n):]
			return true
		}
	}
	if more && !last {
		return false
	}
	f.pass(len(string(first(f.held))))
	return true
}

// opened is at the mark that begins a thought. A tag within a sentence is spoken of.
func (f *thoughts) opened(p pair) {
	if p.tag && f.solid != 0 && (!endsSentence(f.solid) || !unicode.IsSpace(f.prev)) {
		f.spoken++
		f.pass(len(p.open))
		return
	}
	f.special = f.special || !p.tag
	f.held = f.held[len(p.open):]
	f.enter(p.close)
}

// closed is at the mark that ends a thought which had not begun: what was let
// through was that thought, unless a sentence speaks of the mark.
func (f *thoughts) closed(p pair) {
	after := f.held[len(p.close):]
	ends := after == "" || after[0] == '\n' || after[0] == '\r'
	within := f.solid != 0 && !endsSentence(f.solid) && (unicode.IsSpace(f.prev) || strings.ContainsRune("\"'“‘«(*_|", f.prev))
	if p.tag && (f.spoken > 0 || within && (!ends || after == "")) {
		f.spoken = max(0, f.spoken-1)
		f.pass(len(p.close))
		return
	}
	f.special = f.special || !p.tag
	f.held = after
	f.restart()
}

// restart takes back all that was let through: it was a thought.
func (f *thoughts) restart() {
	f.bare = f.bare || f.begun
	f.anew = f.anew || f.begun && !f.wait
	f.out.Reset()
	f.kept.Reset()
	f.wait, f.begun, f.lead, f.trim = false, false, "", true
	f.code, f.solid, f.prev, f.spoken = "", 0, 0, 0
}

// enter begins a thought, which one of closers ends.
func (f *thoughts) enter(closers ...string) {
	if f.wait {
		f.release()
	}
	f.closers, f.lead = closers, ""
}

// release lets through what was held back for a thought that did not come.
func (f *thoughts) release() {
	f.wait = false
	f.out.WriteString(f.kept.String())
	f.kept.Reset()
}

// apart takes in that the model's thoughts come in a field of their own, so that
// its text is the answer. It returns what was held back.
func (f *thoughts) apart() (text string, anew bool) {
	f.out.Reset()
	f.release()
	return f.out.String(), false
}

// pass lets the first n bytes of held through.
func (f *thoughts) pass(n int) {
	text := f.held[:n]
	f.held = f.held[n:]
	f.emit(text)
}

func (f *thoughts) emit(text string) {
	if text == "" {
		return
	}
	to := &f.out
	if f.wait {
		to = &f.kept
	}
	to.WriteString(f.lead)
	to.WriteString(text)
	f.lead, f.begun, f.trim = "", true, false
	for _, r := range text {
		if f.prev = r; !unicode.IsSpace(r) {
			f.solid = r
		}
	}
}
