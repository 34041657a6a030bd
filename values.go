package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"reflect"
	"strings"
	"unicode"
	"unicode/utf16"
)

// readValues makes the values of our variables what was meant: NAME has the content
// of the file that NAME_FILE names, without what editors, tools and clipboards leave
// around it. It says what cannot be read or used, by name and never by value.
func readValues(vars map[string]string) (wrong []string) {
	inLowerCase(vars)
	for _, name := range variableNames() {
		path := clean(name, vars[name+"_FILE"])
		if path != "" {
			text, err := os.ReadFile(path)
			if err != nil {
				wrong = append(wrong, fmt.Sprintf("%s_FILE cannot be read: %v", name, err))
				vars[name] = "unreadable" // said above; not missing as well
				continue
			}
			vars[name] = plainText(text)
		}
		value, found := vars[name]
		if !found {
			continue
		}
		vars[name] = clean(name, value)
		if strings.ContainsFunc(vars[name], isBreak) && !mayHaveLines(name) {
			wrong = append(wrong, name+" has a line break or control character inside; write it in one line")
			vars[name] = "unusable"
		}
	}
	return wrong
}

// systemPrompt may be of several lines, and of words in quotes.
const systemPrompt = "SYSTEM_PROMPT"

// mayHaveLines reports whether a variable may have line breaks inside: the prompt,
// and lists. Variables of OpenTelemetry may be another program's: its backend
// judges those that it uses.
func mayHaveLines(name string) bool {
	if name == systemPrompt || strings.HasPrefix(name, "OTEL_") {
		return true
	}
	for _, field := range reflect.VisibleFields(reflect.TypeFor[Config]()) {
		if variableName(field) == name {
			return field.Type.Kind() == reflect.Slice
		}
	}
	return false
}

func isBreak(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }

// isBlank is what nobody sees at the end of a value. Signs beyond those of the
// first plane belong to emoji.
func isBlank(r rune) bool {
	return unicode.IsSpace(r) || isBreak(r) || r <= 0xffff && unicode.Is(unicode.Cf, r)
}

// clean returns a value without blanks at its ends, and without quotes around it,
// which docker run --env-file keeps.
func clean(name, value string) string {
	value = strings.TrimFunc(value, isBlank)
	for _, quotes := range []string{`''`, `""`, "‘’", "“”", "``"} {
		open, shut := []rune(quotes)[0], []rune(quotes)[1]
		inner, found := strings.CutPrefix(value, string(open))
		inner, shuts := strings.CutSuffix(inner, string(shut))
		if found && shuts && !(name == systemPrompt && strings.ContainsAny(inner, quotes)) {
			return strings.TrimFunc(inner, isBlank)
		}
	}
	return value
}

// plainText returns a file's text without a byte order mark, and in UTF-8 when the
// mark says that it is in UTF-16, as PowerShell writes it.
func plainText(data []byte) string {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(data, []byte{0xff, 0xfe}):
		order = binary.LittleEndian
	case bytes.HasPrefix(data, []byte{0xfe, 0xff}):
		order = binary.BigEndian
	default:
		return string(bytes.TrimPrefix(data, []byte("\ufeff")))
	}
	var units []uint16
	for pair := data[2:]; len(pair) >= 2; pair = pair[2:] {
		units = append(units, order.Uint16(pair))
	}
	return string(utf16.Decode(units))
}
