package otlp_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"

	"feedbackbot/feedback"
	"feedbackbot/feedback/feedbacktest"
	"feedbackbot/feedback/otlp"
	"feedbackbot/feedback/rest"
)

// A pair of the resource that is none is left out, and the log says so without it.
func TestMalformedResource(t *testing.T) {
	c := newCollector(t)
	var log bytes.Buffer
	b := client(t, otlp.Options{Endpoint: c.URL, Resource: "team=a%20b,canary,=canary,bad=%zzcanary,host.name = x ,", Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err := b.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(c.resource) != 3 || c.resource["team"] != "a b" || c.resource["host.name"] != "x" || c.resource["service.name"] == "" {
		t.Errorf("resource %q, want the pairs that are well formed", c.resource)
	}
	if text := log.String(); !strings.Contains(text, "OTEL_RESOURCE_ATTRIBUTES") || !strings.Contains(text, "pairs=3") || strings.Contains(text, "canary") {
		t.Errorf("log %q, want three pairs left out and none shown", text)
	}
}

// The port of gRPC is recognised by the frames of HTTP/2 that it begins with.
func TestPortOfGRPC(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			io.WriteString(conn, "\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x05\x00\x00\x40\x00")
			go func() { // such a request is none of its protocol
				http.ReadRequest(bufio.NewReader(conn))
				conn.Close()
			}()
		}
	}()
	notFound := feedbacktest.NewServer(t, http.NotFoundHandler())
	for address, unauthorized := range map[string]bool{"http://" + listener.Addr().String(): false, "http://127.0.0.1:4317": false, notFound.URL: true} {
		err := client(t, otlp.Options{Endpoint: address}).Check(t.Context())
		var mended *rest.Mended
		if !errors.As(err, &mended) || !strings.Contains(mended.Mend, "4318") || errors.Is(err, feedback.ErrUnauthorized) != unauthorized {
			t.Errorf("Check() of %s = %v, want a mend that names the other port", address, err)
		}
	}
}

// Paths go before a query, and an address for traces alone is used as it is.
func TestWhereTracesGo(t *testing.T) {
	asked := make(chan string, 1)
	s := feedbacktest.NewServer(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asked <- r.URL.String() }))
	for want, o := range map[string]otlp.Options{
		"/v1/traces":             {Endpoint: s.URL + "/"},
		"/otel/v1/traces":        {Endpoint: s.URL + "/otel/"},
		"/v1/traces?key=x":       {Endpoint: s.URL + "?key=x"},
		"/otel/v1/traces?key=x":  {Endpoint: s.URL + "/otel/?key=x"},
		"/as/it/is/?key=x&y=%20": {Endpoint: "http://other", TracesEndpoint: s.URL + "/as/it/is/?key=x&y=%20"},
	} {
		if err := client(t, o).Check(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := <-asked; got != want {
			t.Errorf("asked %s, want %s", got, want)
		}
	}
}
