package store

import (
	"errors"
	"strings"
	"testing"
)

// However a password is written, it is refused at once or means what was written:
// no part of it is said, nor taken for the server's name.
func TestPasswordIsNeverTold(t *testing.T) {
	for _, address := range []string{
		"postgres://bot:p@sCANARY@127.0.0.1:1/bot", "postgres://bot:CANARY@@127.0.0.1:1/bot", "postgres://bot:5/CANARY@127.0.0.1:1/bot",
		"postgres://bot:CANARY/1@127.0.0.1:1/bot", "postgres://bot:CANARY?1@127.0.0.1:1/bot", "postgres://bot:5?CANARY@127.0.0.1:1/bot",
		"postgres://bot:CANARY#1@127.0.0.1:1/bot", "postgres://bot:5#CANARY@127.0.0.1:1/bot",
		"postgres://bot:CANARY%@127.0.0.1:1/bot", "postgres://bot:100%CANARY@127.0.0.1:1/bot", "postgres://bot:CANARY%4@127.0.0.1:1/bot",
		"postgres://bot:CANARY%zz@127.0.0.1:1/bot", "postgres://bot:CANARY 1@127.0.0.1:1/bot", "postgres://bot:CANARY\t1@127.0.0.1:1/bot",
		"postgres://bot: CANARY@127.0.0.1:1/bot", "postgres://bot:CANARY%00@127.0.0.1:1/bot", "postgres://bot%3ACANARY@127.0.0.1:1/bot",
		"postgres://bot:CANARY%40127.0.0.1:1/bot", "postgres://bot:CANARY", "postgres://bot:5:CANARY/bot", "postgresql://CANARY@bot:pass@127.0.0.1:1/bot",
		"postgres://127.0.0.1:1/bot?user=bot&password=CAN&CANARY", "postgres://127.0.0.1:1/bot?user=bot&password=CAN&ARY_CANARY=1",
		"postgres://127.0.0.1:1/bot?user=bot&password=CAN=CANARY", "postgres://127.0.0.1:1/bot?user=bot&password=CAN@CANARY",
		"postgres://bot:a@127.0.0.1:1/bot?password=CANARY&pgbouncer=true", "postgres://127.0.0.1:1/bot?user=bot&password=CANARY%",
		"host=127.0.0.1 user=bot password=CANARY", "host=127.0.0.1 password='CANARY p'", "user:CANARY@127.0.0.1/bot",
	} {
		s, err := Open(t.Context(), address, Options{})
		if s != nil {
			t.Fatalf("%s is opened", address)
		}
		var never *ConfigurationError
		if !errors.As(err, &never) || never.Mend == "" || strings.Contains(err.Error(), "CANARY") || strings.Contains(err.Error(), "127.0.0.1") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s = %v, want one sentence with a mend and nothing of the address", address, err)
		}
	}
	for _, address := range []string{
		"postgres://bot:p%40s%3A%2F%3F%23%25%20w@db:5432/feedback?sslmode=disable&search_path=bot&statement_timeout=5s", "postgres://bot:it's\"\\!$&,;=+[]*()é@db/feedback",
		"postgres://db/feedback", "postgres://bot@db", "postgres://bot:p:q@db/feedback", "postgresql://bot:p@[::1]:5432,db2:5433/feedback?target_session_attrs=primary",
		"postgres:///feedback?user=bot&password=p&host=/run/postgresql", "postgres://bot@db/feedback?application_name=a%26b",
	} {
		if err := judgeAddress(address); err != nil {
			t.Errorf("%s = %v, want it taken", address, err)
		}
	}
}

// What can never work of an address is said at once, with the mend that belongs to
// it.
func TestAddressNeverWorks(t *testing.T) {
	for address, mend := range map[string]string{
		"postgres://bot:p@db/bot?sslmode=wrong":               "postgres://USER",
		"postgres://bot:p@db:port/bot":                        "postgres://USER",
		"postgres://bot:p@db/bot?connect_timeout=soon":        "postgres://USER",
		"postgres://bot:p@db/bot?target_session_attrs=master": "postgres://USER",
		"postgres://bot:p@db/bot?sslrootcert=/nowhere":        "postgres://USER",
		"postgres://bot:p@db/bot?pgbouncer=true":              "take pgbouncer out",
		"postgres://bot:p@db/bot?a=b&schema=public":           "write search_path=NAME",
		"postgres://bot:p@db/bot?sslmode":                     "percent-encode",
	} {
		wantMend(t, address, mend)
	}
}
