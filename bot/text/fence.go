package text

import (
	"regexp"
	"strings"
)

// Discord knows three backticks, and takes the next three for the end. Models also
// write longer fences, around text that has fences in it, and tildes.

var fenceLine = regexp.MustCompile("^((?:> )?[ \t]*)(`{3,}|~{3,})[ \t]*([A-Za-z0-9+#._-]*)(?:[ \t{][^`\n]*)?$")

// inBlock are backticks that Discord takes for letters.
const inBlock = "ˋˋˋ"

// plainFences writes every fence as Discord knows it.
func plainFences(text string) string {
	if !strings.Contains(text, fenceClose+"`") && !strings.Contains(text, "~~~") {
		return text
	}
	var out strings.Builder
	inside := "" // the fence of the block we are in
	for line := range strings.Lines(text) {
		content := strings.TrimSuffix(line, "\n")
		end := line[len(content):]
		m := fenceLine.FindStringSubmatch(content)
		switch {
		case m == nil && inside == "", inside == fenceClose && (m == nil || m[2][0] != '`'):
			out.WriteString(line)
		case m == nil, inside != "" && (m[2][0] != inside[0] || len(m[2]) < len(inside) || strings.TrimRight(content, " \t") != m[1]+m[2]):
			out.WriteString(strings.ReplaceAll(line, fenceClose, inBlock))
		case inside != "":
			out.WriteString(m[1] + fenceClose + end)
			inside = ""
		default:
			inside = m[2]
			out.WriteString(m[1] + fenceClose + m[3] + end)
		}
	}
	return out.String()
}
