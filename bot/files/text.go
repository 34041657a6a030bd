package files

import (
	"bytes"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// readText returns what a file says, and false for one that is not text: it holds
// control characters that no text has, or is in a code that cannot be told.
func readText(data []byte) (string, bool) {
	var as encoding.Encoding
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("\xfe\xff")):
		as = unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	case isWide(data, 1):
		as = unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	case isWide(data, 0):
		as = unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	case !isPlain(data):
		return "", false
	case isMostlyUTF8(data):
		as = unicode.UTF8BOM
	case isMostlyLatin(data):
		as = charmap.Windows1252
	default:
		return "", false
	}
	words, err := as.NewDecoder().Bytes(data)
	if err != nil || !isPlain(words) || as != unicode.UTF8BOM && bytes.Count(words, []byte("\ufffd")) > 1 {
		return "", false
	}
	return string(words), true
}

// isWide reports whether a file without a mark looks like UTF-16: of the bytes that
// are the upper ones, here those at odd or at even places, most are zero, and none
// of the others.
func isWide(data []byte, upper int) bool {
	if len(data) < 4 || len(data)%2 != 0 {
		return false
	}
	zeros := 0
	for n, c := range data {
		if c != 0 {
			continue
		}
		if n%2 != upper {
			return false
		}
		zeros++
	}
	return zeros > len(data)/4
}

// isMostlyUTF8 reports whether what is no UTF-8 in a file is less than what is, so
// that one broken character, or one that is cut at the end, does not lose a file.
func isMostlyUTF8(data []byte) bool {
	wrong, right := 0, 0
	for n := 0; n < len(data); {
		r, size := utf8.DecodeRune(data[n:])
		switch {
		case r == utf8.RuneError && size == 1:
			wrong++
		case size > 1:
			right++
		}
		n += size
	}
	return wrong == 0 || right > 2*wrong
}

// isMostlyLatin reports whether a file can be Latin-1 as Windows has it: every byte
// means something there, and most are ASCII. Where they are not, it is another
// alphabet in a code of its own.
func isMostlyLatin(data []byte) bool {
	beyond := 0
	for _, c := range data {
		switch {
		case c == 0x81, c == 0x8d, c == 0x8f, c == 0x90, c == 0x9d: // nothing
			return false
		case c >= utf8.RuneSelf:
			beyond++
		}
	}
	return beyond <= len(data)/2
}

// isPlain reports whether a text has no control characters but those that texts
// have.
func isPlain(words []byte) bool {
	return bytes.IndexFunc(words, func(r rune) bool { return r < ' ' && r != '\n' && r != '\r' && r != '\t' && r != '\f' && r != '\x1b' }) < 0
}

// ForeignError refuses a picture of a kind that nothing here can open.
type ForeignError struct {
	Kind string // HEIC, for example
}

func (e *ForeignError) Error() string { return "no decoder for " + e.Kind }

// foreignPicture names the kind of a picture that cannot be opened; "" for anything
// else. Telephones make the first of them.
func foreignPicture(data []byte) string {
	if len(data) >= 12 && string(data[4:8]) == "ftyp" {
		switch string(data[8:12]) {
		case "heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1":
			return "HEIC"
		case "avif", "avis":
			return "AVIF"
		}
	}
	switch {
	case bytes.HasPrefix(data, []byte("\xff\x0a")), bytes.HasPrefix(data, []byte("\x00\x00\x00\x0cJXL ")):
		return "JPEG XL"
	case bytes.HasPrefix(data, []byte("\x00\x00\x00\x0cjP  ")):
		return "JPEG 2000"
	case bytes.HasPrefix(data, []byte("8BPS")):
		return "Photoshop"
	}
	return ""
}
