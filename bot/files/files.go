// Package files turns what people attach to a message into something a model can
// take: pictures of a size that models look at, and the text of text files.
//
// It fetches only from where Discord keeps attachments, judges a file by its
// bytes and never by its name, and bounds what it holds.
package files

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"sync"
)

// Most is how many files of one question are looked at.
const Most = 5

const (
	maxPicture = 10 << 20  // bytes
	maxText    = 512 << 10 // bytes
)

// Attachment is a file that somebody attached.
type Attachment struct {
	Name string // as people may see it
	Size int64  // in bytes, as Discord says; 0 if unknown
	URL  string
}

// Text is what a text file says.
type Text struct{ Name, Content string }

// Refused is a file that could not be taken, and why: [ErrTooLarge], [ErrManyPixels],
// [ErrNoPicture], [ForeignError], [ErrNoSight], or that it could not be fetched.
type Refused struct {
	Name string
	Err  error
}

// ErrNoSight refuses a picture for a model that takes none.
var ErrNoSight = errors.New("the model takes no pictures")

// IsTheirs reports whether a file was refused for what it is, and not because it
// could not be fetched.
func IsTheirs(err error) bool {
	var foreign *ForeignError
	return errors.As(err, &foreign) ||
		errors.Is(err, ErrTooLarge) || errors.Is(err, ErrManyPixels) || errors.Is(err, ErrNoPicture) || errors.Is(err, ErrNoSight)
}

// Loaded are the files of a question.
type Loaded struct {
	Texts    []Text
	Pictures []Picture
	Refused  []Refused
	Skipped  []string // names of those beyond Most
	// Which of the attachments these were made of, by their place in the list.
	TextOf, PictureOf, RefusedOf []int
}

// maxHeld is how many bytes the files of all questions may take at once, besides
// what pictures take for the moment in which they are scaled (maxDecoding). A picture
// is held about three times: as it came, as text in a request, and as that request.
const (
	maxHeld   = 96 << 20
	timesHeld = 3
)

// Load fetches attachments and takes what a model can read. pictures says whether
// it can look at pictures. It waits while the files of other questions fill the
// memory there is for them; release gives back what these take, once nobody uses
// them any more.
func (f *Fetcher) Load(ctx context.Context, list []Attachment, pictures bool) (l Loaded, release func()) {
	for _, a := range list[min(len(list), Most):] {
		l.Skipped = append(l.Skipped, a.Name)
	}
	list = list[:min(len(list), Most)]
	held := int64(0)
	for _, a := range list {
		held += a.mayTake()
	}
	held = min(held, maxHeld)
	if err := f.memory.Acquire(ctx, held); err != nil {
		for n, a := range list {
			l.RefusedOf = append(l.RefusedOf, n)
			l.Refused = append(l.Refused, Refused{a.Name, fmt.Errorf("wait to fetch attachments: %w", err)})
		}
		return l, func() {}
	}
	for n, a := range list {
		if err := f.load(ctx, &l, a, pictures); err != nil {
			l.Refused, l.RefusedOf = append(l.Refused, Refused{a.Name, err}), append(l.RefusedOf, n)
		}
		for len(l.TextOf) < len(l.Texts) {
			l.TextOf = append(l.TextOf, n)
		}
		for len(l.PictureOf) < len(l.Pictures) {
			l.PictureOf = append(l.PictureOf, n)
		}
	}
	kept := min(held, l.takes())
	f.memory.Release(held - kept)
	return l, sync.OnceFunc(func() { f.memory.Release(kept) })
}

// mayTake is the most that a file takes while it is looked at: itself and what is
// made of it.
func (a Attachment) mayTake() int64 {
	size := a.Size
	if size <= 0 || size > maxPicture {
		size = maxPicture // unknown, or cut off there
	}
	return size + min(size, maxPlainSize)*timesHeld
}

// takes is what the loaded files take until nobody uses them.
func (l Loaded) takes() (sum int64) {
	for _, p := range l.Pictures {
		sum += int64(len(p.Data)) * timesHeld
	}
	for _, t := range l.Texts {
		sum += int64(len(t.Content)) * timesHeld
	}
	return sum
}

func (f *Fetcher) load(ctx context.Context, l *Loaded, a Attachment, pictures bool) error {
	data, err := f.get(ctx, a.URL, maxPicture)
	if err != nil {
		return err
	}
	words, isText := readText(data[:min(len(data), maxText+1)])
	if isText && len(data) > maxText {
		return ErrTooLarge
	}
	if isText {
		l.Texts = append(l.Texts, Text{a.Name, words})
		return nil
	}
	if kind := foreignPicture(data); kind != "" {
		return &ForeignError{kind}
	}
	if _, _, err := image.DecodeConfig(bytes.NewReader(data)); err == nil && !pictures {
		return ErrNoSight
	}
	p, err := f.scale(ctx, data)
	if err != nil {
		return err
	}
	l.Pictures = append(l.Pictures, p)
	return nil
}
