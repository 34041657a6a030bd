package discordtest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"feedbackbot/bot/discordtest"
)

// formFile is a file of a form, in a field.
type formFile struct{ field, name, data string }

// sendForm sends a request as a form with files, as multipart/form-data.
func sendForm(t *testing.T, s *discordtest.Server, method, path string, payload any, files ...formFile) answer {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	raw, err := json.Marshal(payload)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.WriteField("payload_json", string(raw)); err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		part, err := w.CreateFormFile(f.field, f.name)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(part, f.data)
	}
	w.Close()
	req, err := http.NewRequestWithContext(soon(t), method, s.URL()+path, &b)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bot test-token")
	req.Header.Set("User-Agent", "DiscordBot (https://example.com, 1)")
	req.Header.Set("Content-Type", w.FormDataContentType())
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header, body}
}

func numbered(ids ...any) (list []object) {
	list = []object{}
	for _, id := range ids {
		list = append(list, object{"id": id})
	}
	return list
}

// A file comes with a message or an edit and can be fetched; what the payload of an edit does not name goes away.
func TestFilesOfTheBot(t *testing.T) {
	s := start(t, discordtest.Options{ChannelLimit: -1})
	path := "/channels/" + s.Channel().ID + "/messages"
	a := sendForm(t, s, "POST", path, fresh("hello", "1", "attachments", numbered("0")), formFile{"files[0]", "a.md", "all of it"})
	var m discordtest.Message
	if err := json.Unmarshal(a.body, &m); err != nil || a.status != 200 || len(m.Attachments) != 1 {
		t.Fatalf("POST = %d %s, %v", a.status, a.body, err)
	}
	res, err := http.Get(m.Attachments[0].URL)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if data, err := io.ReadAll(res.Body); err != nil || string(data) != "all of it" || m.Attachments[0].Size != 9 || m.Attachments[0].Filename != "a.md" {
		t.Errorf("the file is %q of %d bytes, %v", data, m.Attachments[0].Size, err)
	}
	path += "/" + m.ID
	for n, edit := range []struct {
		payload object
		files   []formFile
		want    string
	}{
		{text("no word of files"), nil, "a.md"},
		{text("kept", "attachments", numbered(m.Attachments[0].ID)), nil, "a.md"},
		{text("and one more"), []formFile{{"files[3]", "b.md", "b"}}, "a.md b.md"},
		{text("another", "attachments", numbered("0")), []formFile{{"files[0]", "c.md", "c"}}, "c.md"},
		{text("none", "attachments", numbered()), nil, ""},
	} {
		var m discordtest.Message
		a := sendForm(t, s, "PATCH", path, edit.payload, edit.files...)
		if err := json.Unmarshal(a.body, &m); err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, a := range m.Attachments {
			names = append(names, a.Filename)
		}
		if got := strings.Join(names, " "); got != edit.want || a.status != 200 {
			t.Errorf("edit %d leaves %q, want %q: %d %s", n, got, edit.want, a.status, a.body)
		}
	}
}

// What Discord refuses about files is refused.
func TestFilesThatAreRefused(t *testing.T) {
	s := start(t, discordtest.Options{ChannelLimit: -1})
	closed := s.AddChannel(s.Guild().ID, "no files", discordtest.DefaultPermissions&^discordtest.AttachFiles)
	ok := formFile{"files[0]", "a.md", "a"}
	many := []formFile{}
	for n := range 11 {
		many = append(many, formFile{fmt.Sprintf("files[%d]", n%10), "a.md", "a"})
	}
	for n, test := range []struct {
		channelID string
		payload   object
		files     []formFile
		status    int
		code      int
	}{
		{s.Channel().ID, fresh("a", "a", "attachments", numbered("1")), []formFile{ok}, 400, 50035},
		{s.Channel().ID, fresh("a", "b", "attachments", numbered("0", "1")), []formFile{ok}, 400, 50035},
		{s.Channel().ID, fresh("a", "c", "attachments", numbered("0")), nil, 400, 50035},
		{s.Channel().ID, fresh("a", "d"), []formFile{{"answer", "a.md", "a"}}, 400, 50035},
		{s.Channel().ID, fresh("a", "e"), []formFile{{"files[0]", "", "a"}}, 400, 50035},
		{s.Channel().ID, fresh("a", "f"), []formFile{{"files[0]", "a.md", strings.Repeat("a", 10<<20+1)}}, 413, 40005},
		{s.Channel().ID, fresh("a", "g"), many, 400, 50035},
		{closed.ID, fresh("a", "h"), []formFile{ok}, 403, 50013},
		{closed.ID, fresh("a", "i"), nil, 200, 0},
	} {
		if a := sendForm(t, s, "POST", "/channels/"+test.channelID+"/messages", test.payload, test.files...); a.status != test.status || a.code() != test.code {
			t.Errorf("%d: %d %s, want %d and code %d", n, a.status, a.body, test.status, test.code)
		}
	}
}
