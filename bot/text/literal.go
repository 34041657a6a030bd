package text

import "strings"

// marks are what Discord takes for more than itself in the middle of a line.
var marks = strings.NewReplacer(`\`, `\\`, "*", `\*`, "_", `\_`, "~", `\~`, "`", "\\`", "|", `\|`, "<", `\<`, "[", `\[`, "]", `\]`)

// Literal makes what somebody wrote one line that shows just that: no formatting,
// no mention, no link under other words.
func Literal(text string) string {
	return marks.Replace(strings.Join(strings.Fields(Plain(text)), " "))
}
