package main

import (
	"bytes"
	"context"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestMain lets the test binary stand in for the program itself, so that tests
// can start it as a process, and kill it.
func TestMain(m *testing.M) {
	switch os.Getenv("FEEDBACKBOT_TEST_RUN") {
	case "":
	case "main":
		main() // with a .env in its folder
	default:
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		os.Exit(run(ctx, os.Args[1:], os.Environ(), os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// Every way to call the program wrongly gets one line and the right exit code.
func TestRun(t *testing.T) {
	for _, test := range []struct {
		name    string
		args    []string
		environ []string
		code    int
		stdout  string
		stderr  string
	}{
		{"help", []string{"help"}, nil, 0, "feedbackbot check", ""},
		{"version", []string{"version"}, nil, 0, "feedbackbot ", ""},
		{"UnknownWord", []string{"dance"}, nil, 1, "", `feedbackbot: there is no command "dance"; try feedbackbot help`},
		{"Arguments", []string{"check", "twice"}, nil, 1, "", "feedbackbot: check takes no arguments; try feedbackbot help"},
		{"PlaygroundArguments", []string{"playground", "now"}, nil, 1, "", `feedbackbot: playground takes no argument "now"`},
		{"PlaygroundFile", []string{"playground"}, []string{"OPENAI_API_KEY_FILE=/nowhere"}, 78, "", "feedbackbot: configuration: OPENAI_API_KEY_FILE cannot be read"},
		{"AllMissingAtOnce", nil, nil, 78, "", "feedbackbot: configuration: DISCORD_TOKEN is missing; OPENAI_API_KEY is missing"},
		{"BadValues", nil, []string{"DISCORD_TOKEN=t", "OPENAI_API_KEY=k", "FEEDBACK_BUTTONS=hearts", "DISCORD_GLOBAL_RPS=fast", "DISCORD_SHARDS=9"},
			78, "", "feedbackbot: configuration: DISCORD_GLOBAL_RPS is not a int; FEEDBACK_BUTTONS must be one of both, thumbs, stars; " +
				"DISCORD_SHARDS must be auto, first-last/total as in 0-3/8, or part:parts/total as in 0:2/8"},
		{"NoRoomForQuestions", []string{"check"}, []string{"DISCORD_TOKEN=t", "OPENAI_API_KEY=k", "SYSTEM_PROMPT=" + strings.Repeat("You are Mira. ", 2400)},
			78, "", "feedbackbot: configuration: SYSTEM_PROMPT takes about 840"},
		{"UnknownDialect", []string{"playground", "-model", "klingon"}, nil, 1, "", `feedbackbot: the scripted model knows no "klingon"; feedbackbot playground -model list prints what it knows`},
		{"Dialects", []string{"playground", "-model", "list"}, nil, 0, "together-eos", ""},
		{"NoPostgres", []string{"deliveries"}, []string{"DATABASE_URL=postgres://postgres:canary@127.0.0.1:1/none"}, 1, "", "feedbackbot: connect to the database: failed to connect"},
		{"SecretInTheWrongPlace", nil, []string{"DISCORD_TOKEN=t", "OPENAI_API_KEY=k", "HTTP_ADDR=sk-canary"},
			78, "", "feedbackbot: configuration: HTTP_ADDR must be host:port"},
		{"PasswordNotEncoded", nil, []string{"DISCORD_TOKEN=t", "OPENAI_API_KEY=k", "DATABASE_URL=postgres://bot:p@canary@127.0.0.1:1/bot"},
			78, "", "feedbackbot: the password in DATABASE_URL can be read in more than one way; percent-encode what is special"},
		{"DatabaseIsFolder", []string{"deliveries"}, []string{"DATABASE_URL=sqlite:."}, 78, "", "feedbackbot: open the database: open .: is a directory; name a file in that folder"},
		{"CheckDatabase", []string{"check"}, []string{"DISCORD_TOKEN=t", "DISCORD_API_URL=http://127.0.0.1:1/", "OPENAI_BASE_URL=http://127.0.0.1:1/", "DATABASE_URL=postgres://b:5/canary@h/b"},
			1, "FAIL  database", ""},
		{"PortOutOfRange", nil, []string{"DISCORD_TOKEN=t", "OPENAI_API_KEY=k", "HTTP_ADDR=127.0.0.1:99999"}, 78, "", "feedbackbot: configuration: HTTP_ADDR must have a port"},
		{"NobodyAtHome", []string{"healthcheck"}, []string{"HTTP_ADDR=127.0.0.1:1"}, 1, "", "feedbackbot: the bot does not answer: "},
	} {
		t.Run(test.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			code := run(t.Context(), test.args, test.environ, &stdout, &stderr)
			if code != test.code {
				t.Errorf("run(%q) = %d, want %d", test.args, code, test.code)
			}
			if !strings.Contains(stdout.String(), test.stdout) {
				t.Errorf("stdout = %q, want it to hold %q", stdout.String(), test.stdout)
			}
			if !strings.HasPrefix(stderr.String(), test.stderr) || strings.Count(stderr.String(), "\n") > 1 {
				t.Errorf("stderr = %q, want one line that begins %q", stderr.String(), test.stderr)
			}
			if strings.Contains(stderr.String(), "canary") {
				t.Errorf("stderr = %q, want no value in it", stderr.String())
			}
		})
	}
}

// A stop is no failure, however early it comes.
func TestStoppedBeforeItBegan(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	for _, args := range [][]string{
		nil,
		{"playground"},
	} {
		var out, errs bytes.Buffer
		environ := []string{"DISCORD_TOKEN=t", "OPENAI_API_KEY=k", "DATABASE_URL=sqlite:" + filepath.Join(t.TempDir(), "feedback.db"), "HTTP_ADDR=127.0.0.1:0"}
		if code := run(ctx, args, environ, &out, &errs); code != exitOK {
			t.Errorf("run(%q) = %d, want %d: %s", args, code, exitOK, errs.String())
		}
	}
}
