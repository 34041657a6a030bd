package store

import (
	"database/sql"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	_ "github.com/jackc/pgx/v5/stdlib" // driver "pgx"
)

// What the store knows of Postgres beside the few words of SQL that differ.

// connectPostgres opens a pool of connections that read and write.
func (s *Store) connectPostgres(scheme, databaseURL, driverSuffix string) (ok bool, err error) {
	if scheme != "postgres" && scheme != "postgresql" {
		return false, nil
	}
	s.dialect = postgresDialect
	if err := judgeAddress(databaseURL); err != nil {
		return true, err
	}
	if _, err := pgx.ParseConfig(databaseURL); err != nil { // the driver looks at it later
		return true, addressRefused(err)
	}
	if s.db, err = sql.Open("pgx"+driverSuffix, databaseURL); err != nil {
		return true, addressRefused(err)
	}
	s.db.SetMaxOpenConns(16)
	s.db.SetMaxIdleConns(maxIdle)
	s.read = s.db
	return true, nil
}

// passing are the errors of Postgres after which the same transaction may
// succeed: the server stops, starts or hands over, or two transactions were in
// each other's way.
// https://www.postgresql.org/docs/current/errcodes-appendix.html
var passing = map[string]bool{
	"08000": true, "08003": true, "08006": true, "08001": true, "08004": true, "08007": true, // connection exception
	"25006": true,                // read only transaction: the server is no longer the primary
	"40001": true, "40P01": true, // serialization failure, deadlock
	"53300": true,                               // too many connections
	"57P01": true, "57P02": true, "57P03": true, // shut down, crashed, cannot connect now
}

// postgresSays reports whether an error of Postgres passes; known is false for one
// that is not Postgres' own.
func postgresSays(err error) (passes, known bool) {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return passing[pg.Code], true
	}
	return true, pgconn.SafeToRetry(err)
}

// followPrimary makes the next connections go to the server that is now behind the
// address, when the one that was takes no changes any more.
func (s *Store) followPrimary(err error) {
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == "25006" {
		s.db.SetMaxIdleConns(0) // closes the unused ones
		s.db.SetMaxIdleConns(maxIdle)
	}
}
