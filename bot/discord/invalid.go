package discord

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// Discord bans an address after 10,000 invalid answers in 10 minutes.
const (
	invalidWindow = 10 * time.Minute
	invalidAlarm  = 1_000
	invalidStop   = 5_000
)

// allowed refuses what would only make things worse.
func (o *Client) allowed(c call) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.tokenRefused {
		return ErrTokenRefused
	}
	if c.lane == Spare && o.invalid > invalidStop && time.Since(o.invalidSince) < invalidWindow {
		return errors.New("discord: too many refused requests; optional ones are held back")
	}
	return nil
}

func (o *Client) countInvalid() {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := time.Now()
	if now.Sub(o.invalidSince) > invalidWindow {
		o.invalid, o.invalidSince = 0, now
	}
	o.invalid++
	if o.invalid == invalidAlarm {
		o.log.Error("discord refused 1,000 requests in 10 minutes; at 10,000 it bans this address")
	}
}

// checkToken asks once more after a 401, however many there are at that moment,
// and stops everything when that is refused too.
func (o *Client) checkToken(ctx context.Context, c call) {
	const me = "/users/@me"
	o.mu.Lock()
	asks := !o.checking && !o.tokenRefused && c.path != me
	refused := !o.tokenRefused && c.path == me
	o.checking = o.checking || asks
	o.tokenRefused = o.tokenRefused || refused
	o.mu.Unlock()
	if refused && o.refused != nil {
		o.refused(ErrTokenRefused)
	}
	if asks {
		// When this is refused as well, its own turn does what is above.
		_ = o.do(ctx, call{method: http.MethodGet, path: me, route: me, bucket: me, repeat: true})
		o.mu.Lock()
		o.checking = false
		o.mu.Unlock()
	}
}
