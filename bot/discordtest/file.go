package discordtest

import (
	"cmp"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
)

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
