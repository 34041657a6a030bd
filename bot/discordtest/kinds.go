package discordtest

import (
	"encoding/json"
	"fmt"
	"time"
)

// What people send besides text and files: forwards, polls, stickers, voice messages, and what bots lay out.

// Sticker is a sticker of a message. Format 1 is a PNG, 3 a Lottie.
type Sticker struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Format int    `json:"format_type"`
}

// Snapshot is what a forward holds of a message: all but who wrote it, and where.
type Snapshot struct {
	Message SnapshotMessage `json:"message"`
}

// SnapshotMessage is a forwarded message as it was then.
type SnapshotMessage struct {
	Type            int               `json:"type"`
	Content         string            `json:"content"`
	Mentions        []User            `json:"mentions"`
	MentionRoles    []string          `json:"mention_roles"`
	Attachments     []Attachment      `json:"attachments"`
	Embeds          []json.RawMessage `json:"embeds"`
	Timestamp       string            `json:"timestamp"`
	EditedTimestamp *string           `json:"edited_timestamp"`
	Flags           int               `json:"flags"`
	Components      []Component       `json:"components"`
	Stickers        []Sticker         `json:"sticker_items,omitempty"`
}

// Poll is a poll, and what it has come to.
type Poll struct {
	Question    PollMedia    `json:"question"`
	Answers     []PollAnswer `json:"answers"`
	Expiry      string       `json:"expiry"`
	Multiselect bool         `json:"allow_multiselect"`
	Layout      int          `json:"layout_type"`
	Results     PollResults  `json:"results"`
}

// PollMedia is the text of a poll's question or answer.
type PollMedia struct {
	Text  string         `json:"text,omitempty"`
	Emoji map[string]any `json:"emoji,omitempty"`
}

// PollAnswer is one of the answers to choose from.
type PollAnswer struct {
	ID    int       `json:"answer_id"`
	Media PollMedia `json:"poll_media"`
}

// PollResults are the votes; of an answer without any Discord may tell nothing.
type PollResults struct {
	Final  bool        `json:"is_finalized"`
	Counts []PollCount `json:"answer_counts"`
}

// PollCount are the votes for one answer.
type PollCount struct {
	ID    int  `json:"id"`
	Count int  `json:"count"`
	Me    bool `json:"me_voted"`
}

func also(change func(*Server, *Message) error) SayOption {
	return func(o *saying) { o.change = append(o.change, change) }
}

// Holding sets fields of the message from JSON as Discord writes it.
func Holding(fields string) SayOption {
	return also(func(_ *Server, m *Message) error {
		if err := json.Unmarshal([]byte(fields), m); err != nil {
			return fmt.Errorf("read what a message shall hold: %w", err)
		}
		return nil
	})
}

// Forward makes the message a forward of another one, from anywhere.
func Forward(messageID string) SayOption {
	return also(func(s *Server, m *Message) error {
		from := s.messages[messageID]
		if from == nil {
			return fmt.Errorf("there is no message %q to forward", messageID)
		}
		m.Flags |= FlagForwarded
		m.MessageReference = &MessageReference{Type: 1, MessageID: from.ID, ChannelID: from.ChannelID, GuildID: from.GuildID}
		m.Snapshots = []Snapshot{{SnapshotMessage{Type: from.Type, Content: from.Content, Mentions: from.Mentions, MentionRoles: from.MentionRoles,
			Attachments: from.Attachments, Embeds: from.Embeds, Timestamp: from.Timestamp, EditedTimestamp: from.EditedTimestamp,
			Flags: from.Flags, Components: from.Components, Stickers: from.Stickers}}}
		if len(from.Snapshots) > 0 { // a forward of a forward holds the first message
			m.Snapshots = from.Snapshots
		}
		return nil
	})
}

// WithPoll adds a poll that is open for a day.
func WithPoll(question string, answers ...string) SayOption {
	return also(func(_ *Server, m *Message) error {
		m.Poll = &Poll{Question: PollMedia{Text: question}, Expiry: timestamp(time.Now().Add(24 * time.Hour)), Layout: 1,
			Results: PollResults{Counts: []PollCount{}}}
		for n, answer := range answers {
			m.Poll.Answers = append(m.Poll.Answers, PollAnswer{ID: n + 1, Media: PollMedia{Text: answer}})
		}
		return nil
	})
}

// WithSticker adds a sticker.
func WithSticker(name string) SayOption {
	return also(func(s *Server, m *Message) error {
		m.Stickers = append(m.Stickers, Sticker{ID: s.snowflake(time.Now()), Name: name, Format: 1})
		return nil
	})
}

// Voice makes the message a voice message, which has no text.
func Voice(seconds float64) SayOption {
	return func(o *saying) {
		o.attachments = append(o.attachments, Attachment{Filename: "voice-message.ogg", ContentType: "audio/ogg", Seconds: seconds,
			Waveform: "AAAAAAAAAAAA"}.WithData([]byte("OggS\x00\x02")))
		also(func(_ *Server, m *Message) error { m.Flags |= FlagVoice; return nil })(o)
	}
}

// ClosePoll ends a poll with so many votes for each of its answers.
func (s *Server) ClosePoll(messageID string, votes ...int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.messages[messageID]
	if m == nil || m.Poll == nil {
		s.problem("fake: ClosePoll: there is no poll %q", messageID)
		return
	}
	next, poll := *m, *m.Poll
	poll.Results = PollResults{Final: true, Counts: []PollCount{}}
	for n, count := range votes {
		poll.Results.Counts = append(poll.Results.Counts, PollCount{ID: n + 1, Count: count})
	}
	next.Poll = &poll
	s.changed(KindEdit, &next)
	s.dispatchMessage("MESSAGE_UPDATE", s.channels[m.ChannelID], &next)
}
