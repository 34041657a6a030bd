package bot_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"

	"feedbackbot/bot/discordtest"
	"feedbackbot/llm/llmtest"
)

func pngOf(t *testing.T, width, height int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, width, height))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// bomb is a small file that says it is an enormous picture.
func bomb(t *testing.T) []byte {
	data := pngOf(t, 1, 1)
	binary.BigEndian.PutUint32(data[16:], 50_000)
	binary.BigEndian.PutUint32(data[20:], 50_000)
	binary.BigEndian.PutUint32(data[29:], crc32.ChecksumIEEE(data[12:29]))
	return data
}

// pictures returns what the model was shown with a request, as data URLs.
func pictures(t testing.TB, r llmtest.Request) (urls []string) {
	t.Helper()
	var sent struct {
		Messages []struct{ Content json.RawMessage }
	}
	if err := json.Unmarshal(r.Raw, &sent); err != nil {
		t.Fatal(err)
	}
	for _, m := range sent.Messages {
		var parts []struct {
			Image struct{ URL string } `json:"image_url"`
		}
		if json.Unmarshal(m.Content, &parts) != nil {
			continue
		}
		for _, p := range parts {
			if p.Image.URL != "" {
				urls = append(urls, p.Image.URL)
			}
		}
	}
	return urls
}

// Pictures go to the model, files of text go in with their name, and everything
// else gets a sentence. What a file is, its bytes say, not its name.
func TestAttachments(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{ChannelLimit: -1})
	w.options.Pictures = true
	w.start()
	ada, channel := w.discord.AddUser("Ada"), w.discord.Channel().ID
	for _, test := range []struct {
		name, file string
		data       []byte
		picture    string // how its data URL begins
		text       string // what stands in the question
		note       string // what the person is told
	}{
		{"picture", "dot.png", pngOf(t, 4, 4), "data:image/png;base64,", "", ""},
		{"picture with another name", "dot.txt", pngOf(t, 4, 4), "data:image/png;base64,", "", ""},
		{"text", "notes.md", []byte("# Ferries\nThey are late."), "", "File notes.md:\n# Ferries\nThey are late.", ""},
		{"page that says it is a picture", "dot.png", []byte("<html>hello</html>"), "", "File dot.png:\n<html>hello</html>", ""},
		{"long text", "long.txt", bytes.Repeat([]byte("words "), 10_000), "", "(the rest of the file is left out)", ""},
		{"text in UTF-16", "notes.txt", []byte("\xff\xfeG\x00r\x00\xfc\x00\xdf\x00e\x00"), "", "File notes.txt:\nGrüße", ""},
		{"text in Latin-1", "notes.txt", []byte("Gr\xfc\xdfe aus K\xf6ln"), "", "File notes.txt:\nGrüße aus Köln", ""},
		{"telephone", "IMG_0001.heic", []byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"), "", "", "can't open IMG_0001.heic"},
		{"archive", "all.zip", []byte("PK\x03\x04\x00\x00"), "", "", "I can't read all.zip"},
		{"half a picture", "dot.png", pngOf(t, 4, 4)[:20], "", "", "I can't read dot.png"},
		{"bomb", "dot.png", bomb(t), "", "", "too many pixels"},
		{"enormous", "big.bin", make([]byte, 11<<20), "", "", "too large for me"},
		{"enormous text", "big.txt", bytes.Repeat([]byte("a"), 600<<10), "", "", "too large for me"},
		{"lost", "lost.txt", nil, "", "", "couldn't get the file lost.txt"},
	} {
		w.model.Queue(llmtest.Script{Text: "I see."})
		m := w.answered(w.discord.Say(ada.ID, channel, w.mention("what is this?"), attach(test.file, test.data)).ID)
		if note := strings.TrimPrefix(m.Content, "I see."); (test.note == "") != (note == "") || !strings.Contains(note, test.note) {
			t.Errorf("%s: the person is told %q, want %q", test.name, note, test.note)
		}
		requests := w.model.Requests()
		last := requests[len(requests)-1]
		if got := pictures(t, last); (test.picture == "") != (len(got) == 0) || len(got) > 0 && !strings.HasPrefix(got[0], test.picture) {
			t.Errorf("%s: the model was shown %d pictures: %.60q", test.name, len(got), got)
		}
		asked := "what is this?\n[attached: " + test.file + "]"
		if test.note != "" {
			asked = "what is this?\n[attached, but it cannot be read: " + test.file + "]"
		}
		if got := last.LastUser(); !strings.HasPrefix(got, asked) || !strings.Contains(got, test.text) || test.text == "" && strings.Contains(got, "File ") {
			t.Errorf("%s: the model was asked %.80q", test.name, got)
		}
		if r := w.response(m.ID); r.Question != asked || (test.text != "") != (len(r.Context) == 1) {
			t.Errorf("%s: stored %q with %d texts", test.name, r.Question, len(r.Context))
		}
	}
}

// A picture larger than a model wants is made smaller.
func TestLargePicture(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	w.options.Pictures = true
	w.start()
	large := image.NewRGBA(image.Rect(0, 0, 3000, 1500))
	for x := range 3000 {
		large.Set(x, 700, color.RGBA{255, 0, 0, 255})
	}
	var data bytes.Buffer
	if err := jpeg.Encode(&data, large, nil); err != nil {
		t.Fatal(err)
	}
	w.answered(w.discord.Say(w.discord.AddUser("Ada").ID, w.discord.Channel().ID, w.mention("what is this?"), attach("large.jpg", data.Bytes())).ID)
	shown := pictures(t, w.model.Requests()[0])
	if len(shown) != 1 {
		t.Fatalf("%d pictures, want 1", len(shown))
	}
	raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(shown[0], "data:image/jpeg;base64,"))
	if err != nil {
		t.Fatal(err)
	}
	if c, kind, err := image.DecodeConfig(bytes.NewReader(raw)); err != nil || c.Width != 2048 || c.Height != 1024 || kind != "jpeg" {
		t.Errorf("the model was shown %s of %d × %d, %v, want a JPEG of 2048 × 1024", kind, c.Width, c.Height, err)
	}
}

// A file alone is a question too; one that cannot be read gets the sentence. A
// model without eyes is not shown pictures, and one that turns out to have none
// is explained.
func TestFileAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	w.options.Pictures = true
	w.start()
	ada := w.discord.AddUser("Ada")
	dm := w.discord.DM(ada.ID).ID
	w.model.Queue(llmtest.Script{Text: "A list."})
	if m := w.answered(w.discord.Say(ada.ID, dm, "", attach("a.txt", []byte("eggs"))).ID); m.Content != "A list." {
		t.Errorf("answered %q", m.Content)
	}
	other := w.discord.AddUser("Bert")
	unread := w.discord.Say(other.ID, w.discord.DM(other.ID).ID, "", attach("a.zip", []byte("PK\x03\x04\x00\x00")))
	if m := w.replied(unread.ID, "I can't read a.zip"); rateable(m) {
		t.Error("a sentence has vote buttons")
	}
	w.model.Queue(llmtest.Script{Status: 400, Body: `{"error":{"message":"Invalid content type. image_url is only supported by certain models.","type":"invalid_request_error"}}`})
	w.replied(w.discord.Say(ada.ID, dm, "look", attach("a.png", pngOf(t, 2, 2))).ID, "can't look at pictures. Please ask without")
}

// The files of a question are there again when it is answered once more.
func TestRegenerateWithFiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	w.options.Pictures = true
	w.start()
	ada := w.discord.AddUser("Ada")
	m := w.answered(w.discord.Say(ada.ID, w.discord.Channel().ID, w.mention("what is this?"), attach("a.png", pngOf(t, 2, 2)), attach("b.txt", []byte("eggs"))).ID)
	for range 2 {
		m = w.answerTo(w.discord.Click(ada.ID, m.ID, labelled(m, "Regenerate")))
		requests := w.model.Requests()
		last := requests[len(requests)-1]
		if got := last.LastUser(); len(pictures(t, last)) != 1 || got != "what is this?\n[attached: a.png, b.txt]\n\nFile b.txt:\neggs" {
			t.Errorf("the model was asked %q with %d pictures", got, len(pictures(t, last)))
		}
	}
}

// More text than the model may be shown is left out, whatever is in which file.
func TestFilesBeyondTheContext(t *testing.T) {
	t.Parallel()
	for _, tokens := range []int{4000, 0} {
		w := newWorld(t, discordtest.Options{})
		w.options.ContextTokens = tokens
		w.start()
		ada, page := w.discord.AddUser("Ada"), []byte(strings.Repeat("all work and no play ", 1200))
		w.answered(w.discord.Say(ada.ID, w.discord.Channel().ID, w.mention("compare these"), attach("a.txt", page), attach("b.txt", page)).ID)
		got := w.model.Requests()[0].LastUser()
		if !strings.Contains(got, "File a.txt") || !strings.Contains(got, "File b.txt") || tokens > 0 && len(got) > 2*len(page) {
			t.Errorf("with room for %d tokens the model was shown %d characters: %.80q", tokens, len(got), got)
		}
	}
}

// /ask takes files by the same rules as a message, also when it is answered once
// more.
func TestFilesOfACommand(t *testing.T) {
	t.Parallel()
	w := newWorld(t, discordtest.Options{})
	w.options.Pictures = true
	w.start()
	file := func(name string, data []byte) discordtest.Attachment {
		return discordtest.Attachment{Filename: name}.WithData(data)
	}
	ada := w.discord.AddUser("Ada")
	w.model.Queue(llmtest.Script{Text: "I see."}, llmtest.Script{Text: "I see."})
	m := w.answerTo(w.discord.Command(ada.ID, w.discord.Channel().ID, "ask", map[string]any{"prompt": "what is this?",
		"file": file("a.png", pngOf(t, 2, 2)), "file2": file("b.txt", []byte("eggs")), "file3": file("c.zip", []byte("PK\x03\x04\x00\x00"))}))
	for range 2 {
		requests := w.model.Requests()
		last := requests[len(requests)-1]
		if got, want := last.LastUser(), "what is this?\n[attached: a.png, b.txt]\n[attached, but it cannot be read: c.zip]\n\nFile b.txt:\neggs"; got != want || len(pictures(t, last)) != 1 {
			t.Errorf("the model was asked %q with %d pictures, want %q with one", got, len(pictures(t, last)), want)
		}
		if !strings.HasPrefix(m.Content, "> **Ada** asks: what is this? \\[attached: a.png, b.txt") || !strings.Contains(m.Content, "\nI see.") || !strings.Contains(m.Content, "I can't read c.zip") {
			t.Errorf("shown %q", m.Content)
		}
		m = w.answerTo(w.discord.Click(ada.ID, m.ID, labelled(m, "Regenerate")))
	}
}
