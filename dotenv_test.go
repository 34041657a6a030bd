package main

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"
)

func utf16Text(order binary.AppendByteOrder, text string) string {
	var out []byte
	for _, unit := range utf16.Encode([]rune("\ufeff" + text)) {
		out = order.AppendUint16(out, unit)
	}
	return string(out)
}

// However a file was saved, and as .env.example describes values.
func TestDotenv(t *testing.T) {
	const text = "# comment's\n\nA=canary\nexport B = 'one'\nC=\"x\ny\"\n"
	want := map[string]string{"A": "canary", "B": "one", "C": "x\ny"}
	for name, content := range map[string]string{
		"plain": text, "byte order mark": "\ufeff" + text, "CRLF": strings.ReplaceAll(text, "\n", "\r\n"), "CR": strings.ReplaceAll(text, "\n", "\r"),
		"UTF-16 little": utf16Text(binary.LittleEndian, text), "UTF-16 big": utf16Text(binary.BigEndian, text),
		"UTF-16 CRLF": utf16Text(binary.LittleEndian, strings.ReplaceAll(text, "\n", "\r\n")),
	} {
		got, err := readDotenv(dotenv(t, content))
		if err != nil || len(got) != len(want) || got["A"] != want["A"] || got["B"] != want["B"] || got["C"] != want["C"] {
			t.Errorf("%s: readDotenv() = %q, %v, want %q", name, got, err, want)
		}
	}
	for line, want := range map[string]string{
		`X=You're Mira`:                            "You're Mira",
		`X="You're Mira"`:                          "You're Mira",
		`X='Say "hi" for $5 in #general'`:          `Say "hi" for $5 in #general`,
		`X="He said \"hi\" for \$5 in #general"`:   `He said "hi" for $5 in #general`,
		`X=C# and a#b`:                             "C# and a#b",
		`X=gpt-5 # the model`:                      "gpt-5",
		`X=Speak of #general and C# only`:          "Speak of",
		"X='two\nlines'":                           "two\nlines",
		`X="two\nlines"`:                           "two\nlines",
		"Y=1\nX=$Y and ${Y}":                       "1 and 1",
		"Y=1\nX='$Y'":                              "$Y",
		`X=`:                                       "",
		`X=postgres://bot:a%40b@db/x?sslmode=a#no`: "postgres://bot:a%40b@db/x?sslmode=a#no",
	} {
		if got, err := readDotenv(dotenv(t, line)); err != nil || got["X"] != want {
			t.Errorf("%s is %q, %v, want %q", line, got["X"], err, want)
		}
	}
	if got, err := readDotenv(filepath.Join(t.TempDir(), ".env")); err != nil || len(got) != 0 {
		t.Errorf("without a file readDotenv() = %v, %v, want nothing", got, err)
	}
}

func dotenv(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), ".env")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// A file that cannot be read is named with the line and the mend, and nothing of
// what stands in it.
func TestDotenvIsRefused(t *testing.T) {
	const quote = "the quote is not closed; close it behind the value"
	const form = "it must look like NAME=value; a value of several lines must stand in quotes"
	const behind = `there is more behind the closing quote; put a value with an apostrophe in "double quotes", and one with double quotes in 'single quotes'`
	for content, want := range map[string]string{
		"DISCORD_TOKEN='canary\nA=b\nC=d\n":              "line 1: " + quote,
		"A=b\n# c\n\nDISCORD_TOKEN=\"canary\nC=d":        "line 4: " + quote,
		"DISCORD_TOKEN='canary\nA=b\nP='x y'\nC=d\n":     "line 1: " + quote,
		"A=b\nSYSTEM_PROMPT='You're canary'\nC=d\n":      "line 2: " + behind,
		"A=\"x\" canary\nC=d\n":                          "line 1: " + behind,
		"A=b\ncanary\nC=d\n":                             "line 2: " + form,
		"A=b\ncanary":                                    "line 2: " + form,
		"A=b\nSYSTEM_PROMPT=You are\ncanary, be kind.\n": "line 3: " + form,
		"A=b\nMY-CANARY=d\n":                             "line 2: it must look like NAME=value, with a NAME of letters, digits and _",
		"A=b\nset MY=canary\n":                           "line 2: it must look like NAME=value, with a NAME of letters, digits and _",
		"=canary\n":                                      "line 1: it must look like NAME=value, with a NAME of letters, digits and _",
		"A\x00=\x00c\x00a\x00n\x00a\x00r\x00y\x00\n\x00": "save it as UTF-8",
	} {
		got, err := readDotenv(dotenv(t, content))
		if err == nil || !strings.HasSuffix(err.Error(), want) || strings.Contains(strings.ToLower(err.Error()), "canary") || !strings.Contains(err.Error(), ".env") {
			t.Errorf("%q = %q, %v, want %q", content, got, err, want)
		}
	}
	folder := filepath.Join(t.TempDir(), ".env")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := readDotenv(folder); err == nil || !strings.Contains(err.Error(), "is a directory") {
		t.Errorf("a directory = %v", err)
	}
}
