package discord

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/textproto"
	"strconv"
)

// File is a file that a message brings along.
type File struct {
	Name string // letters, digits and dots
	Type string // text/markdown, for example
	Data []byte
}

// attachment names a file of a form, by its number in it.
type attachment struct {
	ID       string `json:"id"`
	Filename string `json:"filename"`
}

// form is a body with files, as Discord wants it: the JSON, and each file beside it.
func form(b Body) (data []byte, contentType string, err error) {
	var out bytes.Buffer
	w := multipart.NewWriter(&out)
	part, err := w.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {`form-data; name="payload_json"`}, "Content-Type": {"application/json"}})
	if err != nil {
		return nil, "", fmt.Errorf("write a form: %w", err)
	}
	if err := json.NewEncoder(part).Encode(b); err != nil {
		return nil, "", fmt.Errorf("write a form: %w", err)
	}
	for n, f := range *b.Files {
		part, err := w.CreatePart(textproto.MIMEHeader{
			"Content-Disposition": {fmt.Sprintf(`form-data; name="files[%d]"; filename=%q`, n, f.Name)}, "Content-Type": {f.Type}})
		if err != nil {
			return nil, "", fmt.Errorf("write a form: %w", err)
		}
		if _, err := part.Write(f.Data); err != nil {
			return nil, "", fmt.Errorf("write a form: %w", err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, "", fmt.Errorf("write a form: %w", err)
	}
	return out.Bytes(), w.FormDataContentType(), nil
}

// MarshalJSON names the files; their bytes stand elsewhere in the form.
func (b Body) MarshalJSON() ([]byte, error) {
	type plain Body
	var named *[]attachment
	if b.Files != nil {
		named = &[]attachment{}
		for n, f := range *b.Files {
			*named = append(*named, attachment{strconv.Itoa(n), f.Name})
		}
	}
	return json.Marshal(struct {
		plain
		Files *[]attachment `json:"attachments,omitempty"`
	}{plain(b), named})
}

// encode makes a request's body.
func encode(body any) (data []byte, contentType string, err error) {
	if b, is := body.(Body); is && b.Files != nil && len(*b.Files) > 0 {
		return form(b)
	}
	data, err = json.Marshal(body)
	return data, "application/json", err
}
