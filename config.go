package main

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"

	"feedbackbot/bot"
)

// Config is the whole configuration. Every variable is described, with an
// example, in .env.example.
type Config struct {
	DiscordToken          Secret `env:"DISCORD_TOKEN,required,notEmpty"`
	DiscordAPIURL         string `env:"DISCORD_API_URL" envDefault:"https://discord.com/api/v10"`
	DiscordGlobalRPS      int    `env:"DISCORD_GLOBAL_RPS" envDefault:"50"`
	DiscordShards         string `env:"DISCORD_SHARDS" envDefault:"auto"`
	DiscordMessageContent string `env:"DISCORD_MESSAGE_CONTENT" envDefault:"auto"`

	AllowPlaces    []string `env:"ALLOW_PLACES"`
	DenyPlaces     []string `env:"DENY_PLACES"`
	AllowPeople    []string `env:"ALLOW_PEOPLE"`
	DenyPeople     []string `env:"DENY_PEOPLE"`
	DirectMessages bool     `env:"DIRECT_MESSAGES" envDefault:"true"`
	AnswerAll      []string `env:"ANSWER_ALL"`
	AnswerThreads  []string `env:"ANSWER_IN_THREADS"`

	LimitAtOnce       int `env:"LIMIT_AT_ONCE" envDefault:"500"`
	LimitMemberHourly int `env:"LIMIT_MEMBER_HOURLY" envDefault:"1000"`
	LimitServerHourly int `env:"LIMIT_SERVER_HOURLY" envDefault:"0"`
	BudgetConfig

	OpenAIKey     Secret `env:"OPENAI_API_KEY"`
	OpenAIBaseURL string `env:"OPENAI_BASE_URL" envDefault:"https://api.openai.com/v1"`
	OpenAIModel   string `env:"OPENAI_MODEL" envDefault:"gpt-5-mini"`
	PersonaConfig
	OpenAIFallback      string        `env:"OPENAI_FALLBACK_MODEL"`
	OpenAIMaxTokens     int           `env:"OPENAI_MAX_TOKENS" envDefault:"8192"`
	OpenAITemperature   *float32      `env:"OPENAI_TEMPERATURE"`
	OpenAIContextTokens int           `env:"OPENAI_CONTEXT_TOKENS" envDefault:"8000"`
	OpenAIImages        bool          `env:"OPENAI_IMAGES" envDefault:"true"`
	OpenAIIdleTimeout   time.Duration `env:"OPENAI_IDLE_TIMEOUT" envDefault:"30s"`
	OpenAITimeout       time.Duration `env:"OPENAI_TIMEOUT" envDefault:"2m"`
	SystemPrompt        string        `env:"SYSTEM_PROMPT" envDefault:"You are a friendly assistant on the Discord server {server}. Today is {date}. Answer briefly and exactly, in the language of the question, with Discord's markdown. Say so when you do not know something."`

	DatabaseURL Secret `env:"DATABASE_URL" envDefault:"sqlite:feedbackbot.db"`
	HTTPAddr    string `env:"HTTP_ADDR" envDefault:"127.0.0.1:8080"`
	LogFormat   string `env:"LOG_FORMAT" envDefault:"text"`
	LogLevel    string `env:"LOG_LEVEL" envDefault:"info"`

	ProxyConfig
	ModerationConfig
	ReviewConfig

	StoreText       bool `env:"STORE_TEXT" envDefault:"true"`
	RetainTextsDays int  `env:"RETAIN_TEXTS_DAYS" envDefault:"0"`
	RetainVotesDays int  `env:"RETAIN_VOTES_DAYS" envDefault:"0"`

	FeedbackButtons string        `env:"FEEDBACK_BUTTONS" envDefault:"both"`
	FeedbackRaters  string        `env:"FEEDBACK_RATERS" envDefault:"everyone"`
	FeedbackSettle  time.Duration `env:"FEEDBACK_SETTLE" envDefault:"10s"`
	FeedbackRate    float64       `env:"FEEDBACK_RATE" envDefault:"50"`
	FeedbackExplain string        `env:"FEEDBACK_EXPLAIN" envDefault:"negative"`

	// The backends, each with a file of its own.
	ConfidentConfig
	LangfuseConfig
	OTLPConfig
	PhoenixConfig
	WebhookConfig

	shards   bot.Shards
	logLevel slog.Level
}

// Secret is a text that must not be shown. However it is printed, logged or
// marshalled, it comes out as [secret]; only Reveal gives it away.
type Secret string

const hidden = "[secret]"

// Reveal returns the secret itself.
func (s Secret) Reveal() string { return string(s) }

func (s Secret) String() string               { return hidden }
func (s Secret) GoString() string             { return hidden }
func (s Secret) LogValue() slog.Value         { return slog.StringValue(hidden) }
func (s Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// systemPrompt is what the model is told before each conversation; "" for nothing,
// which an empty variable cannot say.
func (c *Config) systemPrompt() string {
	if strings.EqualFold(strings.TrimSpace(c.SystemPrompt), "none") {
		return ""
	}
	return c.SystemPrompt
}

// errConfiguration is a configuration that can never work.
var errConfiguration = errors.New("configuration")

// loadConfig reads the configuration from variables of the form NAME=value, and
// from files that they name. The error is errConfiguration and lists everything
// that is wrong, in one line.
func loadConfig(environ []string) (Config, error) { return load(environ) }

// loadToolConfig is loadConfig for commands that speak to neither Discord nor a
// model, and need no keys to them.
func loadToolConfig(environ []string) (Config, error) {
	return load(environ, "DISCORD_TOKEN", "OPENAI_API_KEY")
}

// load reads a configuration in which some variables need not be set.
func load(environ []string, unused ...string) (Config, error) {
	vars := env.ToMap(environ)
	wrong := readValues(vars)
	for name, value := range vars {
		if value == "" {
			delete(vars, name) // an empty variable in a compose file means the default
		}
	}
	for _, name := range unused {
		vars[name] = cmp.Or(vars[name], "unused")
	}
	var c Config
	var all env.AggregateError
	if err := env.ParseWithOptions(&c, env.Options{Environment: vars}); errors.As(err, &all) {
		for _, e := range all.Errors {
			wrong = addUnsaid(wrong, sayWhat(e))
		}
	} else if err != nil {
		return Config{}, err
	}
	wrong = addUnsaid(wrong, c.check()...)
	if len(wrong) > 0 {
		return Config{}, fmt.Errorf("%w: %s", errConfiguration, strings.Join(wrong, "; "))
	}
	return c, nil
}

// addUnsaid adds sentences about variables of which none has been said yet.
func addUnsaid(said []string, more ...string) []string {
	for _, sentence := range more {
		name, _, _ := strings.Cut(sentence, " ")
		if !slices.ContainsFunc(said, func(s string) bool { return strings.HasPrefix(s, name+" ") || strings.HasPrefix(s, name+"_FILE ") }) {
			said = append(said, sentence)
		}
	}
	return said
}

// sayWhat puts a parser's error into words that name the variable, and never
// repeats its value: it may be a secret in the wrong place.
func sayWhat(err error) string {
	var missing env.VarIsNotSetError
	var empty env.EmptyVarError
	var parse env.ParseError
	switch {
	case errors.As(err, &missing):
		return missing.Key + " is missing"
	case errors.As(err, &empty):
		return empty.Key + " is missing"
	case errors.As(err, &parse):
		field, _ := reflect.TypeFor[Config]().FieldByName(parse.Name)
		return fmt.Sprintf("%s is not a %s", variableName(field), strings.TrimPrefix(parse.Type.String(), "*"))
	}
	return err.Error()
}

// mistakes are what is wrong with the values of a configuration, a sentence each.
type mistakes []string

func (m *mistakes) add(sentence string) { *m = append(*m, sentence) }

func (m *mistakes) oneOf(name, value string, allowed ...string) {
	if !slices.Contains(allowed, value) {
		m.add(fmt.Sprintf("%s must be one of %s", name, strings.Join(allowed, ", ")))
	}
}

// ids trims a list of Discord ids.
func (m *mistakes) ids(name string, list []string) {
	for n, id := range list {
		list[n] = strings.TrimSpace(id)
		if _, err := strconv.ParseUint(list[n], 10, 64); err != nil {
			m.add(name + " must hold Discord ids, separated by commas")
			return
		}
	}
}

func (m *mistakes) address(name, value string) *url.URL {
	u, err := url.Parse(value)
	if err != nil || u.Hostname() == "" || u.Fragment != "" || (u.Scheme != "http" && u.Scheme != "https") {
		m.add(name + " must be an http or https address, without a #")
		return &url.URL{}
	}
	return u
}

// check returns what is wrong with the values.
func (c *Config) check() (wrong mistakes) {
	wrong.oneOf("DISCORD_MESSAGE_CONTENT", c.DiscordMessageContent, "auto", "on", "off")
	wrong.oneOf("FEEDBACK_BUTTONS", c.FeedbackButtons, "both", "thumbs", "stars")
	wrong.oneOf("FEEDBACK_RATERS", c.FeedbackRaters, "everyone", "asker")
	wrong.oneOf("FEEDBACK_EXPLAIN", c.FeedbackExplain, "negative", "ask", "always", "never")
	wrong.oneOf("LOG_FORMAT", c.LogFormat, "text", "json")
	wrong.oneOf("LOG_LEVEL", c.LogLevel, "debug", "info", "warn", "error")
	var err error
	if c.shards, err = bot.ParseShards(c.DiscordShards); err != nil {
		wrong.add("DISCORD_SHARDS must be auto, first-last/total as in 0-3/8, or part:parts/total as in 0:2/8")
	}
	if c.logLevel.UnmarshalText([]byte(c.LogLevel)) != nil {
		c.logLevel = slog.LevelInfo // the level is on the list already
	}
	for name, list := range map[string][]string{
		"ALLOW_PLACES": c.AllowPlaces, "DENY_PLACES": c.DenyPlaces, "ALLOW_PEOPLE": c.AllowPeople, "DENY_PEOPLE": c.DenyPeople,
		"ANSWER_ALL":        c.AnswerAll,
		"ANSWER_IN_THREADS": c.AnswerThreads,
	} {
		wrong.ids(name, list)
	}
	if u := wrong.address("DISCORD_API_URL", c.DiscordAPIURL); u.RawQuery != "" {
		wrong.add("DISCORD_API_URL must end before a ?, since paths are appended to it")
	}
	model := wrong.address("OPENAI_BASE_URL", c.OpenAIBaseURL)
	if model.Hostname() == "api.openai.com" && c.OpenAIKey == "" {
		wrong.add("OPENAI_API_KEY is missing")
	}
	if taken, fits := bot.PromptFits(c.systemPrompt(), c.OpenAIContextTokens); !fits {
		wrong.add(fmt.Sprintf("SYSTEM_PROMPT takes about %d of the %d tokens of OPENAI_CONTEXT_TOKENS and leaves no room for a question: shorten it, or raise OPENAI_CONTEXT_TOKENS",
			taken, c.OpenAIContextTokens))
	}
	if c.DiscordGlobalRPS < 1 {
		wrong.add("DISCORD_GLOBAL_RPS must be at least 1")
	}
	if c.OpenAIMaxTokens < 0 || c.OpenAIContextTokens < 0 || c.OpenAIIdleTimeout < 0 || c.OpenAITimeout < 0 || c.FeedbackSettle < 0 || !(c.FeedbackRate >= 0) {
		wrong.add("numbers and durations must not be negative")
	}
	if c.LimitAtOnce < 0 || c.LimitMemberHourly < 0 || c.LimitServerHourly < 0 || c.RetainTextsDays < 0 || c.RetainVotesDays < 0 {
		wrong.add("limits and days must not be negative")
	}
	if _, port, err := net.SplitHostPort(c.HTTPAddr); err != nil {
		wrong.add("HTTP_ADDR must be host:port")
	} else if _, err := net.LookupPort("tcp", port); err != nil {
		wrong.add("HTTP_ADDR must have a port from 0 to 65535")
	}
	if !strings.HasPrefix(c.DatabaseURL.Reveal(), "sqlite:") && !c.usesPostgres() {
		wrong.add("DATABASE_URL must look like sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME")
	}
	c.ProxyConfig.check(&wrong)
	c.ModerationConfig.check(&wrong)
	c.ReviewConfig.check(&wrong)
	c.BudgetConfig.check(&wrong)
	c.ConfidentConfig.check(&wrong)
	c.OTLPConfig.check(&wrong)
	return wrong
}

func (c *Config) usesPostgres() bool {
	u := c.DatabaseURL.Reveal()
	return strings.HasPrefix(u, "postgres://") || strings.HasPrefix(u, "postgresql://")
}

// variableNames returns the names of all variables, in the order of Config.
func variableNames() []string {
	return namesIn(reflect.TypeFor[Config]())
}

func namesIn(t reflect.Type) (names []string) {
	for _, field := range reflect.VisibleFields(t) { // those of embedded groups as well
		if name := variableName(field); name != "" {
			names = append(names, name)
		} else if prefix := field.Tag.Get("envPrefix"); prefix != "" {
			for _, name := range namesIn(field.Type) {
				names = append(names, prefix+name)
			}
		}
	}
	return names
}

func variableName(field reflect.StructField) string {
	name, _, _ := strings.Cut(field.Tag.Get("env"), ",")
	return name
}
