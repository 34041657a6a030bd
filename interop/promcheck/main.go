// Command promcheck reads a page of metrics, in each of the formats that
// Prometheus takes, with Prometheus' own parser and linter, and the expressions
// that are its arguments. It prints a line for each thing that is wrong.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"strings"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
	"github.com/prometheus/prometheus/promql/parser"
)

func main() {
	log.SetFlags(0)
	page, err := io.ReadAll(os.Stdin)
	if err != nil {
		log.Fatal(err)
	}
	contentType := os.Args[1]
	known, err := names(page, contentType)
	if err != nil {
		fmt.Println(err)
	}
	if strings.HasPrefix(contentType, "text/plain") { // the only one that the linter reads
		problems, err := promlint.New(bytes.NewReader(page)).Lint()
		if err != nil {
			fmt.Println(err)
		}
		for _, p := range problems {
			fmt.Printf("%s: %s\n", p.Metric, p.Text)
		}
	}
	for _, text := range os.Args[2:] {
		expression, err := parser.NewParser(parser.Options{}).ParseExpr(text)
		if err != nil {
			fmt.Println(err)
			continue
		}
		parser.Inspect(expression, func(node parser.Node, _ []parser.Node) error {
			if v, ok := node.(*parser.VectorSelector); ok && !known[v.Name] {
				fmt.Printf("%s asks for %s, which is not there\n", text, v.Name)
			}
			return nil
		})
	}
}

// names are those of the metrics and of the series of a page.
func names(page []byte, contentType string) (map[string]bool, error) {
	p, err := textparse.New(page, contentType, labels.NewSymbolTable(), textparse.ParserOptions{})
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	for {
		entry, err := p.Next()
		if errors.Is(err, io.EOF) {
			return known, nil
		} else if err != nil {
			return known, err
		}
		switch entry {
		case textparse.EntryType: // of a histogram it is no series, but what people call it
			name, _ := p.Type()
			known[string(name)] = true
		case textparse.EntrySeries:
			var l labels.Labels
			p.Labels(&l)
			known[l.Get(labels.MetricName)] = true
		}
	}
}
