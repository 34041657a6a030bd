package text

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Kind is what a mention in a message names.
type Kind int

// The kinds of what has a number in place of a name.
const (
	User Kind = iota
	Role
	Channel
)

// mention finds what Discord shows as something else than what is written: mentions
// of users, roles and channels, commands, emojis of a server, points in time and
// places every server has. It finds code as well, in which nothing of that counts.
var mention = regexp.MustCompile("(?s)```.*?```|``.*?``|`[^`]*`" +
	`|<@!?(?P<user>\d+)>|<@&(?P<role>\d+)>|<#(?P<channel>\d+)>` +
	`|<(?P<command>/[^:<>\n]+):\d+>|<a?(?P<emoji>:\w+:)\d+>|<t:(?P<time>-?\d{1,13})(?::(?P<style>[A-Za-z]))?>|<id:(?P<place>[a-z-]+)(?::\d+)?>`)

// sites are the places that every server has.
var sites = map[string]string{
	"customize": "Channels & Roles", "browse": "Browse Channels", "guide": "Server Guide", "home": "Server Guide", "linked-roles": "Linked Roles",
}

// unnamed stands for what nobody knows the name of.
var unnamed = map[Kind]string{User: "@someone", Role: "@some-role", Channel: "#some-channel"}

// Readable puts words in place of what Discord writes as numbers, as people see it
// on their screens. name returns what a number stands for, and "" if it does not
// know.
func Readable(content string, name func(kind Kind, id string) string) string {
	if !strings.Contains(content, "<") {
		return content
	}
	return mention.ReplaceAllStringFunc(content, func(found string) string {
		if found[0] == '`' {
			return found
		}
		part := mention.FindStringSubmatch(found)
		get := func(group string) string { return part[mention.SubexpIndex(group)] }
		named := func(kind Kind, sign, id string) string {
			if is := Plain(name(kind, id)); is != "" {
				return sign + is
			}
			return unnamed[kind]
		}
		switch {
		case get("user") != "":
			return named(User, "@", get("user"))
		case get("role") != "":
			return named(Role, "@", get("role"))
		case get("channel") != "":
			return named(Channel, "#", get("channel"))
		case get("command") != "":
			return get("command")
		case get("emoji") != "":
			return get("emoji")
		case get("time") != "":
			return moment(found, get("time"), get("style"))
		}
		if site, known := sites[get("place")]; known {
			return site
		}
		return found
	})
}

// latest is the last second that Discord shows, in the year 275760, and the first
// one with a minus.
const latest = 8_640_000_000_000

// moment writes a point in time as its style wants it, in UTC: where the reader is
// nobody knows. How long ago it was would be wrong when it is read again.
func moment(found, seconds, style string) string {
	n, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil || n > latest || n < -latest {
		return found
	}
	layout := "2 January 2006 15:04 UTC"
	switch style {
	case "t":
		layout = "15:04 UTC"
	case "T":
		layout = "15:04:05 UTC"
	case "d", "D":
		layout = "2 January 2006"
	case "F":
		layout = "Monday, 2 January 2006 15:04 UTC"
	case "S":
		layout = "2 January 2006 15:04:05 UTC"
	}
	return time.Unix(n, 0).UTC().Format(layout)
}
