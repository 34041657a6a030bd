package discordtest_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"feedbackbot/bot/discordtest"
)

// A fault applies where, when and as often as it says.
func TestFaultSelection(t *testing.T) {
	for _, test := range []struct {
		name  string
		fault discordtest.Fault
		want  string // the statuses of four requests: GET a, GET b/c, POST a, GET a
	}{
		{"everything", discordtest.Fault{Status: 500}, "500 500 500 500"},
		{"twice", discordtest.Fault{Status: 500, Times: 2}, "500 500 401 401"},
		{"after two", discordtest.Fault{Status: 500, After: 2}, "401 401 500 500"},
		{"after one, once", discordtest.Fault{Status: 500, After: 1, Times: 1}, "401 500 401 401"},
		{"method", discordtest.Fault{Status: 500, Method: "POST"}, "401 401 500 401"},
		{"pattern", discordtest.Fault{Status: 500, Path: "/guilds/*"}, "500 401 500 500"},
		{"below", discordtest.Fault{Status: 500, Path: "/guilds/*/**"}, "401 500 401 401"},
		{"all below", discordtest.Fault{Status: 500, Path: "/guilds/**"}, "500 500 500 500"},
		{"elsewhere", discordtest.Fault{Status: 500, Path: "/channels/**"}, "401 401 401 401"},
	} {
		s := bare(t, discordtest.Options{Token: "another"}) // so that what is served gets 401
		remove := s.Inject(test.fault)
		var got []string
		for _, request := range []string{"GET /guilds/1", "GET /guilds/1/channels", "GET /guilds/2", "GET /guilds/1"} {
			method, path, _ := strings.Cut(request, " ")
			if len(got) == 2 && test.fault.Method == "POST" {
				method, path = "POST", "/users/@me/channels"
			}
			got = append(got, http.StatusText(call(t, s, method, path, nil).status))
		}
		want := strings.NewReplacer("500", "Internal Server Error", "401", "Unauthorized").Replace(test.want)
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v, want %s", test.name, got, want)
		}
		remove()
		if a := call(t, s, "GET", "/guilds/1", nil); a.status != 401 {
			t.Errorf("%s: removed, yet %d", test.name, a.status)
		}
	}
}

// DoFirst serves the request and then fails: the message is there, and the nonce finds it again.
func TestDoFirst(t *testing.T) {
	for name, fault := range map[string]discordtest.Fault{
		"status": {Status: 502, DoFirst: true, Times: 1, Method: "POST"},
		"drop":   {Drop: true, DoFirst: true, Times: 1, Method: "POST"},
	} {
		s := bare(t, discordtest.Options{})
		s.Inject(fault)
		path := "/channels/" + s.Channel().ID + "/messages"
		a, err := try(s, "POST", path, fresh("hi", "n"))
		if fault.Drop && err == nil || !fault.Drop && a.status != 502 {
			t.Errorf("%s: first = %d, %v", name, a.status, err)
		}
		id := call(t, s, "POST", path, fresh("hi", "n")).object(t)["id"]
		if list := s.Messages(s.Channel().ID, ""); len(list) != 1 || list[0].ID != id {
			t.Errorf("%s: messages = %+v", name, list)
		}
	}
}

// Drop breaks the connection before anything is done, and the log says so.
func TestDrop(t *testing.T) {
	s := bare(t, discordtest.Options{})
	s.Inject(discordtest.Fault{Drop: true, Times: 1})
	if _, err := try(s, "POST", "/channels/"+s.Channel().ID+"/messages", fresh("hi", "n")); err == nil {
		t.Error("an answer arrived")
	}
	if n, r := len(s.Messages(s.Channel().ID, "")), s.Requests(); n != 0 || len(r) != 1 || r[0].Status != 0 {
		t.Errorf("%d messages, requests %+v", n, r)
	}
}

// A delay ends with its time, and with the server.
func TestDelay(t *testing.T) {
	s := bare(t, discordtest.Options{})
	s.Inject(discordtest.Fault{Delay: time.Millisecond, Times: 1})
	if a := call(t, s, "GET", "/users/@me", nil); a.status != 200 {
		t.Errorf("GET = %d, want 200 after a delay", a.status)
	}
	s.Inject(discordtest.Fault{Delay: time.Hour, Times: 1})
	statuses := make(chan int, 2)
	for range 2 { // the first to arrive is held back, the other overtakes it
		go func() {
			a, _ := try(s, "GET", "/users/@me", nil)
			statuses <- a.status
		}()
	}
	for _, want := range []int{200, 0} {
		select {
		case got := <-statuses:
			if got != want {
				t.Errorf("status %d, want %d", got, want)
			}
		case <-soon(t).Done():
			t.Error("a delayed request outlived the server")
		}
		s.Close()
	}
}

// The ready-made faults look like the real ones.
func TestReadyMade(t *testing.T) {
	for name, test := range map[string]struct {
		fault   discordtest.Fault
		global  string
		reset   bool
		json    bool
		invalid int
	}{
		"user":   {discordtest.RateLimited("user", time.Second), "", true, true, 1},
		"shared": {discordtest.RateLimited("shared", time.Second), "", true, true, 0},
		"global": {discordtest.RateLimited("global", time.Second), "true", false, true, 1},
		"ban":    {discordtest.CloudflareBan(), "", false, false, 1},
	} {
		s := bare(t, discordtest.Options{})
		s.Inject(test.fault)
		a := call(t, s, "GET", "/users/@me", nil)
		if a.status != 429 || a.header.Get("X-RateLimit-Global") != test.global || a.header.Get("Retry-After") == "" ||
			(a.header.Get("X-RateLimit-Reset-After") != "") != test.reset || (a.header.Get("Via") != "") != test.json {
			t.Errorf("%s: %d %v", name, a.status, a.header)
		}
		if isJSON := strings.HasPrefix(a.header.Get("Content-Type"), "application/json"); isJSON != test.json {
			t.Errorf("%s: %s", name, a.body)
		}
		if n := s.InvalidRequests(); n != test.invalid {
			t.Errorf("%s: %d invalid requests, want %d", name, n, test.invalid)
		}
	}
}

// While the server refuses, neither REST nor the gateway answers.
func TestRefuse(t *testing.T) {
	s := bare(t, discordtest.Options{})
	s.Refuse(time.Hour)
	if _, err := try(s, "GET", "/users/@me", nil); err == nil {
		t.Error("REST answered")
	}
	s.Refuse(0)
	if a := call(t, s, "GET", "/users/@me", nil); a.status != 200 {
		t.Errorf("GET = %d", a.status)
	}
}
