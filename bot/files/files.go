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
	"net/http"
	"strings"
	"unicode/utf8"
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
	URL  string
}

// Text is what a text file says.
type Text struct{ Name, Content string }

// Refused is a file that could not be taken, and why: [ErrTooLarge],
// [ErrManyPixels], [ErrNoPicture], [ErrNoSight], or that it could not be fetched.
type Refused struct {
	Name string
	Err  error
}

// ErrNoSight refuses a picture for a model that takes none.
var ErrNoSight = errors.New("the model takes no pictures")

// IsTheirs reports whether a file was refused for what it is, and not because it
// could not be fetched.
func IsTheirs(err error) bool {
	return errors.Is(err, ErrTooLarge) || errors.Is(err, ErrManyPixels) || errors.Is(err, ErrNoPicture) || errors.Is(err, ErrNoSight)
}

// Loaded are the files of a question.
type Loaded struct {
	Texts    []Text
	Pictures []Picture
	Refused  []Refused
	Skipped  bool // there were more than Most
}

// Load fetches attachments and takes what a model can read. pictures says whether
// it can look at pictures.
func (f *Fetcher) Load(ctx context.Context, list []Attachment, pictures bool) (l Loaded) {
	for n, a := range list {
		if n >= Most {
			l.Skipped = true
			break
		}
		if err := f.load(ctx, &l, a, pictures); err != nil {
			l.Refused = append(l.Refused, Refused{a.Name, err})
		}
	}
	return l
}

func (f *Fetcher) load(ctx context.Context, l *Loaded, a Attachment, pictures bool) error {
	data, err := f.get(ctx, a.URL, maxPicture)
	switch {
	case err != nil:
		return err
	case strings.HasPrefix(http.DetectContentType(data), "image/"):
		if !pictures {
			return ErrNoSight
		}
		p, err := f.scale(data)
		if err != nil {
			return err
		}
		l.Pictures = append(l.Pictures, p)
		return nil
	case len(data) > maxText:
		return ErrTooLarge
	case !isText(data):
		return ErrNoPicture
	}
	l.Texts = append(l.Texts, Text{a.Name, string(bytes.TrimPrefix(data, []byte("\ufeff")))})
	return nil
}

// isText reports whether a file is text: UTF-8 without control characters that
// no text has.
func isText(data []byte) bool {
	if !utf8.Valid(data) {
		return false
	}
	return bytes.IndexFunc(data, func(r rune) bool { return r < ' ' && r != '\n' && r != '\r' && r != '\t' && r != '\f' && r != '\x1b' }) < 0
}
