package discordtest

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// sentFile is a file of a form, under the number by which the payload names it.
type sentFile struct {
	n string
	Attachment
}

// namedFile names an attachment in a payload: one that stays, by its id, or a file of the form, by its number.
type namedFile struct {
	ID       any    `json:"id"`
	Filename string `json:"filename"`
}

func (f namedFile) id() string { return fmt.Sprint(f.ID) }

// maxFile is the largest file that the bot may send, maxFiles how many of them.
const (
	maxFile  = 10 << 20
	maxFiles = 10
)

var filePart = regexp.MustCompile(`^files\[(\d)\]$`)

// payload returns the JSON of a request: its body, or the part payload_json of a form with files.
func (c *call) payload() ([]byte, []sentFile, error) { return payloadOf(c.Header, c.data) }

// Payload is the JSON of a request, whether it came with files or without.
func (r Request) Payload() []byte {
	payload, _, err := payloadOf(r.Header, r.Body)
	if err != nil {
		return nil
	}
	return payload
}

func payloadOf(header http.Header, body []byte) ([]byte, []sentFile, error) {
	kind, params, _ := mime.ParseMediaType(header.Get("Content-Type"))
	if kind != "multipart/form-data" {
		return body, nil, nil
	}
	form := multipart.NewReader(bytes.NewReader(body), params["boundary"])
	payload, files := []byte("{}"), []sentFile(nil)
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			return payload, files, nil
		}
		if err != nil {
			return nil, nil, err
		}
		data, err := io.ReadAll(part)
		if err != nil {
			return nil, nil, err
		}
		if part.FormName() == "payload_json" {
			payload = data
			continue
		}
		n := filePart.FindStringSubmatch(part.FormName())
		if n == nil || part.FileName() == "" {
			return nil, nil, invalidForm(part.FormName(), "UNKNOWN_FIELD", "A file has a name, and stands in a field files[n].")
		}
		a := Attachment{Filename: part.FileName(), ContentType: part.Header.Get("Content-Type")}
		files = append(files, sentFile{n[1], a.WithData(data)})
	}
}

// checkFiles holds the rules for the files of a message that is created or edited: the payload names all that it is
// to have, and each file of the form by its number.
func checkFiles(m *Message, b *body) error {
	for _, f := range b.files {
		if f.Size > maxFile {
			return refuse(413, 40005, "Request entity too large")
		}
		isNamed := slices.ContainsFunc(b.Attachments.Value, func(k namedFile) bool { return k.id() == f.n })
		if b.Attachments.Set && !isNamed {
			return invalidForm("attachments", "ATTACHMENT_NOT_NAMED", "A file of the form is missing in attachments.")
		}
	}
	for _, k := range b.Attachments.Value {
		isNew := slices.ContainsFunc(b.files, func(f sentFile) bool { return k.id() == f.n })
		isOld := slices.ContainsFunc(m.Attachments, func(a Attachment) bool { return k.id() == a.ID })
		if !isNew && !isOld {
			return invalidForm("attachments", "ATTACHMENT_NOT_FOUND", "There is no such attachment, and no such file in the form.")
		}
	}
	kept := m.Attachments
	if b.Attachments.Set {
		kept = kept[:0]
	}
	if max(len(kept)+len(b.files), len(b.Attachments.Value)) > maxFiles {
		return tooLong("attachments", maxFiles)
	}
	return nil
}

// mayAttach refuses files in a channel where the bot may not attach any. In answers to interactions it always may.
func (c *channel) mayAttach(b *body) error {
	if len(b.files) > 0 && c.Permissions&AttachFiles == 0 {
		return refuse(403, 50013, "Missing Permissions")
	}
	return nil
}

// applyFiles keeps what the payload names, or everything, and adds the files of the form. The caller holds s.mu.
func (s *Server) applyFiles(m *Message, b *body, now time.Time) {
	if b.Attachments.Set {
		m.Attachments = slices.DeleteFunc(slices.Clone(m.Attachments), func(a Attachment) bool {
			return !slices.ContainsFunc(b.Attachments.Value, func(k namedFile) bool { return k.id() == a.ID })
		})
	}
	for _, f := range b.files {
		m.Attachments = append(slices.Clone(m.Attachments), s.keepFile(m.ChannelID, s.snowflake(now), f.Attachment))
	}
}

// WithData gives an attachment its bytes, which the bot can fetch from its URL. Its size becomes theirs.
func (a Attachment) WithData(data []byte) Attachment {
	a.data, a.Size = data, len(data)
	return a
}

// maxKept bounds the bytes of all attachments together; the oldest are forgotten first.
const maxKept = 64 << 20

// keepFile gives an attachment an id and an address, and keeps its bytes. The caller holds s.mu.
func (s *Server) keepFile(channelID, id string, a Attachment) Attachment {
	a.ID = id
	a.URL = s.signed(fmt.Sprintf("%s/attachments/%s/%s/%s", s.CDN(), channelID, id, url.PathEscape(a.Filename)))
	a.ProxyURL = a.URL
	a.ContentType = cmp.Or(a.ContentType, mime.TypeByExtension(path.Ext(a.Filename))) // by the name, as Discord does
	if a.data != nil {
		s.files[id] = a
		s.fileOrder = append(s.fileOrder, id)
		for s.fileBytes += a.Size; s.fileBytes > maxKept && len(s.fileOrder) > 1; s.fileOrder = s.fileOrder[1:] {
			s.fileBytes -= s.files[s.fileOrder[0]].Size
			delete(s.files, s.fileOrder[0])
		}
		a.data = nil
	}
	return a
}

// signed is the address of a file, with a signature that expires. The caller holds s.mu.
func (s *Server) signed(address string) string {
	address, _, _ = strings.Cut(address, "?")
	return fmt.Sprintf("%s?ex=%x&hm=5ca1ab1e", address, s.fileAge)
}

// resigned are attachments as they are shown now. The caller holds s.mu.
func (s *Server) resigned(list []Attachment) []Attachment {
	fresh := make([]Attachment, len(list))
	for n, a := range list {
		a.URL = s.signed(a.URL)
		a.ProxyURL, fresh[n] = a.URL, a
	}
	return fresh
}

// ExpireFiles ends the addresses that were given out so far, as a day does. Who reads a message again gets new ones.
func (s *Server) ExpireFiles() { s.mu.Lock(); defer s.mu.Unlock(); s.fileAge++ }

// DropFiles takes the files out of a message, as its author can.
func (s *Server) DropFiles(messageID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.messages[messageID]
	if old == nil {
		s.problem("fake: DropFiles: there is no message %q", messageID)
		return
	}
	next := *old
	next.Attachments = []Attachment{}
	s.changed(KindEdit, &next)
	s.dispatchMessage("MESSAGE_UPDATE", s.channels[next.ChannelID], &next)
}

// CDN is the base of the addresses of attachments, such as http://127.0.0.1:4000.
func (s *Server) CDN() string { return "http://" + s.listener.Addr().String() }

// serveFile is the CDN. Like Discord's it asks for no token.
func (s *Server) serveFile(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	a, found := s.files[r.PathValue("id")]
	age := strconv.FormatInt(int64(s.fileAge), 16)
	s.mu.Unlock()
	if !found || r.URL.Query().Get("ex") != age || a.Filename != r.PathValue("name") {
		http.Error(w, "This content is no longer available.", http.StatusNotFound)
		return
	}
	if a.ContentType != "" {
		w.Header().Set("Content-Type", a.ContentType)
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(a.data)))
	w.Write(a.data)
}
