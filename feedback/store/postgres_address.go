package store

import (
	"crypto/tls"
	"errors"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgconn"
)

// An address of Postgres whose password is written as it is can be read in more
// than one way, and then a part of it is taken for the server's name: it is asked
// of the DNS, and stands in errors. So the address is judged before anything is
// done with it, and no error about it repeats any of it.

const (
	encode = "percent-encode what is special in its user and password: %40 for @, %3A for :, %2F for /, %3F for ?, %23 for #, %25 for %, %20 for a blank"
	form   = "write it as postgres://USER:PASSWORD@HOST:PORT/NAME, with what is special in the password percent-encoded"
)

var (
	blank   = regexp.MustCompile(`[\s\x00-\x1f\x7f]`)
	percent = regexp.MustCompile(`%([^0-9A-Fa-f]|.?$|.[^0-9A-Fa-f])`)
)

// judgeAddress returns what is wrong with an address, or nil.
func judgeAddress(address string) error {
	_, rest, _ := strings.Cut(address, "://")
	login, _, _ := strings.Cut(rest, "@")
	user, password, _ := strings.Cut(login, ":")
	name, err := url.PathUnescape(user)
	meant, err2 := url.PathUnescape(password)
	switch at := strings.Count(rest, "@"); {
	case blank.MatchString(rest):
		return unusable("DATABASE_URL has a blank inside", encode)
	case percent.MatchString(rest), at == 1 && (err != nil || err2 != nil || !utf8.ValidString(meant)):
		return unusable("DATABASE_URL has a % that encodes nothing", encode)
	case at > 1 || at == 1 && strings.ContainsAny(user, "/?#") || at == 1 && strings.ContainsAny(password, ":/?#"):
		return unusable("the password in DATABASE_URL can be read in more than one way", encode)
	case at == 1 && strings.Contains(name, ":"):
		return unusable("the user in DATABASE_URL has a colon, as if the password were in it", form)
	}
	_, query, _ := strings.Cut(rest, "?")
	return judgeQuery(query)
}

// foreign are settings that other programs know in such an address, and Postgres
// does not.
var foreign = map[string]string{
	"schema": "for a schema write search_path=NAME", "currentSchema": "for a schema write search_path=NAME",
	"pgbouncer": "", "connection_limit": "", "pool_timeout": "", "socket_timeout": "", "statement_cache_size": "", "sslaccept": "", "sslidentity": "",
	"pool_max_conns": "", "pool_min_conns": "", "pool_size": "", "max_connections": "", "supa": "", "uselibpqcompat": "", "serverVersion": "",
	"charset": "for an encoding write client_encoding=NAME", "encoding": "for an encoding write client_encoding=NAME", "binary_parameters": "", "prepareThreshold": "",
	"gssencmode": "", "keepalives": "", "keepalives_idle": "", "fallback_application_name": "for a name write application_name=NAME", "hostaddr": "",
}

// beside are settings that may stand beside a password. Anything else there may
// be the end of a password with an & in it.
var beside = []string{"user", "password", "host", "port", "dbname", "database", "sslmode", "sslrootcert", "sslcert", "sslkey", "sslpassword", "sslsni", "ssl",
	"sslnegotiation", "connect_timeout", "target_session_attrs", "channel_binding", "application_name", "search_path", "options", "client_encoding",
	"timezone", "statement_timeout", "lock_timeout"}

// judgeQuery judges what stands behind the ? of an address.
func judgeQuery(query string) error {
	var names []string
	for pair := range strings.SplitSeq(query, "&") {
		name, value, found := strings.Cut(pair, "=")
		if pair == "" {
			continue
		}
		if !found || strings.Contains(value, "=") {
			return unusable("what stands behind the ? of DATABASE_URL is not of the form name=value&name=value", encode)
		}
		names = append(names, name)
	}
	secret := slices.Contains(names, "password") || slices.Contains(names, "sslpassword")
	for _, name := range names {
		if secret && !slices.Contains(beside, name) {
			return unusable("DATABASE_URL has a password behind its ?, and a setting that is not known beside it", form)
		}
		if instead, found := foreign[name]; found {
			mend := "take " + name + " out of what stands behind its ?"
			if instead != "" {
				mend += "; " + instead
			}
			return unusable("DATABASE_URL has "+name+", a setting that Postgres does not know", mend)
		}
	}
	return nil
}

// addressRefused says what pgx has against an address, whose own words may repeat
// a part of it.
func addressRefused(err error) error {
	text := err.Error()
	for part, says := range map[string]string{
		"sslmode is invalid":                 "DATABASE_URL has an sslmode that is none of disable, allow, prefer, require, verify-ca and verify-full",
		"invalid port":                       "DATABASE_URL has a port that is no number",
		"unknown target_session_attrs value": "DATABASE_URL has a target_session_attrs that Postgres does not know",
		"invalid connect_timeout":            "DATABASE_URL has a connect_timeout that is no number of seconds",
		"failed to configure TLS":            "DATABASE_URL or a PGSSL variable names a certificate or key that cannot be read",
	} {
		if strings.Contains(text, part) {
			return unusable(says, form)
		}
	}
	return unusable("DATABASE_URL is not a valid address of Postgres", form)
}

// refusals are answers of Postgres after which starting again does not help.
// https://www.postgresql.org/docs/current/errcodes-appendix.html
var refusals = map[string]string{
	"28P01": "correct the user and password in DATABASE_URL",
	"28000": "correct the user, password and sslmode in DATABASE_URL, or pg_hba.conf",
	"3D000": "create the database, or correct its name in DATABASE_URL",
	"42501": "make the user of DATABASE_URL the owner of the database, or grant it CREATE on the schema",
	"3F000": "create the schema, or correct search_path",
}

// postgresRefuses returns how to mend a refusal for good, or "".
func postgresRefuses(err error) (mend string) {
	var pg *pgconn.PgError
	var connecting *pgconn.ConnectError
	var certificate *tls.CertificateVerificationError
	begins := errors.As(err, &connecting)
	switch {
	case errors.As(err, &certificate):
		return "set sslrootcert in DATABASE_URL to who vouches for the server, or sslmode to require"
	case begins && strings.Contains(err.Error(), "server refused TLS connection"):
		return "the server speaks no TLS: correct sslmode in DATABASE_URL"
	case !errors.As(err, &pg):
		return ""
	case begins && (pg.Code == "42704" || pg.Code == "22023"):
		return "take the setting that Postgres does not know out of what stands behind the ? of DATABASE_URL"
	}
	return refusals[pg.Code]
}

func unusable(cause, mend string) error {
	return &ConfigurationError{Err: errors.New(cause), Mend: mend}
}
