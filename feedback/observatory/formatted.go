package observatory

import (
	"bytes"
	"html/template"
	"net/url"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/util"
)

// markdown renders answers. They are written by nobody who can be trusted: no
// picture is fetched, no HTML is taken over, and a link says where it leads.
var markdown = goldmark.New(goldmark.WithExtensions(extension.Strikethrough),
	goldmark.WithRendererOptions(renderer.WithNodeRenderers(util.Prioritized(harmless{}, 1))))

// formatted returns an answer with its headings, lists and code.
func formatted(answer string) template.HTML {
	var out bytes.Buffer
	if err := markdown.Convert([]byte(plain(answer)), &out); err != nil {
		return template.HTML(template.HTMLEscapeString(answer))
	}
	return template.HTML(out.String())
}

// harmless renders what could do harm.
type harmless struct{}

func (h harmless) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(ast.KindLink, func(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
		link(w, string(n.(*ast.Link).Destination), entering)
		return ast.WalkContinue, nil
	})
	r.Register(ast.KindAutoLink, func(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering {
			a := n.(*ast.AutoLink)
			link(w, string(a.URL(source)), true)
			escape(w, a.Label(source))
			link(w, string(a.URL(source)), false)
		}
		return ast.WalkContinue, nil
	})
	r.Register(ast.KindImage, func(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering {
			w.WriteString("[a picture, not shown: ")
			escape(w, n.(*ast.Image).Destination)
			w.WriteString("] ")
		}
		return ast.WalkContinue, nil // what it is called follows
	})
	r.Register(ast.KindRawHTML, func(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering {
			escape(w, n.(*ast.RawHTML).Segments.Value(source))
		}
		return ast.WalkSkipChildren, nil
	})
	r.Register(ast.KindHTMLBlock, func(w util.BufWriter, source []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering {
			b := n.(*ast.HTMLBlock)
			w.WriteString("<pre>")
			escape(w, b.Lines().Value(source))
			if b.HasClosure() {
				escape(w, b.ClosureLine.Value(source))
			}
			w.WriteString("</pre>")
		}
		return ast.WalkSkipChildren, nil
	})
}

// link writes the beginning or the end of a link. What is no web address is text.
func link(w util.BufWriter, to string, begin bool) {
	u, err := url.Parse(to)
	web := err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
	switch {
	case web && begin:
		w.WriteString(`<a rel="noopener noreferrer nofollow" target="_blank" href="`)
		escape(w, []byte(u.String()))
		w.WriteString(`">`)
	case web:
		w.WriteString(`</a> (`)
		escape(w, []byte(u.Host))
		w.WriteString(`)`)
	case !begin:
		w.WriteString(` (`)
		escape(w, []byte(to))
		w.WriteString(`)`)
	}
}

func escape(w util.BufWriter, text []byte) { template.HTMLEscape(w, text) }
