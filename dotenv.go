package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strings"

	"github.com/joho/godotenv"
)

// readDotenv returns the variables in a file .env, none when there is no file. An
// error says in which line, what, and how to mend it, but nothing of the line: it
// may hold a secret.
func readDotenv(path string) (map[string]string, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil && info.IsDir() {
		return nil, fmt.Errorf("%s is a directory; Docker makes one where a file is missing: remove it, and copy .env.example to %s", path, path)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be read: %w; give it to this user, and run: chmod 600 %s", path, reason(err), path)
	}
	text := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(plainText(data))
	if strings.ContainsRune(text, 0) {
		return nil, fmt.Errorf("%s is not plain text; save it as UTF-8", path)
	}
	vars, err := parse(text)
	if err != nil {
		number, line := faulty(text)
		return nil, fmt.Errorf("%s, line %d: %s", path, number, mendOf(line))
	}
	return vars, nil
}

// reason is an error of the file system without the path, which the caller names.
func reason(err error) error {
	var e *fs.PathError
	if errors.As(err, &e) {
		return e.Err
	}
	return err
}

var variable = regexp.MustCompile(`^[A-Za-z0-9_.]+$`)

// parse is godotenv's, which takes a last line without = for a variable without a
// name, and lets names have blanks.
func parse(text string) (map[string]string, error) {
	vars, err := godotenv.Unmarshal(text)
	for name := range vars {
		if err == nil && !variable.MatchString(name) {
			err = errors.New("no name of a variable")
		}
	}
	return vars, err
}

// faulty returns the line at which a text that cannot be parsed begins to be
// wrong: the first behind the longest part that can be.
func faulty(text string) (number int, line string) {
	lines := strings.SplitAfter(text, "\n")
	good := len(lines) - 1
	for ; good > 0; good-- {
		if _, err := parse(strings.Join(lines[:good], "")); err == nil {
			break
		}
	}
	return good + 1, strings.TrimSpace(lines[good])
}

// mendOf says what is wrong with a line.
func mendOf(line string) string {
	_, value, found := strings.Cut(line, "=")
	value = strings.TrimSpace(value)
	switch quoted := value != "" && strings.ContainsAny(value[:1], `'"`); {
	case !found:
		return "it must look like NAME=value; a value of several lines must stand in quotes"
	case quoted && strings.Count(value, value[:1]) == 1:
		return "the quote is not closed; close it behind the value"
	case quoted:
		return `there is more behind the closing quote; put a value with an apostrophe in "double quotes", and one with double quotes in 'single quotes'`
	}
	return "it must look like NAME=value, with a NAME of letters, digits and _"
}
