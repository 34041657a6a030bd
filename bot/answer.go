package bot

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"feedbackbot/bot/discord"
	"feedbackbot/bot/text"
	"feedbackbot/llm"
)

const (
	// maxMessages is how many messages one answer may take.
	maxMessages = 10
	// An answer appears once it is worth a notification: with so many code
	// points, or so long after its first text.
	worthShowing = 30
	longEnough   = 300 * time.Millisecond
	editEvery    = time.Second
	typingEvery  = 8 * time.Second // Discord shows it for 10 s
)

var (
	errFull   = errors.New("the answer fills all the messages it may take")
	errUnseen = errors.New("the answer cannot be shown")
)

// answer is a question's whole way, from when it is taken until its answer has
// its buttons: it waits for its turn, the model writes, the answer is stored and
// completed. What has to be done when somebody ends the flight is done in ctx.
func (b *Bot) answer(ctx context.Context, flown *flight, r *reply) {
	r.q.chosen = b.chosenFor(ctx, r.q.GuildID, r.q.ChannelID)
	leave, err := b.admit(flown, r)
	if err != nil {
		b.decline(ctx, r, err)
		return
	}
	defer leave()
	if err = b.gather(flown, &r.q); err == nil {
		err = b.vet(flown, r)
	}
	if ended := context.Cause(flown); ended != nil {
		err = ended // and what failed, failed for that
	}
	var w written
	if err == nil {
		w = b.write(ctx, flown, r)
	}
	r.q.files.letGo()
	flown.land()
	leave()
	w.cost = b.settle(ctx, r.q, w) // also what was set aside and is not needed
	w.prompt = nil                 // with its pictures
	if err != nil {
		b.decline(ctx, r, err)
		return
	}
	b.conclude(ctx, r, w)
}

// written is how the model's part ended.
type written struct {
	answer  llm.Answer
	err     error
	stopped error // why it was ended by us; nil if it was not
	prompt  []llm.Message
	cost    float64 // US dollars
}

// write asks the model and shows what it says while it says it. Reading the model
// never waits for Discord: text gathers in draft, and each edit shows what is
// there when it leaves.
func (b *Bot) write(ctx, flown context.Context, r *reply) written {
	prompt := b.prompt(r.q, time.Now())
	modelCtx, stopModel := context.WithCancelCause(flown)
	defer stopModel(nil)
	streaming, endStreaming := context.WithCancel(ctx) // ends the wait for edits in between
	defer endStreaming()
	d := &draft{changed: make(chan struct{}, 1)}
	result := make(chan written, 1)
	go func() {
		w := written{err: errors.New("panic while streaming")}
		defer func() { result <- w }()
		defer endStreaming()
		b.protect("model", nil, func() {
			w.answer, w.err = b.model.Stream(modelCtx, r.q.chosen.model, prompt, func(piece string, anew bool) {
				if d.add(piece, anew) > maxMessages*text.MaxMessage {
					stopModel(errFull)
				}
			})
		})
	}()
	typing, endTyping := context.WithCancel(streaming)
	defer endTyping()
	if r.q.Token == "" {
		go b.keepTyping(ctx, typing, r.q.ChannelID)
	}
	var show <-chan time.Time // when to show what is there
	for {
		select {
		case w := <-result:
			endTyping()
			w.stopped = context.Cause(modelCtx)
			w.prompt = prompt
			return w
		case <-d.changed:
			_, runes := d.now()
			switch {
			case !r.begun() && runes >= worthShowing:
				show = time.After(0)
			case show == nil && !r.begun():
				show = time.After(longEnough)
			case show == nil:
				show = time.After(editEvery - time.Since(r.changedAt))
			}
		case <-show:
			show = nil
			endTyping()
			if err := r.progress(ctx, streaming, d); discord.Permanent(err) {
				stopModel(errUnseen)
				b.tellPrivately(ctx, r, err)
			}
		}
	}
}

func (b *Bot) keepTyping(ctx, typing context.Context, channelID string) {
	for typing.Err() == nil {
		if err := b.out.Typing(ctx, typing, channelID); err != nil {
			return
		}
		pause(typing, typingEvery)
	}
}

// draft is an answer while it arrives.
type draft struct {
	mu      sync.Mutex
	text    strings.Builder
	runes   int
	anew    bool // it began anew
	changed chan struct{}
}

// add adds a piece, in place of all before it when it comes anew, and returns how
// many code points there are.
func (d *draft) add(piece string, anew bool) (runes int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if anew {
		d.text.Reset()
		d.runes, d.anew = 0, true
	}
	d.text.WriteString(piece)
	d.runes += utf8.RuneCountInString(piece)
	select {
	case d.changed <- struct{}{}:
	default: // it has been told already
	}
	return d.runes
}

func (d *draft) now() (string, int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.text.String(), d.runes
}

// restarted reports whether the answer began anew, and so may be shorter than
// what is on the screen.
func (d *draft) restarted() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.anew
}
