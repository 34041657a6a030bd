package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"feedbackbot/feedback"
)

// keepShown stores what the model is shown with a question. A question that
// answers another one once more shares what that one was shown with.
func (s *Store) keepShown(ctx context.Context, tx tx, a feedback.Ask) error {
	if a.Source != "" {
		return nil
	}
	var rows []string
	var args []any
	for place, one := range append([]feedback.Turn{a.Shown.Asked}, a.Shown.Before...) {
		if place == 0 && one.Name == "" && len(one.Files) == 0 {
			continue // as of most questions
		}
		text, err := json.Marshal(s.keptOf(one))
		if err != nil {
			return err
		}
		rows = append(rows, "("+places(len(args)+1, 6)+")")
		args = append(args, a.ID, place, one.Owner, one.Message, string(text), millis(a.AskedAt))
	}
	if len(rows) == 0 {
		return nil
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO turns (ask_id, place, owner, message_id, turn, asked_at) VALUES `+
		strings.Join(rows, ", ")+` ON CONFLICT (ask_id, place) DO NOTHING`, args...)
	return err
}

// keptOf is what the database keeps of a turn.
func (s *Store) keptOf(t feedback.Turn) feedback.Turn {
	if !s.noText {
		return t
	}
	t.Name, t.Text = "", ""
	files := make([]feedback.File, len(t.Files))
	for n, f := range t.Files {
		f.Name = ""
		files[n] = f
	}
	t.Files = files
	return t
}

// ShownWith returns what the model was shown with the questions of responses, by
// the ids of these. Of a failed question it is found by the id that its response
// would have had.
func (s *Store) ShownWith(ctx context.Context, responseIDs ...string) (map[string]feedback.Shown, error) {
	all := map[string]feedback.Shown{}
	if len(responseIDs) == 0 {
		return all, nil
	}
	type placed struct {
		responseID string
		place      int
		feedback.Turn
	}
	list, err := find(ctx, s, func(row scanner) (p placed, err error) {
		var text string
		if err = row.Scan(&p.responseID, &p.place, &p.Owner, &p.Message, &text); err != nil {
			return p, err
		}
		if p.Gone = text == ""; !p.Gone {
			err = json.Unmarshal([]byte(text), &p.Turn)
		}
		return p, err
	}, `SELECT a.response_id, t.place, t.owner, t.message_id, t.turn FROM asks a
		JOIN turns t ON t.ask_id = CASE WHEN a.source <> '' THEN a.source ELSE a.id END
		WHERE a.response_id IN (`+places(1, len(responseIDs))+`) ORDER BY a.response_id, t.place`, anys(responseIDs)...)
	if err != nil {
		return nil, fmt.Errorf("read what the model was shown: %w", err)
	}
	for _, one := range list {
		shown := all[one.responseID]
		if one.place == 0 {
			shown.Asked = one.Turn
		} else {
			shown.Before = append(shown.Before, one.Turn)
		}
		all[one.responseID] = shown
	}
	return all, nil
}

// Answers returns these responses, oldest first, without what was removed.
func (s *Store) Answers(ctx context.Context, ids []string) ([]feedback.Response, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	return s.listResponses(ctx, `SELECT `+responseColumns+` FROM responses WHERE id IN (`+places(1, len(ids))+`) AND removed = 0 ORDER BY id`, anys(ids)...)
}

// What takes turns along. Of somebody's words in what others asked their place
// stays, empty, so that the model can be told that something is missing there.
const (
	turnsOfAsker   = `DELETE FROM turns WHERE ask_id IN (SELECT id FROM asks WHERE asker = $1)`
	turnsOfOwner   = `UPDATE turns SET owner = '', message_id = '', turn = '' WHERE owner = $1 AND owner <> ''`
	turnsOfAsk     = `UPDATE turns SET owner = '', message_id = '', turn = '' WHERE ask_id = $1`
	turnsOfMessage = `UPDATE turns SET owner = '', message_id = '', turn = '' WHERE message_id = $1 AND message_id <> ''`
	turnsBefore    = `DELETE FROM turns WHERE (ask_id, place) IN (SELECT ask_id, place FROM turns WHERE asked_at < $2 ORDER BY asked_at LIMIT $1)`
)
