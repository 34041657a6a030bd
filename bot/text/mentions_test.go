package text

import "testing"

// Each form in which Discord writes a number, as people see it.
func TestReadable(t *testing.T) {
	t.Parallel()
	names := map[Kind]map[string]string{User: {"1": "Ada"}, Role: {"2": "Crew"}, Channel: {"3": "gen\u202eeral"}}
	for _, test := range []struct{ content, want string }{
		{"no numbers < here >", "no numbers < here >"},
		{"<@1> and <@!1>, <@&2> in <#3>", "@Ada and @Ada, @Crew in #general"},
		{"<@9> <@&9> <#9>", "@someone @some-role #some-channel"},
		{"<:party:5><a:wave_2:6>", ":party::wave_2:"},
		{"</ask:1> </model set here:2>", "/ask /model set here"},
		{"<id:customize> <id:browse> <id:guide> <id:home> <id:linked-roles:7> <id:what>", "Channels & Roles Browse Channels Server Guide Server Guide Linked Roles <id:what>"},
		{"<t:0>", "1 January 1970 00:00 UTC"},
		{"<t:1764000000:t>|<t:1764000000:T>", "16:00 UTC|16:00:00 UTC"},
		{"<t:1764000000:d>|<t:1764000000:D>", "24 November 2025|24 November 2025"},
		{"<t:1764000000:f>|<t:1764000000:F>", "24 November 2025 16:00 UTC|Monday, 24 November 2025 16:00 UTC"},
		{"<t:1764000000:s>|<t:1764000000:S>", "24 November 2025 16:00 UTC|24 November 2025 16:00:00 UTC"},
		{"<t:-1:R>", "31 December 1969 23:59 UTC"},
		{"<t:9000000000000:R> <t:99999999999999> <t:x>", "<t:9000000000000:R> <t:99999999999999> <t:x>"},
		{"`<@1>` <@1> ``a ` <@1>`` ```\n<@1>\n``` <@1>", "`<@1>` @Ada ``a ` <@1>`` ```\n<@1>\n``` @Ada"},
		{"a lone ` before <@1>", "a lone ` before @Ada"},
		{"<https://example.com> <a@b.example>", "<https://example.com> <a@b.example>"},
	} {
		got := Readable(test.content, func(kind Kind, id string) string { return names[kind][id] })
		if got != test.want {
			t.Errorf("Readable(%q) = %q, want %q", test.content, got, test.want)
		}
	}
}
