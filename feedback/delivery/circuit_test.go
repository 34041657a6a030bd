package delivery

import (
	"testing"
	"time"
)

// A backend that answers with errors is asked again every second or so; one that
// gives no sign of life ever more seldom, up to the limit.
func TestProbesAreFasterWhereThereIsLife(t *testing.T) {
	for alive, most := range map[bool]time.Duration{true: time.Second, false: maxProbeWait} {
		var c circuit
		now := time.Now()
		var total time.Duration
		for range 10 {
			c.failure(now, alive)
			wait := c.wait(now)
			if wait > most {
				t.Errorf("with life %t a probe waits %v, want at most %v", alive, wait, most)
			}
			now, total = now.Add(wait), total+wait
		}
		if alive && total > 10*time.Second || !alive && total < 20*time.Second {
			t.Errorf("with life %t ten probes take %v", alive, total)
		}
	}
	var c circuit
	now := time.Now()
	for range 12 {
		c.failure(now, false)
	}
	now = now.Add(c.wait(now))
	c.failure(now, true)
	if wait := c.wait(now); wait > time.Second {
		t.Errorf("after the first sign of life a probe waits %v", wait)
	}
}
